"""Faust's consumer, taught to begin where the fold stands, and to be sent back.

Written against faust-streaming 0.15.3 (a test holds the version). Faust believes the group's
committed offset, which passes holes (`Consumer._add_gap` counts what a seek jumped over as
acknowledged), and seeks to it in two places: at the end of a table recovery
(`Recovery.on_recovery_completed`), while the flow already runs, after which `flow_control.resume`
empties the streams' queues while the fetcher goes on behind them: what was queued is lost without a
word. And in `Consumer.getmany`, whenever the flow was stopped meanwhile.

`perform_seek` is the one method behind both. Here it stops the flow first, so that nothing is
fetched until Faust resumes it, and seeks to the fold's own positions.

A bare `consumer.seek` is undone by records in flight, which set `_read_offset`;
`wait_for_stopped_flow` never waits (its event is never cleared). What slips through in spite of all
this is caught by the partition's cursor.
"""

from collections.abc import Callable, Mapping
from typing import cast

import structlog
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, AppT

Positions = Callable[[], Mapping[TP, int]]

_log = structlog.get_logger()


def source_transport(app: AppT, positions: Positions) -> driver.Transport:
    """A transport whose consumer reads its source partitions from `positions`."""

    class SourceConsumer(driver.Consumer):
        async def perform_seek(self) -> None:
            self.stop_flow()
            await _seek(self, positions())

    class SourceTransport(driver.Transport):
        Consumer = SourceConsumer

    return SourceTransport(app.conf.broker_consumer, app)


async def rewind(app: AppT, positions: Positions) -> None:
    """Read again from `positions`, which must name every source partition of the app.

    All of them, because stopping the flow throws away a fetch that held messages of every
    partition, and clearing the flow control empties the queue of every stream. During a rebalance
    nothing is done: Faust seeks at its end. If the broker does not answer it is only logged:
    nothing comes, and whoever watches for that tries again.
    """
    if app.rebalancing:
        return
    consumer = cast("driver.Consumer", app.consumer)
    generation = app.consumer_generation_id
    consumer.stop_flow()
    try:
        await _seek(consumer, positions())
    except (TimeoutError, KafkaError) as error:
        _log.warning("cannot seek", reason=repr(error))
    if not app.rebalancing and generation == app.consumer_generation_id:
        app.flow_control.clear()
        consumer.resume_flow()


async def _seek(consumer: driver.Consumer, positions: Mapping[TP, int]) -> None:
    """Seek the partitions that are assigned."""
    assigned = consumer.assignment()
    wanted = {tp: offset for tp, offset in positions.items() if tp in assigned}
    if wanted:
        await consumer.seek_wait(wanted)
    for tp in wanted:
        # Faust takes no acknowledgement below it, and after a seek back it is no longer true.
        consumer._committed_offset[tp] = None  # noqa: SLF001
