"""Moments as chat platforms write them, in ticks of 100 ns since the Unix epoch, UTC.

RFC 3339 with any number of decimals, often without a zone, which then is UTC; or Unix seconds.
"""

import re
from datetime import UTC, datetime, timedelta, timezone

from ingest_api.contract.chat import ChatValue
from streams.domain.chat_events import TICKS_PER_MS

TICKS_PER_S = 1000 * TICKS_PER_MS
_TICKS_PER_US = TICKS_PER_MS // 1000

_FORM = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?"
    r"\s*(Z|z|UTC|[+-]\d{2}:?\d{2}|[+-]\d{2})?",
    re.ASCII,
)
_DECIMALS = 7
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_S = 253_402_300_800
"""The year 10000; what is above is milliseconds."""

_DAY_MS = 24 * 60 * 60 * 1000
_BEFORE_MS = 7 * 365 * _DAY_MS
_AFTER_MS = 2 * _DAY_MS


def ticks(value: ChatValue) -> int:
    """Ticks since the epoch; 0 if the value is no moment, or one before 1970.

    Finer decimals are cut off. A number is Unix seconds, or milliseconds if it is too large.
    """
    if isinstance(value, str):
        return _ticks_of_text(value.strip())
    if isinstance(value, bool) or value is None or value <= 0:
        return 0
    ticks_per_unit = TICKS_PER_S if value < _LATEST_S // 100 else TICKS_PER_MS
    if isinstance(value, int):
        return value * ticks_per_unit
    # A float holds a moment to about a microsecond, so what is meant is the nearest one.
    return round(value * ticks_per_unit / _TICKS_PER_US) * _TICKS_PER_US


class Moments:
    """Reads the moments of one event, and does not believe those that cannot be.

    Platforms write year 1 for "never", clocks go wrong, and whoever has an account's secret may
    post anything; rows are stored by the month, and one insert holds those of less than a hundred.
    """

    def __init__(self, received_at: int) -> None:
        """`received_at` is when the event came, milliseconds since the epoch."""
        self._earliest = (received_at - _BEFORE_MS) * TICKS_PER_MS
        self._latest = (received_at + _AFTER_MS) * TICKS_PER_MS

    def ticks(self, value: ChatValue) -> int:
        """As the function; 0 as well if it is years before the receipt or days after it."""
        found = ticks(value)
        return found if self._earliest <= found <= self._latest else 0

    def ms(self, value: ChatValue) -> int:
        """Milliseconds since the epoch, cut; 0 as in `ticks`."""
        return self.ticks(value) // TICKS_PER_MS


def _ticks_of_text(text: str) -> int:
    if text.isascii() and text.isdecimal():
        return ticks(int(text)) if len(text) <= 16 else 0  # noqa: PLR2004 - digits of ticks
    found = _FORM.fullmatch(text)
    if found is None:
        return 0
    year, month, day, hour, minute = map(int, found.groups()[:5])
    second, fraction, zone = found.groups()[5:]
    try:
        moment = datetime(year, month, day, hour, minute, int(second or 0), tzinfo=_zone(zone))
        since = moment - _EPOCH
    except (ValueError, OverflowError):
        return 0
    part = int((fraction or "0")[:_DECIMALS].ljust(_DECIMALS, "0"))
    whole = (since.days * 86_400 + since.seconds) * TICKS_PER_S + part
    return max(whole, 0)


def _zone(text: str | None) -> timezone:
    if not text or text in ("Z", "z", "UTC"):
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(offset if text[0] == "+" else -offset)
