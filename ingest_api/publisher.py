"""What ingest needs of a broker (a port), and how a batch becomes messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from ingest_api.contract.published import PublishedBatch, encode_batch

MAX_MESSAGE_BYTES = 900_000
"""Below the 1 MB that Kafka brokers allow by default, with room for the record's own bytes."""


@dataclass
class PublisherCounts:
    """What a publisher has done since its start, in messages; for the metrics.

    `in_flight` is how many there are now. `not_sent` were never handed to a producer,
    `not_acknowledged` were and failed, `stuck` were and nobody ever learned of their fate; `late`
    were acknowledged after their batch had been given up. `producers` is how many were made.
    """

    in_flight: int = 0
    not_sent: int = 0
    not_acknowledged: int = 0
    stuck: int = 0
    late: int = 0
    producers: int = 0


class Publisher(Protocol):
    """Writes messages to `pbx.events.v1`. `ingest_api/kafka_publisher.py` is the real one."""

    counts: PublisherCounts

    @property
    def in_flight_bytes(self) -> int:
        """Bytes of messages whose fate is not known yet."""

    @property
    def max_in_flight_bytes(self) -> int:
        """The bound of `in_flight_bytes`."""

    async def start(self) -> None:
        """Begin to connect. Returns at once, whether or not a broker answers."""

    async def publish(self, key: bytes, messages: Sequence[bytes]) -> None:
        """Returns when the broker has acknowledged the messages of one key, written in order.

        Raises UnavailableError if it did not within two seconds, or if there is no room to wait.
        Then a part of them may be written, always the first ones; publishing all again is right.
        """

    async def problems(self) -> list[str]:
        """What keeps messages from being written now, one sentence each; empty if nothing does."""

    async def close(self) -> None:
        """Wait for what is in flight, for a bounded time, and let go of the broker."""


def messages_of(batch: PublishedBatch) -> list[bytes]:
    """The batch as one message, or in several parts in order where it is too large for one.

    An event is never larger than a message (`contract/limits.py`). No events, no messages.
    """
    if not batch.events:
        return []
    message = encode_batch(batch)
    if len(message) <= MAX_MESSAGE_BYTES:
        return [message]
    half = len(batch.events) // 2
    parts = (batch.events[:half], batch.events[half:])
    return [
        message
        for events in parts
        for message in messages_of(msgspec.structs.replace(batch, events=events))
    ]
