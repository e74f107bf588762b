"""Writes one unit of effect after the other, each in the one order that is safe.

    facts and raw batches into ClickHouse, acknowledged
    → dead letters, acknowledged
    → state records, acknowledged
    → floor, and the acknowledgement of the messages to Faust

A process that dies between any two of these has written only things that are true; the messages are
folded again and make the same rows. At most one unit is written at a time, while the fold fills the
next one, which is bounded: when it is full, the fold waits, and so in the end does Kafka.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

from streams import metrics
from streams.processors.flush_unit import FlushUnit
from streams.processors.ports import DeadLetterLog, NotStoredError, RecordLog
from streams.processors.source_carrier import SourceCarrier
from streams.storage.errors import StorageUnavailableError
from streams.storage.writer import FactWriter

RETRY_FIRST_S = 0.2
RETRY_MOST_S = 10.0

_log = structlog.get_logger()


class OutdatedError(Exception):
    """The states this unit was made from were dropped meanwhile. Read by the flusher alone."""


class Flusher:
    """Flushes a carrier's units; `run` is one endless task beside the fold."""

    def __init__(
        self,
        carrier: SourceCarrier,
        writer: FactWriter,
        records: RecordLog,
        dead_letters: DeadLetterLog,
        *,
        interval_s: float,
        max_rows: int,
        is_owner: Callable[[], bool],
        reload: Callable[[], Awaitable[None]],
    ) -> None:
        """Flush at most once per `interval_s`, or as soon as `max_rows` rows wait.

        `is_owner` tells whether, as far as can be known now, the partitions are still ours;
        `reload` drops the states and begins at the stored records again.
        """
        self._carrier = carrier
        self._writer = writer
        self._records = records
        self._dead_letters = dead_letters
        self._interval_s = interval_s
        self._max_rows = max_rows
        self._is_owner = is_owner
        self._reload = reload
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="clickhouse")
        self._waiting = asyncio.Event()
        self._full = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._dropped = asyncio.Event()

    # --- For the fold ----------------------------------------------------------------------------

    def taken(self) -> None:
        """The carrier took a message."""
        self._waiting.set()
        if self._carrier.unit.rows >= self._max_rows:
            self._full.set()
            self._room.clear()

    @property
    def is_full(self) -> bool:
        """Whether the fold has to wait."""
        return not self._room.is_set()

    async def wait_for_room(self) -> None:
        """Returns when the unit is not full; dropping the states empties it as well."""
        await self._room.wait()

    def dropped(self) -> None:
        """The carrier forgot its states: what is being written of them is given up."""
        self._dropped.set()
        self._dropped = asyncio.Event()
        self._emptied()

    def _emptied(self) -> None:
        self._waiting.clear()
        self._full.clear()
        self._room.set()

    # --- The task --------------------------------------------------------------------------------

    async def run(self) -> None:
        """Flush for ever. Raises what waiting does not mend: StorageRefusedError, bugs."""
        began = float("-inf")
        while True:
            await self._waiting.wait()
            if (pause_s := began + self._interval_s - time.monotonic()) > 0:
                await _first_of(self._full.wait(), asyncio.sleep(pause_s))
            if self._carrier.unit.is_empty:
                self._emptied()
                continue
            began = time.monotonic()
            unit = self._carrier.cut()
            self._emptied()
            metrics.WRITING_SINCE.set_to_current_time()
            try:
                await self._write(unit)
            except OutdatedError:
                metrics.UNITS_DROPPED.inc()
            except NotStoredError as error:
                metrics.UNITS_DROPPED.inc()
                _log.warning("unit not stored", reason=str(error))
                if unit.epoch == self._carrier.epoch:
                    await self._reload()
            else:
                _observe(unit, time.monotonic() - began)
            finally:
                metrics.WRITING_SINCE.set(0)

    async def _write(self, unit: FlushUnit) -> None:
        await self._write_facts(unit)
        if unit.dead:
            await self._dead_letters.send(unit.dead)
        self._check(unit)
        if not self._is_owner():
            raise NotStoredError("the partitions may have gone to another worker")
        if unit.records:
            await self._records.store(unit.records)
        self._check(unit)
        self._carrier.flushed(unit)
        for acknowledge in unit.acknowledge:
            acknowledge()

    async def _write_facts(self, unit: FlushUnit) -> None:
        """Until ClickHouse has acknowledged them, however long that takes."""
        if not unit.facts and not unit.batches:
            return None
        dropped = self._dropped
        loop = asyncio.get_running_loop()
        delay_s = RETRY_FIRST_S
        while True:
            # A write that has begun cannot be called back: it ends in its thread, and does no harm.
            writing = loop.run_in_executor(
                self._thread, self._writer.write, unit.facts, unit.batches, unit.snapshots
            )
            await _first_of(asyncio.shield(writing), dropped.wait())
            if not writing.done():
                writing.add_done_callback(_end_of_outdated_write)
            self._check(unit)
            try:
                return writing.result()
            except StorageUnavailableError as error:
                metrics.STORAGE_WAITS.inc()
                _log.warning("ClickHouse is away", reason=str(error), retry_in_s=round(delay_s, 1))
            await _first_of(dropped.wait(), asyncio.sleep(delay_s))
            self._check(unit)
            delay_s = min(delay_s * 2, RETRY_MOST_S) * random.uniform(0.8, 1.0)  # noqa: S311

    def _check(self, unit: FlushUnit) -> None:
        if unit.epoch != self._carrier.epoch:
            raise OutdatedError


async def _first_of(*waits: Awaitable[object]) -> None:
    """Wait until one of them has ended; the others are cancelled. Errors stay in their futures."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _end_of_outdated_write(writing: asyncio.Future[None]) -> None:
    error = writing.exception()
    if error is not None:
        _log.info("write of a dropped unit failed", reason=str(error))


def _observe(unit: FlushUnit, seconds: float) -> None:
    now_ms = time.time() * 1000
    metrics.FLUSH_SECONDS.observe(seconds)
    metrics.LAST_FLUSH.set(now_ms / 1000)
    since_received = metrics.EVENT_AGE_SECONDS.labels("received")
    since_happened = metrics.EVENT_AGE_SECONDS.labels("happened")
    for age in unit.ages:
        since_received.observe(max(0.0, now_ms - age.received_at) / 1000)
        since_happened.observe(max(0.0, now_ms - age.happened_at) / 1000)
    for record in unit.records.values():
        metrics.STATE_RECORD_BYTES.observe(len(record))
