"""Looks at the source partitions every second: is there more than what arrives, or less than was?

Faults that make no message of their own, so that neither cursor nor sequence can see them: the last
messages of a partition lost on the way, a flow that was never resumed, a broker that came back
empty, a process that stood still.
"""

from collections.abc import Mapping

import msgspec

LOOKS_BEFORE_ACTING = 3
"""A fetch in flight looks like a fault for a moment."""


class Findings(msgspec.Struct, frozen=True):
    """What a look found: partitions whose log was made anew, and those where nothing arrives."""

    made_anew: list[int]
    stalled: list[int]


class SourceWatch:
    """Remembers for how many looks something has been wrong with a partition."""

    def __init__(self) -> None:
        """Nothing looked at yet."""
        self._positions: dict[int, int] = {}
        self._shorter: dict[int, int] = {}
        self._still: dict[int, int] = {}

    def look(self, positions: Mapping[int, int], ends: Mapping[int, int | None]) -> Findings:
        """Compare the next offset to be read with the log's end, as the last fetch reported it.

        `ends` is None for a partition that was not fetched from yet. An end below the position
        means that the log is another one than the one that was read.
        """
        before, self._positions = self._positions, dict(positions)
        made_anew, stalled = [], []
        for partition, position in positions.items():
            end = ends[partition]
            is_shorter = end is not None and end < position
            is_still = end is not None and end > position and before.get(partition) == position
            if self._holds(self._shorter, partition, is_shorter):
                made_anew.append(partition)
            if self._holds(self._still, partition, is_still):
                stalled.append(partition)
        return Findings(made_anew, stalled)

    @staticmethod
    def _holds(looks: dict[int, int], partition: int, is_so: bool) -> bool:
        looks[partition] = looks.get(partition, 0) + 1 if is_so else 0
        if looks[partition] < LOOKS_BEFORE_ACTING:
            return False
        looks[partition] = 0
        return True


class Pulse:
    """Knows whether this process stood still for longer than its session in the group lasts.

    A frozen worker does not notice that its partitions went to another one; it notices, when it
    goes on, how late it is.
    """

    def __init__(self, session_s: float) -> None:
        """Nothing is known before the first beat. All times in seconds of one steady clock."""
        self._session_s = session_s
        self._last = float("inf")

    def stood_still(self, now: float) -> bool:
        """Whether the last beat is too long ago."""
        return now - self._last > self._session_s

    def beat(self, now: float) -> None:
        """The process is alive."""
        self._last = now
