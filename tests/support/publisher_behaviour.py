"""What every `Publisher` must do; run against the real one and against its double."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import NamedTuple

import pytest

from ingest_api.errors import UnavailableError
from ingest_api.publisher import Publisher

MAX_IN_FLIGHT_BYTES = 10_000
ACK_TIMEOUT_S = 0.5
SLACK_S = 1.5

Written = list[tuple[bytes, bytes]]


class PublisherUnderTest(NamedTuple):
    """A started publisher, and the means of a test to disturb its broker."""

    publisher: Publisher
    go_away: Callable[[], None]
    come_back: Callable[[], None]
    written: Callable[[], Written]


class PublisherBehaviour:
    """Subclasses give the fixture `under_test`."""

    async def test_messages_of_a_key_are_written_in_order(
        self, under_test: PublisherUnderTest
    ) -> None:
        for number in range(5):
            await under_test.publisher.publish(b"acme/pbx-01", [b"%d" % number, b"+"])
        values = [value for _, value in under_test.written()]
        assert values == [b"0", b"+", b"1", b"+", b"2", b"+", b"3", b"+", b"4", b"+"]

    async def test_the_key_is_written(self, under_test: PublisherUnderTest) -> None:
        await under_test.publisher.publish(b"acme/pbx-01", [b"x"])
        assert under_test.written() == [(b"acme/pbx-01", b"x")]

    async def test_nothing_is_published_at_once(self, under_test: PublisherUnderTest) -> None:
        under_test.go_away()
        await under_test.publisher.publish(b"acme/pbx-01", [])

    async def test_a_broker_that_is_away_is_told_in_time(
        self, under_test: PublisherUnderTest
    ) -> None:
        under_test.go_away()
        started = time.monotonic()
        answers = await asyncio.gather(
            *(under_test.publisher.publish(b"acme/pbx-01", [b"x", b"y"]) for _ in range(20)),
            return_exceptions=True,
        )
        assert time.monotonic() - started < ACK_TIMEOUT_S + SLACK_S
        assert {type(answer) for answer in answers} == {UnavailableError}

    async def test_it_writes_again_when_the_broker_is_back(
        self, under_test: PublisherUnderTest
    ) -> None:
        under_test.go_away()
        with pytest.raises(UnavailableError):
            await under_test.publisher.publish(b"acme/pbx-01", [b"lost or late"])
        under_test.come_back()
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(UnavailableError):
                    await under_test.publisher.publish(b"acme/pbx-01", [b"again"])
                    break
        async with asyncio.timeout(60):
            # The port tells sizes, not moments.
            while under_test.publisher.in_flight_bytes:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def test_more_than_may_be_in_flight_is_refused_at_once(
        self, under_test: PublisherUnderTest
    ) -> None:
        under_test.go_away()
        waiting = asyncio.create_task(
            under_test.publisher.publish(b"acme/pbx-01", [bytes(MAX_IN_FLIGHT_BYTES)])
        )
        await asyncio.sleep(0)
        assert under_test.publisher.in_flight_bytes == MAX_IN_FLIGHT_BYTES
        with pytest.raises(UnavailableError):
            await under_test.publisher.publish(b"acme/pbx-02", [b"x"])
        with pytest.raises(UnavailableError):
            await waiting

    async def test_it_says_what_the_problem_is(self, under_test: PublisherUnderTest) -> None:
        assert await under_test.publisher.problems() == []
        under_test.go_away()
        async with asyncio.timeout(60):
            while not await under_test.publisher.problems():  # noqa: ASYNC110
                await asyncio.sleep(0.1)
