import asyncio
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

import pytest

from ingest_api.contract.published import encode_batch
from streams.domain.facts import Fact
from streams.processors import flusher as flusher_module
from streams.processors.dead_letters import DeadLetter, FloodGuard
from streams.processors.flusher import Flusher
from streams.processors.ports import NotStoredError, SiteFold
from streams.processors.site_carrier import SiteCarrier
from streams.processors.source_message import Message
from streams.storage.errors import StorageRefusedError, StorageUnavailableError
from streams.storage.rows import RawBatch, SiteSnapshot
from tests.support.stories import Story

BATCHES = Story().started("10:00:00").join("10:00:01", "100.1", "vendas").batches("10:10:00", 2)
LOG = b"log the first..."


class Bench:
    """A flusher between recording ends; what happened, in order, is in `happened`."""

    def __init__(self, interval_s: float = 0.0, max_rows: int = 1_000_000) -> None:
        self.happened: list[str] = []
        self.snapshots: list[SiteSnapshot] = []
        self.more = asyncio.Event()
        self.storage_faults: list[Exception] = []
        self.record_faults: list[Exception] = []
        self.gate: threading.Event | None = None
        self.is_owner = True
        self.records: dict[bytes, bytes] = {}
        self.carrier = SiteCarrier(self.records, SiteFold(), FloodGuard(9))
        self.carrier.load([0], LOG)
        self.flusher = Flusher(
            self.carrier,
            self,
            self,
            self,
            interval_s=interval_s,
            max_rows=max_rows,
            is_owner=lambda: self.is_owner,
            reload=self._reload,
        )
        self._offset = 0
        self._loop = asyncio.get_running_loop()

    def write(
        self,
        facts: Sequence[Fact],
        batches: Sequence[RawBatch],
        snapshots: Sequence[SiteSnapshot] = (),
    ) -> None:
        self.snapshots += snapshots
        if self.gate is not None:
            self._tell("writing")
            self.gate.wait(5)
        if self.storage_faults:
            self._tell("away")
            raise self.storage_faults.pop(0)
        self._tell(f"facts of {len(batches)}" if facts else "nothing")

    async def send(self, letters: list[DeadLetter]) -> None:
        self._tell(f"{len(letters)} dead")

    async def store(self, records: Mapping[bytes, bytes]) -> None:
        if self.record_faults:
            raise self.record_faults.pop(0)
        self.records.update(records)
        self._tell(f"{len(records)} records")

    async def _reload(self) -> None:
        self.carrier.load([0], LOG)
        self.flusher.dropped()
        self._tell("reloaded")

    def _tell(self, what: str) -> None:
        self.happened.append(what)
        self._loop.call_soon_threadsafe(self.more.set)

    def take(self, count: int = 1, value: bytes | None = None) -> None:
        for _ in range(count):
            offset = self._offset
            self._offset += 1
            self.carrier.take(
                Message(
                    "pbx.events.v1",
                    0,
                    offset,
                    b"acme/pbx-01",
                    encode_batch(BATCHES[offset]) if value is None else value,
                    partial(self._tell, f"ack {offset}"),
                )
            )
            self.flusher.taken()

    async def until(self, what: str) -> None:
        while what not in self.happened:
            self.more.clear()
            await asyncio.wait_for(self.more.wait(), 5)


@asynccontextmanager
async def running(bench: Bench) -> AsyncIterator[Bench]:
    task = asyncio.create_task(bench.flusher.run())
    try:
        yield bench
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_effects_come_in_the_one_safe_order() -> None:
    async with running(Bench()) as bench:
        bench.take(2)
        bench.take(value=b"not json")
        await bench.until("ack 2")

    assert bench.happened == ["facts of 2", "1 dead", "1 records", "ack 0", "ack 1", "ack 2"]


async def test_the_floor_rises_only_when_all_is_acknowledged() -> None:
    bench = Bench()
    bench.gate = threading.Event()
    async with running(bench):
        bench.take(2)
        await bench.until("writing")
        bench.take(1)
        bench.gate.set()
        await bench.until("ack 2")

    assert bench.happened.index("ack 0") < bench.happened.index("facts of 1")


async def test_clickhouse_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flusher_module, "RETRY_FIRST_S", 0.001)
    bench = Bench()
    bench.storage_faults = [StorageUnavailableError("away")] * 3
    async with running(bench):
        bench.take()
        await bench.until("ack 0")

    assert bench.happened == ["away", "away", "away", "facts of 1", "1 records", "ack 0"]


async def test_what_clickhouse_refuses_ends_the_task() -> None:
    bench = Bench()
    bench.storage_faults = [StorageRefusedError("no such column")]
    bench.take()

    with pytest.raises(StorageRefusedError):
        await asyncio.wait_for(bench.flusher.run(), 5)
    assert bench.records == {}


async def test_a_unit_of_lost_partitions_is_given_up_while_clickhouse_is_away() -> None:
    bench = Bench()
    bench.storage_faults = [StorageUnavailableError("away")]
    async with running(bench):
        bench.take()
        await bench.until("away")
        bench.carrier.forget()
        bench.flusher.dropped()
        bench.carrier.load([0], LOG)
        bench._offset = 0
        bench.take()
        await bench.until("ack 0")

    assert bench.happened == ["away", "facts of 1", "1 records", "ack 0"]


async def test_records_of_lost_partitions_are_not_sent() -> None:
    bench = Bench()
    bench.gate = threading.Event()
    async with running(bench):
        bench.take()
        await bench.until("writing")
        bench.carrier.forget()
        bench.flusher.dropped()
        bench.carrier.load([0], LOG)
        bench.gate.set()
        bench._offset = 0
        bench.take(2)
        await bench.until("ack 1")

    assert bench.happened == [
        *("writing", "facts of 1"),
        *("writing", "facts of 2", "1 records", "ack 0", "ack 1"),
    ]


async def test_records_that_are_not_acknowledged_are_a_doubt() -> None:
    bench = Bench()
    bench.record_faults = [NotStoredError("timed out")]
    async with running(bench):
        bench.take()
        await bench.until("reloaded")
        assert bench.carrier.positions() == {0: 0}
        bench._offset = 0
        bench.take()
        await bench.until("ack 0")

    assert bench.happened == ["facts of 1", "reloaded", "facts of 1", "1 records", "ack 0"]


async def test_a_process_that_stood_still_sends_no_records() -> None:
    bench = Bench()
    bench.is_owner = False
    async with running(bench):
        bench.take()
        await bench.until("reloaded")

    assert bench.happened == ["facts of 1", "reloaded"]


async def test_a_full_unit_does_not_wait_for_the_interval() -> None:
    bench = Bench(interval_s=60.0, max_rows=30)
    async with running(bench):
        bench.take()
        await bench.until("ack 0")  # the first one is written at once
        bench.take(12)
        assert bench.flusher.is_full
        await bench.until("ack 12")
        await asyncio.wait_for(bench.flusher.wait_for_room(), 5)


async def test_what_changes_nothing_fills_a_unit_too() -> None:
    bench = Bench(max_rows=50)
    bench.gate = threading.Event()
    async with running(bench):
        bench.take()
        await bench.until("writing")  # as long as ClickHouse is away
        bench.take(24, value=encode_batch(BATCHES[0]))
        assert not bench.flusher.is_full
        bench.take(value=encode_batch(BATCHES[0]))
        assert bench.flusher.is_full
        assert bench.carrier.unit.facts == []
        bench.gate.set()
        await asyncio.wait_for(bench.flusher.wait_for_room(), 5)


async def test_the_fold_waits_while_the_unit_is_full_and_goes_on_when_it_is_dropped() -> None:
    bench = Bench(max_rows=1)
    bench.take()

    waiting = asyncio.create_task(bench.flusher.wait_for_room())
    await asyncio.sleep(0)
    assert not waiting.done()
    bench.carrier.forget()
    bench.flusher.dropped()
    await asyncio.wait_for(waiting, 5)


async def test_old_messages_are_acknowledged_without_a_write() -> None:
    async with running(Bench()) as bench:
        bench.take()
        await bench.until("ack 0")
        bench.take(value=encode_batch(BATCHES[0]))
        await bench.until("ack 1")

    assert bench.happened == ["facts of 1", "1 records", "ack 0", "ack 1"]
