"""Batches that the fold cannot take: put aside with their reason, and the worker stopped if many.

A dead letter is the message as it came, with headers that say why and where it stood in the source
log. It never holds a text of an exception: those may quote what a customer typed.
"""

import traceback
from collections import deque

import msgspec

from streams.errors import DeadLetterFloodError
from streams.processors.source_message import Message

REASON_HEADER = "reason"
SOURCE_HEADER = "source"
FLOOD_WINDOW_S = 60.0

FOLD_FAILED = "dead_letter"
"""Reason of the coverage gap in place of a batch that broke the fold."""


class DeadLetter(msgspec.Struct, frozen=True):
    """One message of `topic` that could not be folded."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    reason: str

    @classmethod
    def of(cls, message: Message, reason: str) -> "DeadLetter":
        """The letter of a message that could not be folded."""
        place = message.topic, message.partition, message.offset
        return cls(*place, message.key, message.value, reason)

    def headers(self) -> list[tuple[str, bytes]]:
        """Kafka headers: the reason, and `topic/partition/offset` of the message."""
        source = f"{self.topic}/{self.partition}/{self.offset}"
        return [(REASON_HEADER, self.reason.encode()), (SOURCE_HEADER, source.encode())]


def reason_of(error: Exception) -> str:
    """Kind of the error and where it was raised, without its text."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return type(error).__name__
    last = frames[-1]
    return (
        f"{type(error).__name__} in {last.name} ({last.filename.rpartition('/')[2]}:{last.lineno})"
    )


class FloodGuard:
    """Counts dead letters over a sliding minute."""

    def __init__(self, limit: int) -> None:
        """`limit` dead letters within `FLOOD_WINDOW_S` are bearable, one more is not."""
        self._limit = limit
        self._times: deque[float] = deque()

    def count(self, now: float) -> None:
        """One more dead letter at `now`, in seconds of a steady clock.

        Raises DeadLetterFloodError if it is one too many.
        """
        self._times.append(now)
        while self._times[0] <= now - FLOOD_WINDOW_S:
            self._times.popleft()
        if len(self._times) > self._limit:
            raise DeadLetterFloodError(
                f"{len(self._times)} batches within {FLOOD_WINDOW_S:g} s broke the fold; "
                f"the limit is {self._limit}"
            )
