"""Every second a look at what makes no message of its own: lag, silence, a log made anew.

What is seen is judged by `source_watch.py`; here it is gathered from the consumer, told to the
metrics and answered.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

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
        sights = await self._sights(self._carrier.positions())
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

    async def _sights(self, positions: Mapping[int, int]) -> dict[int, Sight]:
        """What is seen of each partition; a broker that does not answer costs two seconds at most.

        However many partitions there are: a look that took long would pass for a standstill.
        """
        assigned = self._app.consumer.assignment()
        ours = [TP(self._topic, partition) for partition in positions]
        ours = [tp for tp in ours if tp in assigned]
        told = await self._told_ends(ours)
        fetched = await asyncio.gather(*map(self._fetched, ours))
        sights = {partition: Sight(at, None, None) for partition, at in positions.items()}
        for tp, offset in zip(ours, fetched, strict=True):
            end = self._known_end(tp)
            if tp in told:
                # Not every broker counts its last batch then, so the higher one holds.
                end = max(end or 0, told[tp] or 0)
            sights[tp.partition] = Sight(positions[tp.partition], offset, end)
        return sights

    async def _fetched(self, tp: TP) -> int | None:
        try:
            offset: int | None = await asyncio.wait_for(
                self._app.consumer.position(tp), WATCH_INTERVAL_S
            )
        except (TimeoutError, KafkaError):
            return None
        return offset

    def _known_end(self, tp: TP) -> int | None:
        """The log's end as the last fetch told it."""
        try:
            end: int | None = self._app.consumer.highwater(tp)
        except AssertionError:
            return None  # aiokafka's word for a partition that went in the meantime
        return end

    async def _told_ends(self, ours: list[TP]) -> Mapping[TP, int]:
        """The logs' ends as the broker tells them, while nothing is fetched that would do so."""
        if not ours or not self._flusher.is_full:
            return {}
        try:
            ends: Mapping[TP, int] = await asyncio.wait_for(
                self._app.consumer.highwaters(*ours), WATCH_INTERVAL_S
            )
        except (TimeoutError, KafkaError):
            return {}
        return ends

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
