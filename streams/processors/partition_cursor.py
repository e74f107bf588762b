"""Where the fold stands in one source partition, and what the next message means for that.

Kafka numbers a partition's messages without gaps, so a higher offset than the next one means that
something was lost on the way from the broker to the fold; Faust does lose queued messages at the
end of a table recovery. The cursor never steps over such a hole by itself: it asks for a rewind,
and only a hole that stays (the log was cut by its retention) is passed.

Offsets: `floor` ≤ `expected` - 1. Everything up to `floor` has taken its full effect; everything
from `since` to `expected` - 1 was seen by this cursor without a hole.
"""

import enum
from dataclasses import dataclass, field

from streams.processors.site_record import NOTHING

PATIENCE_S = 2.0
"""For so long a rewind is awaited before it is asked for again; it waits for a fetch, up to 1 s."""

REWINDS_PER_HOLE = 10
"""A hole that is still there after so many rewinds is in the log itself."""


class Verdict(enum.Enum):
    """What to do with a message."""

    NEXT = "next"
    """It is the expected one."""
    REPEATED = "repeated"
    """It was seen before."""
    HOLE = "hole"
    """Something before it is missing: rewind to `expected`."""
    EARLY = "early"
    """Something before it is missing and being fetched again: drop it, it will come back."""


@dataclass
class PartitionCursor:
    """Position in one source partition."""

    floor: int = NOTHING
    expected: int = field(init=False)
    since: int = field(init=False)
    _asked_at: float = field(default=float("-inf"), init=False)
    _rewinds: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Start after the floor."""
        self.expected = self.since = self.floor + 1

    def judge(self, offset: int, now: float) -> Verdict:
        """What the message at `offset` means; `now` in seconds of any steady clock."""
        if offset == self.expected:
            return Verdict.NEXT
        if offset < self.expected:
            return Verdict.REPEATED
        if now - self._asked_at < PATIENCE_S:
            return Verdict.EARLY
        if self._rewinds >= REWINDS_PER_HOLE:
            self._settle()
            self.expected = offset
            return Verdict.NEXT
        self._rewinds += 1
        self._asked_at = now
        return Verdict.HOLE

    def advance(self) -> None:
        """The expected message was taken."""
        self.expected += 1
        self._settle()

    def go_back(self, offset: int) -> None:
        """Read again from `offset`, which lies before everything this cursor has seen."""
        self.expected = self.since = offset
        self._settle()

    def flushed(self, offset: int) -> None:
        """Everything up to `offset` has taken its full effect."""
        self.floor = max(self.floor, offset)

    def log_starts_at(self, offset: int) -> None:
        """The log was cut below `offset`, and what was there will never come."""
        if offset > self.expected:
            self.expected = offset
            self._settle()

    def has_seen_all_since(self, offset: int) -> bool:
        """Whether every message after `offset` that the log holds came past this cursor."""
        return offset + 1 >= self.since

    def start_over(self) -> None:
        """The log is shorter than what was read of it: it was made anew. Begin at its start."""
        self.floor = NOTHING
        self.__post_init__()
        self._settle()

    def _settle(self) -> None:
        self._rewinds = 0
        self._asked_at = float("-inf")
