"""What is waited for at each message: as Faust waits, where it does not come at once."""

import asyncio

import faust
import pytest

from streams.processors.source_consumer import SourceConsumer, source_transport


async def nothing(_told: object) -> None:
    """Is told, and does nothing."""


@pytest.fixture
async def consumer() -> SourceConsumer:
    app = faust.App("unit", broker="kafka://127.0.0.1:1", web_enabled=False)
    made = source_transport(app, dict).create_consumer(
        callback=nothing, on_partitions_revoked=nothing, on_partitions_assigned=nothing
    )
    assert isinstance(made, SourceConsumer)
    return made


def others() -> int:
    return len(asyncio.all_tasks()) - 1


async def test_what_is_done_at_once_is_not_waited_for(consumer: SourceConsumer) -> None:
    suspended = asyncio.Event()

    async def handed_on() -> str:
        return "taken"

    waited = await consumer.wait_first(handed_on(), suspended.wait())
    assert (waited.results, waited.stopped) == (["taken"], False)
    assert others() == 0


async def test_what_takes_longer_is_waited_for(consumer: SourceConsumer) -> None:
    room = asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, room.set)
    waited = await consumer.wait_first(room.wait(), asyncio.Event().wait())
    assert (waited.results, waited.stopped) == ([True], False)


async def test_a_flow_that_is_stopped_ends_the_wait(consumer: SourceConsumer) -> None:
    suspended = asyncio.Event()
    is_given_up = asyncio.Event()

    async def no_room() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            is_given_up.set()

    asyncio.get_running_loop().call_later(0.01, suspended.set)
    waited = await consumer.wait_first(no_room(), suspended.wait())
    assert waited.results == [True]
    await is_given_up.wait()


async def test_an_error_is_the_callers(consumer: SourceConsumer) -> None:
    async def broken() -> None:
        raise ValueError("no such stream")

    with pytest.raises(ValueError, match="no such stream"):
        await consumer.wait_first(broken(), asyncio.Event().wait())


async def test_who_is_cancelled_leaves_nothing_behind(consumer: SourceConsumer) -> None:
    async def no_room() -> None:
        await asyncio.Event().wait()

    waiting = asyncio.ensure_future(consumer.wait_first(no_room(), asyncio.Event().wait()))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.sleep(0)
    assert others() == 0


async def test_a_consumer_that_is_stopped_waits_for_nothing(consumer: SourceConsumer) -> None:
    consumer._stopped.set()
    waited = await consumer.wait_first(asyncio.Event().wait(), asyncio.Event().wait())
    assert waited.stopped
