"""What is gathered of the partitions while the broker does not answer, or takes one away."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from streams.processors import lookout as lookout_module
from streams.processors.lookout import Lookout
from streams.processors.source_watch import Sight

TOPIC = "pbx.events.v1"


class Consumer:
    """Faust's, as far as it is asked; `is_silent` while the broker does not answer."""

    def __init__(self, assigned: int) -> None:
        self.assigned = {TP(TOPIC, number) for number in range(assigned)}
        self.gone: set[TP] = set()
        self.is_silent = False
        self.asked = 0

    def assignment(self) -> set[TP]:
        return self.assigned

    def highwater(self, tp: TP) -> int:
        assert tp not in self.gone, "Partition is not assigned"
        return 7

    async def position(self, tp: TP) -> int:
        await self._answered()
        return 6 + tp.partition

    async def highwaters(self, *tps: TP) -> dict[TP, int]:
        self.asked += 1
        await self._answered()
        return dict.fromkeys(tps, 9)

    async def _answered(self) -> None:
        if self.is_silent:
            await asyncio.Event().wait()


def lookout(consumer: Consumer, *, is_full: bool) -> Lookout:
    app: Any = SimpleNamespace(
        consumer=consumer, conf=SimpleNamespace(broker_session_timeout=6.0), rebalancing=False
    )
    flusher: Any = SimpleNamespace(is_full=is_full)
    nothing: Any = None
    return Lookout(app, TOPIC, nothing, flusher, rewind=nothing, reload=nothing)


async def test_the_broker_is_asked_once_for_all_ends_while_nothing_is_fetched() -> None:
    consumer = Consumer(2)
    sights = await lookout(consumer, is_full=True)._sights({0: 5, 1: 5, 2: 5})
    assert sights == {0: Sight(5, 6, 9), 1: Sight(5, 7, 9), 2: Sight(5, None, None)}
    assert consumer.asked == 1


async def test_what_the_last_fetch_told_is_enough_while_messages_come() -> None:
    consumer = Consumer(1)
    assert await lookout(consumer, is_full=False)._sights({0: 5}) == {0: Sight(5, 6, 7)}
    assert consumer.asked == 0


async def test_a_silent_broker_costs_two_waits_however_many_partitions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One for each partition would pass for a process that stood still."""
    monkeypatch.setattr(lookout_module, "WATCH_INTERVAL_S", 0.1)
    consumer = Consumer(1_000)
    consumer.is_silent = True
    looking = lookout(consumer, is_full=True)._sights(dict.fromkeys(range(1_000), 5))
    sights = await asyncio.wait_for(looking, 60)  # not 100
    assert set(sights.values()) == {Sight(5, None, 7)}


async def test_a_partition_that_goes_meanwhile_is_not_known() -> None:
    consumer = Consumer(2)
    consumer.gone = {TP(TOPIC, 1)}
    sights = await lookout(consumer, is_full=False)._sights({0: 5, 1: 5})
    assert sights == {0: Sight(5, 6, 7), 1: Sight(5, 7, None)}
