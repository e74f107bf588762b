"""Every second a look at what makes no message of its own: lag, silence, a log made anew.

What is seen is judged by `source_watch.py`; here it is gathered from the consumer, told to the
metrics and answered.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from aiokafka.errors import KafkaError
from faust import App
from faust.types import TP

from streams import metrics
from streams.processors.flusher import Flusher
from streams.processors.source_carrier import SourceCarrier
from streams.processors.source_watch import Pulse, Sight, SourceWatch

WATCH_INTERVAL_S = 1.0

_log = structlog.get_logger()


class Lookout:
    """Looks at the partitions of one worker; `look` is called every second."""

    def __init__(
        self,
        app: App,
        topic: str,
        carrier: SourceCarrier,
        flusher: Flusher,
        *,
        rewind: Callable[[], Awaitable[None]],
        reload: Callable[[], Awaitable[None]],
    ) -> None:
        """`topic` is the source.

        `rewind` reads again from the carrier's positions, `reload` drops the states first.
        """
        self._app = app
        self._topic = topic
        self._carrier = carrier
        self._flusher = flusher
        self._rewind = rewind
        self._reload = reload
        self._watch = SourceWatch()
        self._pulse = Pulse(app.conf.broker_session_timeout)
        self._behind_since: dict[int, float] = {}
        self._shown: set[int] = set()

    def stood_still(self) -> bool:
        """Whether this process may have lost its partitions without noticing."""
        return self._pulse.stood_still(time.monotonic())

    def beat(self) -> None:
        """What was in doubt because this process stood still is settled."""
        self._pulse.beat(time.monotonic())

    async def look(self) -> None:
        """Look once, and do what that calls for."""
        if self.stood_still():
            _log.warning("this process stood still")
            await self._reload()
        self.beat()
        self._show_buffers()
        if self._app.rebalancing:
            self._show_lag({})
            return
        sights = {
            partition: await self._sight(partition, position)
            for partition, position in self._carrier.positions().items()
        }
        self._show_lag(sights)
        if self._flusher.is_full:
            self._watch = SourceWatch()  # the fold waits, and has reason to
            return
        found = self._watch.look(sights)
        for partition in found.made_anew:
            _log.error("log made anew", partition=partition, position=sights[partition].position)
            metrics.REWINDS.labels("log_made_anew").inc()
            self._carrier.start_over(partition)
        if found.stalled:
            _log.warning("nothing arrives", partitions=found.stalled)
            metrics.REWINDS.labels("stalled").inc()
        if found.made_anew or found.stalled:
            await self._rewind()

    async def _sight(self, partition: int, position: int) -> Sight:
        tp = TP(self._topic, partition)
        consumer = self._app.consumer
        if tp not in consumer.assignment():
            return Sight(position, None, None)
        try:
            fetched = await asyncio.wait_for(consumer.position(tp), WATCH_INTERVAL_S)
        except (TimeoutError, KafkaError):
            fetched = None
        return Sight(position, fetched, await self._end(tp))

    async def _end(self, tp: TP) -> int | None:
        """The log's end as the last fetch told it, or as the broker does while nothing is fetched.

        Not every broker counts its last batch then, so the higher one holds.
        """
        known: int | None = self._app.consumer.highwater(tp)
        if not self._flusher.is_full:
            return known
        try:
            told = await asyncio.wait_for(self._app.consumer.highwaters(tp), WATCH_INTERVAL_S)
        except (TimeoutError, KafkaError):
            return known
        return max(known or 0, told.get(tp) or 0)

    def _show_buffers(self) -> None:
        unit = self._carrier.unit
        metrics.PENDING_ROWS.set(unit.rows)
        metrics.PENDING_MESSAGES.set(len(unit.acknowledge))
        metrics.SITES_HELD.set(self._carrier.sites_held)
        metrics.STATES_BYTES.set(self._carrier.states_bytes)

    def _show_lag(self, sights: dict[int, Sight]) -> None:
        """What lies between the floor and the log's end has not taken its full effect."""
        now = time.time()
        floors, oldest = self._carrier.floors(), self._carrier.oldest_pending()
        for partition in self._shown - floors.keys():
            metrics.LAG.remove(partition)
            metrics.LAG_SECONDS.remove(partition)
        self._shown = set(floors)
        behind = {}
        for partition, floor in floors.items():
            sight = sights.get(partition)
            end = sight.end if sight else None
            messages = 0 if end is None else max(0, end - floor - 1)
            if messages:
                behind[partition] = self._behind_since.get(partition, now)
            since = oldest[partition] / 1000 if partition in oldest else behind.get(partition, now)
            metrics.LAG.labels(partition).set(messages)
            metrics.LAG_SECONDS.labels(partition).set(max(0.0, now - since) if messages else 0)
        self._behind_since = behind
