"""Faust's events of a source topic into its carrier, and the carrier's doubts back to Faust.

Holds no rules. What is decided, and why, is in the parts it ties together; the order of effects is
the flusher's, the guards are the carrier's, and Faust's internals are in `site_table.py` and
`source_consumer.py`.
"""

import asyncio
import time
from collections.abc import Callable
from typing import cast

import msgspec
import structlog
from aiokafka.errors import KafkaError
from faust import App, Stream, StreamT
from faust.exceptions import ProducerSendError
from faust.types import TP, EventT

from ingest_api.contract.topics import DEAD_EVENTS
from streams import metrics
from streams.errors import StateRecordError, TopicsError
from streams.processors.dead_letters import DeadLetter
from streams.processors.flusher import Flusher
from streams.processors.lookout import WATCH_INTERVAL_S, Lookout
from streams.processors.ports import NotStoredError
from streams.processors.site_table import SiteTable
from streams.processors.source_carrier import Outcome, SourceCarrier
from streams.processors.source_consumer import SourceConsumer, source_transport
from streams.processors.source_message import Message
from streams.storage.writer import FactWriter

LOG_START_WITHIN_S = 5.0

_log = structlog.get_logger()


class Limits(msgspec.Struct, frozen=True):
    """What the operator may set: see `streams/config.py`."""

    flush_interval_s: float = 0.25
    flush_max_rows: int = 10_000
    dead_letters_per_minute: int = 20


class Source(msgspec.Struct, frozen=True):
    """A source topic and the name of the Faust agent that reads it.

    `find_id` asks the broker for the topic's id; it blocks, and raises TopicsError.
    """

    topic: str
    processor: str
    find_id: Callable[[], bytes]


def state_table(app: App, name: str) -> SiteTable:
    """A table of state records, one partition for each of the source topic."""
    table = SiteTable(
        app, name=name, key_type=bytes, value_type=bytes, partitions=app.conf.topic_partitions
    )
    app.tables.add(table)
    return table


class SourceProcessor:
    """The parts of one worker, and what Faust calls."""

    def __init__(
        self,
        app: App,
        source: Source,
        table: SiteTable,
        carrier: SourceCarrier,
        *,
        writer: FactWriter,
        limits: Limits,
        on_drop: Callable[[], object] = lambda: None,
    ) -> None:
        """The app's only source; `on_drop` is called whenever the states are dropped."""
        self._app = app
        self._source = source
        self._log = b""
        self._table = table
        self._carrier = carrier
        self._on_drop = on_drop
        self._flusher = Flusher(
            self._carrier,
            writer,
            self._table,
            _DeadLetterTopic(app),
            interval_s=limits.flush_interval_s,
            max_rows=limits.flush_max_rows,
            is_owner=self._is_owner,
            reload=self._reload,
        )
        self._lookout = Lookout(
            app,
            source.topic,
            self._carrier,
            self._flusher,
            rewind=self._rewind,
            reload=self._reload,
        )
        self._ours_no_more_since: float | None = time.monotonic()
        app.transport = source_transport(app, self._positions)
        topic = app.topic(
            source.topic,
            key_type=bytes,
            value_type=bytes,
            key_serializer="raw",
            value_serializer="raw",
        )
        app.agent(topic, name=source.processor, concurrency=1)(self._process)
        app.task(self._flush)
        app.timer(WATCH_INTERVAL_S)(self._lookout.look)
        app.on_partitions_revoked.connect(self._on_ours_no_more, weak=False)
        # The producer ends next, and a flush in the middle would take that for a fault.
        app.on_before_shutdown.connect(self._on_ours_no_more, weak=False)
        self._table.on_recover(self._on_recovered)

    # --- Events ----------------------------------------------------------------------------------

    async def _process(self, stream: StreamT[bytes]) -> None:
        """The Faust agent: one event after the other, acknowledged by the flusher."""
        try:
            async for event in cast("Stream[bytes]", stream).noack().events():
                await self._flusher.wait_for_room()
                await self._take(event)
        except Exception as error:  # noqa: BLE001 - Faust would log it and go on with the next event
            await self._stop(error)

    async def _take(self, event: EventT[bytes]) -> None:
        source = event.message
        if source.generation_id != self._app.consumer_generation_id:
            return
        message = Message(
            source.topic,
            source.partition,
            source.offset,
            source.key or b"",
            source.value or b"",
            event.ack,
        )
        outcome = self._carrier.take(message)
        if outcome is Outcome.TAKEN:
            self._flusher.taken()
            # Taking from a filled queue does not wait, and the other tasks must get their turn.
            await asyncio.sleep(0)
        elif outcome is Outcome.REWIND:
            await self._rewind()

    async def _flush(self) -> None:
        try:
            await self._flusher.run()
        except Exception as error:  # noqa: BLE001 - a task of Faust's that ends is not missed
            await self._stop(error)

    async def _stop(self, error: Exception) -> None:
        """Stop the worker loudly; everything not flushed is folded again by its successor."""
        self._drop()
        if self._app.should_stop:
            _log.info("given up while stopping", reason=str(error), kind=type(error).__name__)
            return
        _log.critical("the worker stops", reason=str(error), kind=type(error).__name__)
        await self._app.crash(error)

    # --- Partitions come and go ------------------------------------------------------------------

    async def _on_ours_no_more(self, *_: object, **__: object) -> None:
        self._drop()
        self._ours_no_more_since = self._ours_no_more_since or time.monotonic()

    async def _on_recovered(self) -> None:
        """The table holds what the changelog told; Faust seeks next, to our positions."""
        generation = self._app.consumer_generation_id
        try:
            self._log = await asyncio.to_thread(self._source.find_id)
        except TopicsError as error:
            await self._stop(error)
            return
        if self._app.consumer_generation_id != generation:
            return  # revoked meanwhile; another recovery follows
        partitions = {
            tp.partition for tp in self._app.consumer.assignment() if tp.topic == self._source.topic
        }
        self._table.drop_other_partitions(partitions)
        await self._load(partitions)
        await self._ask_log_starts()
        if self._app.consumer_generation_id != generation:
            return
        if self._ours_no_more_since is not None:
            metrics.RECOVERY_SECONDS.observe(time.monotonic() - self._ours_no_more_since)
            self._ours_no_more_since = None
        _log.info("partitions recovered", positions=self._carrier.positions())

    async def _reload(self) -> None:
        """Any doubt has this one answer: what is stored is true, go on from there."""
        metrics.REWINDS.labels("doubt").inc()
        self._lookout.beat()
        await self._load(set(self._carrier.positions()))
        await self._rewind()

    async def _load(self, partitions: set[int]) -> None:
        try:
            self._carrier.load(partitions, self._log)
        except StateRecordError as error:
            await self._stop(error)
        self._flusher.dropped()

    def _drop(self) -> None:
        self._carrier.forget()
        self._on_drop()
        self._flusher.dropped()

    async def _rewind(self) -> None:
        await self._ask_log_starts()
        await cast("SourceConsumer", self._app.consumer).rewind()

    async def _ask_log_starts(self) -> None:
        """A log that was cut by its retention begins later than where we want to go on.

        If the broker does not answer, the cursor waits for what is gone until it believes it.
        """
        try:
            starts = await asyncio.wait_for(
                self._app.consumer.earliest_offsets(*self._positions()), LOG_START_WITHIN_S
            )
        except (TimeoutError, KafkaError) as error:
            _log.warning("cannot ask where the log begins", reason=repr(error))
            return
        for tp, offset in starts.items():
            self._carrier.log_starts_at(tp.partition, offset)

    def _positions(self) -> dict[TP, int]:
        positions = self._carrier.positions()
        return {
            TP(self._source.topic, partition): offset for partition, offset in positions.items()
        }

    def _is_owner(self) -> bool:
        return not self._app.rebalancing and not self._lookout.stood_still()


class _DeadLetterTopic:
    """A DeadLetterLog over the app's producer."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def send(self, letters: list[DeadLetter]) -> None:
        producer = self._app.producer
        try:
            sent = [
                await producer.send(
                    DEAD_EVENTS, letter.key, letter.value, None, None, letter.headers()
                )
                for letter in letters
            ]
            await asyncio.gather(*sent)
        except (KafkaError, ProducerSendError) as error:
            metrics.SENDS_FAILED.labels("dead_letters").inc()
            raise NotStoredError(f"dead letters: {error!r}") from error
