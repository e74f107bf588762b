"""Looks at the source partitions every second: is there more than what arrives, or less than was?

Faults that make no message of their own, so that neither cursor nor sequence can see them: the last
messages of a partition lost on the way, a flow that was never resumed, a broker that came back
empty, a process that stood still.
"""

from collections.abc import Mapping

import msgspec

LOOKS_BEFORE_ACTING = 3
"""A fetch in flight looks like a fault for a moment."""


class Sight(msgspec.Struct, frozen=True):
    """What is seen of a partition; all offsets are the next one.

    `position` is the fold's. `fetched` is the consumer's: what lies between the two was handed to
    Faust. `end` is the log's, as the last fetch told it. None: not known yet.
    """

    position: int
    fetched: int | None
    end: int | None


class Findings(msgspec.Struct, frozen=True):
    """What a look found: partitions whose log was made anew, and those where nothing arrives."""

    made_anew: list[int]
    stalled: list[int]


class SourceWatch:
    """Remembers for how many looks something has been wrong with a partition."""

    def __init__(self) -> None:
        """Nothing looked at yet."""
        self._before: dict[int, Sight] = {}
        self._shorter: dict[int, int] = {}
        self._still: dict[int, int] = {}

    def look(self, sights: Mapping[int, Sight]) -> Findings:
        """Compare with the looks before.

        An end below the position means that the log is another one than the one that was read.
        Nothing arrives where the position stays below the end, although messages were handed to
        Faust, or although no other partition kept the worker busy.
        """
        before, self._before = self._before, dict(sights)
        moved = {
            partition
            for partition, sight in sights.items()
            if partition not in before or before[partition].position != sight.position
        }
        made_anew, stalled = [], []
        for partition, sight in sights.items():
            end, position = sight.end, sight.position
            is_lost = sight.fetched is not None and sight.fetched > position
            is_still = partition not in moved and (is_lost or not moved)
            if self._holds(self._shorter, partition, end is not None and end < position):
                made_anew.append(partition)
            if self._holds(self._still, partition, end is not None and end > position and is_still):
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
