"""Which queue calls are open, as far as it matters for how often to send a heartbeat."""

from typing import Set

from agent.event import Event

MAX_TRACKED_CALLS = 10000


class OpenCalls(object):
    """Uniqueids of callers that entered a queue and have not hung up.

    Not a count of anything shown: a caller who has left the queue stays until the hang-up. Bounded:
    of more than `MAX_TRACKED_CALLS` the others are not known, and the heartbeat is fast anyway.
    """

    def __init__(self) -> None:
        """None is open."""
        self._uniqueids: Set[str] = set()

    def __len__(self) -> int:
        """How many are open."""
        return len(self._uniqueids)

    def see(self, event: Event) -> None:
        """Takes note of one event."""
        if event.name in ("QueueCallerJoin", "Join", "QueueEntry"):
            if len(self._uniqueids) < MAX_TRACKED_CALLS:
                self._uniqueids.add(_uniqueid(event))
        elif event.name == "Hangup":
            self._uniqueids.discard(_uniqueid(event))
        elif event.name == "ami_lost":
            # The snapshot after the next login tells who still waits.
            self._uniqueids.clear()


def _uniqueid(event: Event) -> str:
    value = event.fields.get("Uniqueid", "")
    if isinstance(value, str):
        return value
    # Injected headers stand before the true one, except in list items.
    return value[0] if event.name == "QueueEntry" else value[-1]
