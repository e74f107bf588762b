"""What a scenario's manager connections could see of what happened."""

import itertools
from typing import Any

from tests.support.captures import Scenario

CLOCK_MS = 50
"""Events were received up to 31 ms after Asterisk looked at its clock."""

# Of one that is played, on a busy machine.
_LATE_MS = 500


class Sight:
    """What the connections could see: everything but the time between them."""

    def __init__(self, scenario: Scenario, *, has_log: bool, speed: float | None = None) -> None:
        """`speed`: how many times as fast the recording was played; None if it was only read.

        What Asterisk tells in whole seconds then stands for so many of the recording, and what is
        played comes late on a busy machine.
        """
        self.told_second_ms = round(1_000 * max(1.0, speed or 1.0))
        self.clock_ms = CLOCK_MS + round(_LATE_MS * (speed or 0.0))
        self.connections = connections = scenario.connections
        self.has_log = has_log
        self.has_cancelled_rings = not scenario.version.startswith("13.")
        self.gaps = [
            (before.last_ms, after.first_ms) for before, after in itertools.pairwise(connections)
        ]
        self.began_ms = connections[0].first_ms
        self.ended_ms = connections[-1].last_ms

    def has_heard_join(self, call: dict[str, Any]) -> bool:
        """The truth takes the last second before a cut for the gap; the bytes tell."""
        name = f"Queue: {call['queue']}\r\n".encode()
        uniqueid = f"Uniqueid: {call['uniqueid']}\r\n".encode()
        return any(
            chunk.data.startswith(b"Event: QueueCallerJoin") and name in chunk.data
            for connection in self.connections
            for chunk in connection.chunks
            if uniqueid in chunk.data
        )

    def is_seen(self, at: int) -> bool:
        """Whether a moment, told in whole seconds, was surely heard."""
        return all(not (start - 1000 < at < end + 1000) for start, end in self.gaps)

    def through_gap(self, call: dict[str, Any]) -> bool | None:
        """Whether a visit lasted when a connection ended; None if whole seconds do not tell."""
        entered, left = call["entered"] * 1000, call.get("left", float("inf")) * 1000
        if any(entered + 1000 < start < left for start, _ in self.gaps):
            return True
        return None if any(entered <= start <= left + 1000 for start, _ in self.gaps) else False
