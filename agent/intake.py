"""The hand-over from the thread that reads AMI to the one that writes the spool."""

import collections
import threading
from typing import Deque, List

from agent.event import Event


class Intake(object):
    """A bounded queue of events in memory.

    When it is full, `put` waits: the disk cannot keep up or is full, and then it is better to stop
    reading, and in the end lose the connection and take a snapshot, than to lose events unseen.
    """

    def __init__(self, max_events: int) -> None:
        """Up to `max_events` are held."""
        self._max_events = max_events
        self._events: Deque[Event] = collections.deque()
        self._changed = threading.Condition()
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be added any more."""
        return self._is_closed

    def __len__(self) -> int:
        """How many events are held."""
        return len(self._events)

    @property
    def is_full(self) -> bool:
        """Whether `put` would wait."""
        return len(self._events) >= self._max_events

    def put(self, events: List[Event]) -> None:
        """Adds events in order, as there is room. After `close` they are let go."""
        with self._changed:
            for event in events:
                while len(self._events) >= self._max_events and not self._is_closed:
                    self._changed.wait()
                if self._is_closed:
                    return
                self._events.append(event)
                if len(self._events) == 1:
                    self._changed.notify_all()

    def wait(self, timeout_s: float) -> bool:
        """Whether there are events, at once or within the time."""
        with self._changed:
            if not self._events and not self._is_closed:
                self._changed.wait(timeout_s)
            return bool(self._events)

    def take(self, max_events: int) -> List[Event]:
        """Up to so many events, oldest first; maybe none. Does not wait."""
        with self._changed:
            taken = [self._events.popleft() for _ in range(min(max_events, len(self._events)))]
            if taken:
                self._changed.notify_all()
            return taken

    def close(self) -> None:
        """Nobody will take from it any more than is there now; nobody waits any longer."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
