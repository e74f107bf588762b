"""The `Publisher` over kafka-python: the side of the event loop.

The loop hands messages over to the feeder's thread, is told their outcomes, and gives up by itself
what is not acknowledged in time. A feeder that has died, or whose producer leaves messages without
an outcome, is replaced: nobody has to restart the process.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence

import structlog

from ingest_api.broker_probe import BrokerProbe
from ingest_api.budget import ByteBudget
from ingest_api.errors import Shortage, UnavailableError
from ingest_api.kafka_feeder import KafkaFeeder, Message, Outcome
from ingest_api.publisher import PublisherCounts

ACK_TIMEOUT_S = 1.5
"""Answers are promised within two seconds, also on a busy machine."""

STUCK_AFTER_S = 10.0
"""So long after its deadline a message without an outcome tells that its producer has none."""

_WATCH_EVERY_S = 1.0
_RETRY_AFTER_S = 2

_log = structlog.get_logger()


class KafkaPublisher:
    """Writes to one topic of one Kafka cluster; used from one event loop."""

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        max_in_flight_bytes: int,
        ack_timeout_s: float = ACK_TIMEOUT_S,
        stuck_after_s: float = STUCK_AFTER_S,
    ) -> None:
        """`bootstrap` as in KAFKA_BOOTSTRAP. Does not connect yet."""
        self._bootstrap = bootstrap
        self._topic = topic
        self._budget = ByteBudget(max_in_flight_bytes, Shortage.MESSAGES)
        self._ack_timeout_s = ack_timeout_s
        self._stuck_after_s = stuck_after_s
        self._probe = BrokerProbe(bootstrap, topic)
        self.counts = PublisherCounts()
        self._next: list[Message] = []
        self._in_flight: dict[Message, None] = {}
        self._outcomes: deque[tuple[Message, Outcome]] = deque()
        self._is_settling_due = False
        self._is_healthy = True
        self._diagnosis: asyncio.Task[None] | None = None

    @property
    def in_flight_bytes(self) -> int:
        """As in `Publisher`."""
        return self._budget.used

    @property
    def max_in_flight_bytes(self) -> int:
        """As in `Publisher`."""
        return self._budget.limit

    async def start(self) -> None:
        """As in `Publisher`."""
        self._loop = asyncio.get_running_loop()
        self._feeder = self._new_feeder()
        self._watch = self._loop.call_later(_WATCH_EVERY_S, self._watch_feeder)

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
        problem = await self._probe.problem()
        return [problem] if problem else []

    async def close(self) -> None:
        """As in `Publisher`."""
        self._watch.cancel()
        self._hand_over()
        self._feeder.let_go()
        await asyncio.to_thread(self._feeder.join)
        self._settle()
        # Its last words: a process that is stopped as the broker fails must still say why.
        if self._diagnosis is not None:
            await self._diagnosis
        self._probe.close()

    def _new_feeder(self) -> KafkaFeeder:
        return KafkaFeeder(
            self._bootstrap, self._topic, self._ack_timeout_s, self._settle_soon, self.counts
        )

    async def _publish(self, key: bytes, value: bytes, deadline: float) -> None:
        self._budget.reserve(len(value))
        message = Message(key, value, deadline, self._loop.create_future())
        self._in_flight[message] = None
        self.counts.in_flight += 1
        # Waking the other thread is dear: once for all messages of one turn of the loop.
        if not self._next:
            self._loop.call_soon(self._hand_over)
        self._next.append(message)
        timer = self._loop.call_later(deadline - time.monotonic(), _give_up, message)
        try:
            is_written = await message.is_written
        finally:
            timer.cancel()
        # Raised here and not by the future: that would close a ring (future, error, its frames,
        # message, future) which holds the message until the garbage collection comes by.
        if not is_written:
            raise UnavailableError(
                "the batch could not be stored now", _RETRY_AFTER_S, Shortage.BROKER
            )

    def _hand_over(self) -> None:
        if self._next:
            self._feeder.put(self._next)
            self._next = []

    # In other threads.

    def _settle_soon(self, message: Message, outcome: Outcome) -> None:
        self._outcomes.append((message, outcome))
        # One wake-up of the loop serves all outcomes of a request to the broker.
        if not self._is_settling_due:
            self._is_settling_due = True
            self._loop.call_soon_threadsafe(self._settle)

    # In the event loop again.

    def _settle(self) -> None:
        self._is_settling_due = False
        while self._outcomes:
            message, outcome = self._outcomes.popleft()
            if message not in self._in_flight:
                # Of a producer that was taken for stuck.
                continue
            self._leave(message)
            is_written = outcome is Outcome.WRITTEN
            self._note_health(is_healthy=is_written)
            is_given_up = message.is_written.done()
            if outcome is Outcome.NOT_SENT:
                self.counts.not_sent += 1
            elif outcome is Outcome.NOT_ACKNOWLEDGED:
                self.counts.not_acknowledged += 1
            elif is_given_up:
                self.counts.late += 1
            if not is_given_up:
                message.is_written.set_result(is_written)

    def _leave(self, message: Message) -> None:
        del self._in_flight[message]
        self.counts.in_flight -= 1
        self._budget.release(len(message.value))

    def _watch_feeder(self) -> None:
        self._watch = self._loop.call_later(_WATCH_EVERY_S, self._watch_feeder)
        oldest = next(iter(self._in_flight), None)
        is_stuck = oldest is not None and time.monotonic() > oldest.deadline + self._stuck_after_s
        if self._feeder.is_alive and not is_stuck:
            return
        _log.error("producer_replaced", is_alive=self._feeder.is_alive, is_stuck=is_stuck)
        self._feeder.let_go()
        self._feeder = self._new_feeder()
        for message in list(self._in_flight):
            # Younger ones time out and are sent again. None of them is awaited for ever.
            self._leave(message)
            self.counts.stuck += 1
            _give_up(message)

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


def _give_up(message: Message) -> None:
    if not message.is_written.done():
        message.is_written.set_result(False)
