"""Reads the values of an event that passed the door, whatever their type."""

from collections.abc import Iterable

from connectors.moments import Moments
from ingest_api.contract.chat import ChatValue
from streams.domain.chat_events import TICKS_PER_MS

Fields = dict[str, ChatValue]


def text(fields: Fields, name: str) -> str:
    """The text under this name; "" if there is none."""
    value = fields.get(name)
    return value.strip() if isinstance(value, str) else ""


def at_ticks(fields: Fields, names: Iterable[str], received_at: int) -> int:
    """The first moment under these names, else that of the receipt (milliseconds), in ticks."""
    moments = Moments(received_at)
    told = (moments.ticks(fields.get(name)) for name in names)
    return next(filter(None, told), received_at * TICKS_PER_MS)
