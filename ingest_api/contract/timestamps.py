"""Moments: RFC 3339 text of the wire form to milliseconds, and what of them is on the topics."""

import functools
import re
from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta

LATEST_MS = 3_465_273_599_999
"""In the year 2079: versions have room for no later hour (streams/domain/version.py)."""

TopicMoment = Annotated[int, Meta(ge=0, le=LATEST_MS)]
"""Milliseconds since the Unix epoch, UTC, on a topic. A larger one would make moments and versions
that no state and no table can hold: such a message is read as none."""

_RFC_3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})", re.ASCII
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# The form that collectors send is `2026-03-10T13:00:00.003Z`: seconds, and what follows them.
_SECONDS = 19
_FRACTIONS = {f".{milliseconds:03}Z": milliseconds for milliseconds in range(1000)}


def epoch_ms(text: str) -> int:
    """Milliseconds since the epoch of an RFC 3339 text, not before 1970; finer digits are cut off.

    Raises ValueError for any other text, for a moment that does not exist or lies before 1970.
    """
    # Called for every event: a batch's seconds repeat, so they are looked up, not parsed.
    fraction = _FRACTIONS.get(text[_SECONDS:])
    if fraction is not None:
        return _second_ms(text[:_SECONDS]) + fraction
    return _parsed_ms(text)


@functools.lru_cache(maxsize=4096)
def _second_ms(seconds: str) -> int:
    return _parsed_ms(f"{seconds}Z")


def _parsed_ms(text: str) -> int:
    if not _RFC_3339.fullmatch(text):
        raise ValueError("must be an RFC 3339 time, as 2026-03-10T13:00:00.003Z")
    try:
        since_epoch = datetime.fromisoformat(text) - _EPOCH
    except (ValueError, OverflowError) as error:
        raise ValueError("must be a time that exists") from error
    if since_epoch.days < 0:
        raise ValueError("must not lie before 1970")
    return (since_epoch.days * 86_400 + since_epoch.seconds) * 1000 + (
        since_epoch.microseconds // 1000
    )
