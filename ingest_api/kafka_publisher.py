"""The `Publisher` over kafka-python, driven so that it can never block the event loop.

kafka-python's `send` may wait for metadata and for locks, and its constructor for a connection. So
one thread of ours makes the producer and feeds it; the event loop only hands requests over and is
told their outcome. Every request has a deadline, after which it is not sent any more.

The producer is not idempotent, on purpose: with kafka-python 3.0.12 an idempotent one never
recovers from a broker that comes back without its memory (its messages are neither sent nor
failed). Nothing is lost by that: acknowledgements are awaited from all replicas, a partition has
one request in flight, so that a retry keeps the order, and a message written twice is skipped by
its sequences.
"""

import asyncio
import queue
import threading
import time
from collections import deque
from collections.abc import Sequence

import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError

from ingest_api.broker_probe import BrokerProbe
from ingest_api.budget import ByteBudget
from ingest_api.errors import UnavailableError
from ingest_api.kafka_clients import connected
from ingest_api.publisher import MAX_MESSAGE_BYTES

ACK_TIMEOUT_S = 1.5
"""Answers are promised within two seconds, also on a busy machine."""

_METADATA_WAIT_MS = 400
_CONNECT_WAIT_MS = 400
_CLOSE_TIMEOUT_S = 3.0
_LINGER_MS = 2
_RECORD_BYTES = 20_000
_RETRY_AFTER_S = 2

_log = structlog.get_logger()


class _Message:
    """One message on its way, and who waits for it."""

    __slots__ = ("acknowledged", "deadline", "key", "value")

    def __init__(
        self, key: bytes, value: bytes, deadline: float, acknowledged: asyncio.Future[None]
    ) -> None:
        self.key = key
        self.value = value
        self.deadline = deadline
        self.acknowledged = acknowledged


class KafkaPublisher:
    """Writes to one topic of one Kafka cluster; used from one event loop."""

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        max_in_flight_bytes: int,
        ack_timeout_s: float = ACK_TIMEOUT_S,
    ) -> None:
        """`bootstrap` as in KAFKA_BOOTSTRAP. Does not connect yet."""
        self._bootstrap = bootstrap
        self._topic = topic
        self._budget = ByteBudget(max_in_flight_bytes)
        self._ack_timeout_s = ack_timeout_s
        self._probe = BrokerProbe(bootstrap, topic)
        self._next: list[_Message] = []
        self._handed_over: queue.SimpleQueue[list[_Message] | None] = queue.SimpleQueue()
        self._outcomes: deque[tuple[_Message, bool]] = deque()
        self._is_settling_due = False
        self._is_healthy = True
        self._diagnosis: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._feed, name="kafka-publisher", daemon=True)

    @property
    def in_flight_bytes(self) -> int:
        """As in `Publisher`."""
        return self._budget.used

    async def start(self) -> None:
        """As in `Publisher`."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def publish(self, key: bytes, messages: Sequence[bytes]) -> None:
        """As in `Publisher`.

        The parts of one batch go one after the other: a later one can never be written when an
        earlier one was not.
        """
        deadline = time.monotonic() + self._ack_timeout_s
        for message in messages:
            await self._publish(key, message, deadline)

    async def problems(self) -> list[str]:
        """As in `Publisher`."""
        found = [await self._probe.problem()]
        if not self._thread.is_alive():
            found.append("the publisher's thread has ended; see the log, restart the process")
        return [problem for problem in found if problem]

    async def close(self) -> None:
        """As in `Publisher`."""
        self._hand_over()
        self._handed_over.put(None)
        await asyncio.to_thread(self._thread.join, _CLOSE_TIMEOUT_S + 1)
        self._probe.close()

    async def _publish(self, key: bytes, value: bytes, deadline: float) -> None:
        self._budget.reserve(len(value))
        message = _Message(key, value, deadline, self._loop.create_future())
        # Waking the other thread is dear: once for all messages of one turn of the loop.
        if not self._next:
            self._loop.call_soon(self._hand_over)
        self._next.append(message)
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                await message.acknowledged
        except TimeoutError as error:
            raise _not_acknowledged() from error

    def _hand_over(self) -> None:
        self._handed_over.put(self._next)
        self._next = []

    # In the publisher's thread, and (the callbacks) in that of the producer.

    def _feed(self) -> None:
        producer = self._connected(None)
        while (messages := self._handed_over.get()) is not None:
            for message in messages:
                producer = self._connected(producer)
                if producer is None or time.monotonic() >= message.deadline:
                    self._settle_soon(message, is_written=False)
                else:
                    self._send(producer, message)
        if producer is not None:
            producer.close(_CLOSE_TIMEOUT_S)

    def _connected(self, producer: KafkaProducer | None) -> KafkaProducer | None:
        if producer is not None:
            return producer
        timeout_ms = int(self._ack_timeout_s * 1000)
        try:
            return connected(
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
                request_timeout_ms=timeout_ms - _LINGER_MS,
                delivery_timeout_ms=timeout_ms,
                reconnect_backoff_max_ms=1_000,
                metrics_enabled=False,
            )
        except KafkaError:
            return None

    def _send(self, producer: KafkaProducer, message: _Message) -> None:
        try:
            sent = producer.send(self._topic, key=message.key, value=message.value)
        except KafkaError:
            self._settle_soon(message, is_written=False)
            return
        sent.add_callback(lambda _: self._settle_soon(message, is_written=True))
        sent.add_errback(lambda _: self._settle_soon(message, is_written=False))

    def _settle_soon(self, message: _Message, *, is_written: bool) -> None:
        self._outcomes.append((message, is_written))
        # One wake-up of the loop serves all outcomes of a request to the broker.
        if not self._is_settling_due:
            self._is_settling_due = True
            self._loop.call_soon_threadsafe(self._settle)

    # In the event loop again.

    def _settle(self) -> None:
        self._is_settling_due = False
        while self._outcomes:
            message, is_written = self._outcomes.popleft()
            self._budget.release(len(message.value))
            self._note_health(is_healthy=is_written)
            if message.acknowledged.done():
                continue
            if is_written:
                message.acknowledged.set_result(None)
            else:
                message.acknowledged.set_exception(_not_acknowledged())

    def _note_health(self, *, is_healthy: bool) -> None:
        if is_healthy == self._is_healthy:
            return
        self._is_healthy = is_healthy
        if is_healthy:
            _log.info("broker_acknowledges_again")
        else:
            self._diagnosis = self._loop.create_task(self._log_problem())

    async def _log_problem(self) -> None:
        problem = await self._probe.problem()
        _log.error("broker_does_not_acknowledge", problem=problem or "it answers, but too late")


def _not_acknowledged() -> UnavailableError:
    return UnavailableError("the batch could not be stored now", _RETRY_AFTER_S)
