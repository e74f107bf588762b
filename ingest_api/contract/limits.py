"""What one event and one batch may hold, and why an event is refused.

An event over a limit of content is refused alone, within an accepted batch; a batch over a limit of
size is refused whole, so that the sender splits it. Sizes of text are bytes of its UTF-8 form.
"""

import enum
import re

from ingest_api.contract.published import FieldValue, encode_fields

MAX_COMPRESSED_BYTES = 1024 * 1024
MAX_INFLATED_BYTES = 8 * 1024 * 1024
MAX_EVENTS = 5_000

MAX_SEQUENCE = (1 << 36) - 1
"""A fact's version has 36 bits for the sequence."""

MAX_FIELD_BYTES = 8 * 1024
MAX_FIELDS = 256
MAX_VALUES = 256
"""Values of one repeated header."""

MAX_NAME_CHARACTERS = 128
MAX_QUEUE_CHARACTERS = 128
"""A queue's name is in every row of it: a few giant ones would outweigh all the rest."""

MAX_EVENT_BYTES = 256 * 1024
"""Of an event's fields as JSON. What is larger could not be split into Kafka messages."""

KINDS = ("ami", "snapshot", "queue_log", "collector")

SITE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""Names of tenants and sites. Without a slash: the Kafka key joins the two with one."""

SPOOL_PATTERN = r"^[A-Za-z0-9-]{1,64}$"

QUEUE_FIELDS = ("Queue", "queue")
"""The headers that hold a queue's name: of AMI, and of queue_log and the queue configuration."""

_SITE = re.compile(SITE_PATTERN)
_SPOOL = re.compile(SPOOL_PATTERN)


class Refusal(enum.StrEnum):
    """Why one event is refused; its sequence and this reason stay in the published batch."""

    UNKNOWN_KIND = "unknown_kind"
    NAME_MISSING = "name_missing"
    NAME_TOO_LONG = "name_too_long"
    TOO_MANY_FIELDS = "too_many_fields"
    TOO_MANY_VALUES = "too_many_values"
    FIELD_NAME_TOO_LONG = "field_name_too_long"
    FIELD_TOO_LONG = "field_too_long"
    QUEUE_NAME_TOO_LONG = "queue_name_too_long"
    EVENT_TOO_LARGE = "event_too_large"


def is_site_name(text: str) -> bool:
    """Whether `text` may name a tenant or a site."""
    return _SITE.fullmatch(text) is not None


def is_spool_id(text: str) -> bool:
    """Whether `text` may be the id of a spool."""
    return _SPOOL.fullmatch(text) is not None


def refusal_of_kind(kind: str) -> Refusal | None:
    """Why an event of this kind is refused; None if it is not."""
    return None if kind in KINDS else Refusal.UNKNOWN_KIND


def refusal_of_name(name: str) -> Refusal | None:
    """Why an event of this name is refused; None if it is not."""
    if not name:
        return Refusal.NAME_MISSING
    return Refusal.NAME_TOO_LONG if len(name) > MAX_NAME_CHARACTERS else None


def refusal_of_fields(fields: dict[str, FieldValue]) -> Refusal | None:
    """Why an event with these fields is refused; None if it is not. No fields are fine."""
    if len(fields) > MAX_FIELDS:
        return Refusal.TOO_MANY_FIELDS
    for name, value in fields.items():
        if len(name) > MAX_NAME_CHARACTERS:
            return Refusal.FIELD_NAME_TOO_LONG
        values = value if isinstance(value, list) else [value]
        if len(values) > MAX_VALUES:
            return Refusal.TOO_MANY_VALUES
        if sum(map(_utf8_bytes, values)) > MAX_FIELD_BYTES:
            return Refusal.FIELD_TOO_LONG
        if name in QUEUE_FIELDS and any(len(text) > MAX_QUEUE_CHARACTERS for text in values):
            return Refusal.QUEUE_NAME_TOO_LONG
    return Refusal.EVENT_TOO_LARGE if len(encode_fields(fields)) > MAX_EVENT_BYTES else None


def _utf8_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
