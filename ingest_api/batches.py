"""From the bytes of a body to a batch: JSON text → `ReceivedBatch`.

Two ways that must agree. The quick one decodes with msgspec into types so narrow that whatever
passes is surely right; it takes ordinary batches. Whatever does not pass goes the careful way:
parsed anew, with repeated keys detected, and judged by the pydantic models of the contract, which
alone decide what is refused and why.
"""

import json
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from ingest_api.contract import limits
from ingest_api.contract.events import ReceivedBatch, validate_batch
from ingest_api.contract.published import PublishedEvent, encode_fields
from ingest_api.contract.sequences import GAP_KIND, GAP_NAME, BatchFormError
from ingest_api.contract.timestamps import epoch_ms
from ingest_api.errors import InvalidBatchError, MalformedBodyError, TooLargeError

_BYTES_PER_CHARACTER = 4
_QUICK_VALUES = 16

_Value = Annotated[str, Meta(max_length=limits.MAX_FIELD_BYTES // _BYTES_PER_CHARACTER)]
_ListedValue = Annotated[
    str, Meta(max_length=limits.MAX_FIELD_BYTES // _BYTES_PER_CHARACTER // _QUICK_VALUES)
]
_Values = Annotated[list[_ListedValue], Meta(max_length=_QUICK_VALUES)]


class _QuickEvent(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    sequence: Annotated[int, Meta(ge=1, le=limits.MAX_SEQUENCE)]
    at: str
    kind: Literal[limits.KINDS]  # type: ignore[valid-type]  # one list of kinds, in the contract
    name: Annotated[str, Meta(min_length=1, max_length=limits.MAX_NAME_CHARACTERS)]
    # A limit on the keys as well would take msgspec's cache of keys away, and a third more time:
    # `_plain_events` looks at the names of all events at once.
    fields: Annotated[dict[str, _Value | _Values], Meta(max_length=limits.MAX_FIELDS)]


class _QuickCollector(msgspec.Struct, forbid_unknown_fields=True):
    version: Annotated[str, Meta(max_length=32)]


class _QuickBatch(msgspec.Struct, forbid_unknown_fields=True):
    site: str
    spool: str
    collector: _QuickCollector
    sent_at: str
    events: Annotated[list[_QuickEvent], Meta(max_length=limits.MAX_EVENTS)]


_quick_decoder = msgspec.json.Decoder(_QuickBatch)

# Quotes around the keys and texts of a batch without events, and of an event without fields.
_BATCH_QUOTES = 2 * (5 + 1 + 4)
_EVENT_QUOTES = 2 * (5 + 3)
_FIELD_QUOTES = 2 * (1 + 1)

# A body has room for millions of tiny values, of which each costs tens of bytes once decoded. A
# full batch of events with fifty commas each passes.
_MANY_VALUES_BYTES = 1024 * 1024
_MAX_COMMAS = 250_000


def read_batch(body: bytes | bytearray) -> ReceivedBatch:
    """The batch in an inflated body.

    Raises MalformedBodyError if it is no JSON text, TooLargeError if it has too many events,
    InvalidBatchError with the field if its form is wrong.
    """
    if len(body) > _MANY_VALUES_BYTES and body.count(b",") > _MAX_COMMAS:
        raise TooLargeError("too many values in one batch")
    return read_quickly(body) or read_carefully(body)


def read_carefully(body: bytes | bytearray) -> ReceivedBatch:
    """What `read_batch` gives, by the models of the contract alone. Errors as there."""
    decoded = _parse(body)
    events = decoded.get("events") if isinstance(decoded, dict) else None
    if isinstance(events, list) and len(events) > limits.MAX_EVENTS:
        raise TooLargeError(f"more than {limits.MAX_EVENTS} events in one batch")
    try:
        return validate_batch(decoded)
    except BatchFormError as error:
        raise InvalidBatchError(error.field, error.problem) from error


def read_quickly(body: bytes | bytearray) -> ReceivedBatch | None:
    """The batch, if nothing about it is in doubt; else None."""
    try:
        batch = _quick_decoder.decode(body)
        sent_at = epoch_ms(batch.sent_at)
        events = _plain_events(batch.events)
    except (ValueError, RecursionError):
        return None
    if events is None:
        return None
    is_plain = (
        limits.is_site_name(batch.site)
        and limits.is_spool_id(batch.spool)
        and _repeats_no_key(body, events)
        and (len(body) <= limits.MAX_EVENT_BYTES or _are_small(events))
    )
    if not is_plain:
        return None
    return ReceivedBatch(batch.site, batch.spool, batch.collector.version, sent_at, events, [])


def _plain_events(decoded: list[_QuickEvent]) -> list[PublishedEvent] | None:
    """The events if their sequences rise by one, and names and queues have an allowed length.

    Raises ValueError if a time is none.
    """
    first = decoded[0].sequence if decoded else 0
    if [event.sequence for event in decoded] != list(range(first, first + len(decoded))):
        return None
    if any(event.kind == GAP_KIND and event.name == GAP_NAME for event in decoded):
        return None
    names: set[str] = set().union(*[event.fields for event in decoded])
    if any(len(name) > limits.MAX_NAME_CHARACTERS for name in names):
        return None
    for header in names.intersection(limits.QUEUE_FIELDS):
        queues = [event.fields.get(header, "") for event in decoded]
        if list in map(type, queues) or max(map(len, queues)) > limits.MAX_QUEUE_CHARACTERS:
            return None
    return [
        PublishedEvent(event.sequence, epoch_ms(event.at), event.kind, event.name, event.fields)
        for event in decoded
    ]


def _repeats_no_key(body: bytes | bytearray, events: list[PublishedEvent]) -> bool:
    """Whether the body has no more quotes than what was decoded from it needs.

    The decoder hides repeated keys. If no quote is escaped, each one opens or closes a key or a
    text, so that a repeated key shows as quotes too many.
    """
    if b"\\" in body and b'\\"' in body:
        return False
    fields = sum(len(event.fields) for event in events)
    quotes = _BATCH_QUOTES + _EVENT_QUOTES * len(events) + _FIELD_QUOTES * fields
    beyond = body.count(b'"') - quotes
    return beyond == 0 or beyond == sum(
        2 * (len(value) - 1)
        for event in events
        for value in event.fields.values()
        if isinstance(value, list)
    )


def _are_small(events: list[PublishedEvent]) -> bool:
    return all(len(encode_fields(event.fields)) <= limits.MAX_EVENT_BYTES for event in events)


def _parse(body: bytes | bytearray) -> Any:
    try:
        # Knows what is text: no lone surrogates, which Python's parser lets pass.
        msgspec.json.decode(body)
        return _strict_json.decode(body.decode())
    except _RepeatedKeyError as error:
        raise MalformedBodyError("a key is repeated within one object") from error
    except (ValueError, RecursionError) as error:
        raise MalformedBodyError("the body is not a JSON text") from error


class _RepeatedKeyError(ValueError):
    """Read by `_parse`: parsers disagree about which one counts."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _RepeatedKeyError
    return members


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


_strict_json = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse_constant)
