"""The thread that feeds kafka-python's producer, so that it can never block the event loop.

kafka-python's `send` may wait for metadata and for locks, and its constructor for a connection.

The producer is not idempotent, on purpose: with kafka-python 3.0.12 an idempotent one never
recovers from a broker that comes back without its memory (its messages are neither sent nor
failed). Nothing is lost by that: acknowledgements are awaited from all replicas, a partition has
one request in flight, so that a retry keeps the order, and a message written twice is skipped by
its sequences.
"""

import asyncio
import enum
import queue
import threading
import time
from collections.abc import Callable, Sequence

from kafka import KafkaProducer
from kafka.errors import KafkaError

from ingest_api.kafka_clients import connected
from ingest_api.publisher import MAX_MESSAGE_BYTES, PublisherCounts

_METADATA_WAIT_MS = 400
_CONNECT_WAIT_MS = 400
_CLOSE_TIMEOUT_S = 3.0
_LINGER_MS = 2
_RECORD_BYTES = 20_000


class Message:
    """One message on its way, and who waits for it."""

    __slots__ = ("deadline", "is_written", "key", "value")

    def __init__(
        self, key: bytes, value: bytes, deadline: float, is_written: asyncio.Future[bool]
    ) -> None:
        """After `deadline`, in seconds of `time.monotonic`, it is not sent any more."""
        self.key = key
        self.value = value
        self.deadline = deadline
        self.is_written = is_written


class Outcome(enum.Enum):
    """What became of a message."""

    WRITTEN = "written"
    NOT_SENT = "not_sent"
    NOT_ACKNOWLEDGED = "not_acknowledged"


class KafkaFeeder:
    """One thread with one producer, made when there is something to send and a broker to send to.

    Every message put in gets its outcome, as long as the thread lives and the producer works.
    """

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        ack_timeout_s: float,
        settle: Callable[[Message, Outcome], None],
        counts: PublisherCounts,
    ) -> None:
        """`settle` is called from this thread and from the producer's. Starts at once."""
        self._bootstrap = bootstrap
        self._topic = topic
        self._ack_timeout_ms = int(ack_timeout_s * 1000)
        self._settle = settle
        self._counts = counts
        self._handed_over: queue.SimpleQueue[Sequence[Message] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._feed, name="kafka-publisher", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether what is put in is taken."""
        return self._thread.is_alive()

    def put(self, messages: Sequence[Message]) -> None:
        """Send these, in order. Returns at once."""
        self._handed_over.put(messages)

    def let_go(self) -> None:
        """Send what was put in before, then end. Returns at once."""
        self._handed_over.put(None)

    def join(self) -> None:
        """Wait for the end, for a bounded time."""
        self._thread.join(_CLOSE_TIMEOUT_S + 1)

    def _feed(self) -> None:
        producer = self._connected(None)
        while (messages := self._handed_over.get()) is not None:
            for message in messages:
                # Nobody waits for one that is late: no connection is tried for it, else a queue
                # behind a broker that is away would take longer and longer.
                is_late = time.monotonic() >= message.deadline
                producer = producer if is_late else self._connected(producer)
                if producer is None or is_late:
                    self._settle(message, Outcome.NOT_SENT)
                else:
                    self._send(producer, message)
        if producer is not None:
            producer.close(_CLOSE_TIMEOUT_S)

    def _connected(self, producer: KafkaProducer | None) -> KafkaProducer | None:
        if producer is not None:
            return producer
        try:
            producer = connected(
                KafkaProducer,
                self._bootstrap,
                bootstrap_timeout_ms=_CONNECT_WAIT_MS,
                acks="all",
                enable_idempotence=False,
                max_in_flight_requests_per_connection=1,
                linger_ms=_LINGER_MS,
                batch_size=MAX_MESSAGE_BYTES,
                max_request_size=MAX_MESSAGE_BYTES + _RECORD_BYTES,
                max_block_ms=_METADATA_WAIT_MS,
                request_timeout_ms=self._ack_timeout_ms - _LINGER_MS,
                delivery_timeout_ms=self._ack_timeout_ms,
                reconnect_backoff_max_ms=1_000,
                metrics_enabled=False,
            )
        except KafkaError:
            return None
        self._counts.producers += 1
        return producer

    def _send(self, producer: KafkaProducer, message: Message) -> None:
        try:
            sent = producer.send(self._topic, key=message.key, value=message.value)
        except KafkaError:
            self._settle(message, Outcome.NOT_SENT)
            return
        sent.add_callback(lambda _: self._settle(message, Outcome.WRITTEN))
        sent.add_errback(lambda _: self._settle(message, Outcome.NOT_ACKNOWLEDGED))
