"""Faust's consumer, taught to begin where the fold stands, and to be sent back.

Written against faust-streaming 0.15.3 (a test holds the version). Faust believes the group's
committed offset, which passes holes (`Consumer._add_gap` counts what a seek jumped over as
acknowledged), and seeks to it in two places: at the end of a table recovery
(`Recovery.on_recovery_completed`), while the flow already runs, after which `flow_control.resume`
empties the streams' queues while the fetcher goes on behind them: what was queued is lost without a
word. And in `Consumer.getmany`, whenever the flow was stopped meanwhile.

`perform_seek` is the one method behind both. Here it stops the flow first, so that nothing is
fetched until Faust resumes it, and seeks to the fold's own positions.

A seek does not reach what is under way: the records of a fetch that is still awaited, and the
message that Faust's drain loop is handing on, whose offset it notes in `_read_offset` afterwards;
everything below that is then dropped without a word. So the loop is waited for, until it has come
to rest at the stopped flow. (`wait_for_stopped_flow` is meant for that and never waits: its event
is never cleared.) What slips through in spite of all this is caught by the partition's cursor.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, AppT
from mode.services import WaitArgT, WaitResults
from mode.utils.times import Seconds

Positions = Callable[[], Mapping[TP, int]]

_log = structlog.get_logger()


REST_WITHIN_S = 5.0
"""A drain loop that is not at rest by then is not running."""


FETCH_MAX_WAIT_MS = 100
"""So long a broker may hold an empty answer back. Some hold it whatever comes meanwhile."""


class SourceConsumerThread(driver.AIOKafkaConsumerThread):
    """As Faust's, which asks the broker to hold an empty answer back for 1.5 s."""

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_MAX_WAIT_MS  # noqa: SLF001 - read when it is started
        return consumer


class SourceConsumer(driver.Consumer):
    """Reads its source partitions from where the fold stands."""

    positions: Positions
    """Where the fold stands in every source partition; set by `source_transport`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As Faust's consumer."""
        super().__init__(*args, **kwargs)
        self._at_rest = asyncio.Event()
        self._drain_loop: asyncio.Task[object] | None = None

    def _new_consumer_thread(self) -> SourceConsumerThread:
        return SourceConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def wait_first(
        self,
        *coros: WaitArgT,
        timeout: Seconds = None,  # type: ignore[assignment]  # noqa: ASYNC109 - as Faust has it
    ) -> WaitResults:
        """As Faust's, without its four tasks where what is waited for first is done at once.

        Faust hands each message on through this, and as a rule there is room for it: a fifth of
        what a message costs beside its events (docs/adr/0021).
        """
        first, *others = coros
        if not asyncio.iscoroutine(first) or self._stopped.is_set() or self._crashed.is_set():
            return await super().wait_first(*coros, timeout=timeout)
        task = asyncio.ensure_future(first)
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            task.cancel()
            _close(others)
            raise
        if not task.done():
            return await super().wait_first(task, *others, timeout=timeout)
        _close(others)
        return WaitResults([first], [task.result()], stopped=False)

    async def perform_seek(self) -> None:
        """Stop the flow and seek to the fold's positions; who called resumes the flow."""
        self.stop_flow()
        if asyncio.current_task() is not self._drain_loop:
            await self._until_at_rest()
        await self._seek_source()

    async def rewind(self) -> None:
        """Read again from the fold's positions.

        All source partitions of the app, because stopping the flow throws away a fetch that held
        messages of every partition, and clearing the flow control empties the queue of every
        stream. During a rebalance nothing is done: Faust seeks at its end. If the broker does not
        answer it is only logged: nothing comes, and whoever watches for that tries again.
        """
        app = self.app
        if app.rebalancing:
            return
        generation = app.consumer_generation_id
        self.stop_flow()
        try:
            await self._until_at_rest()
            await self._seek_source()
        except (TimeoutError, KafkaError) as error:
            _log.warning("cannot seek", reason=repr(error))
        if not app.rebalancing and generation == app.consumer_generation_id:
            app.flow_control.clear()
            self.resume_flow()

    async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's own name
        self._drain_loop = asyncio.current_task()
        if not self.flow_active:
            self._at_rest.set()
            await self.wait(self.can_resume_flow)  # type: ignore[arg-type] # as Faust does
            self._at_rest.clear()
        return await super()._wait_next_records(timeout)

    async def _until_at_rest(self) -> None:
        if self._drain_loop is None or self._drain_loop.done():
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._at_rest.wait(), REST_WITHIN_S)

    async def _seek_source(self) -> None:
        assigned = self.assignment()
        wanted = {tp: offset for tp, offset in self.positions().items() if tp in assigned}
        if wanted:
            await self.seek_wait(wanted)
        for tp in wanted:
            # Faust takes no acknowledgement below it, and after a seek back it is no longer true.
            self._committed_offset[tp] = None


def _close(waits: Iterable[WaitArgT]) -> None:
    """Nobody will wait for these."""
    for wait in waits:
        if asyncio.iscoroutine(wait):
            wait.close()


def source_transport(app: AppT, fold_positions: Positions) -> driver.Transport:
    """A transport whose consumer reads its source partitions from `fold_positions`."""

    class PositionedConsumer(SourceConsumer):
        positions = staticmethod(fold_positions)

    class SourceTransport(driver.Transport):
        Consumer = PositionedConsumer

    return SourceTransport(app.conf.broker_consumer, app)
