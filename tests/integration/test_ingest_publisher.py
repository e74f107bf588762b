"""The Kafka publisher against a real broker."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ingest_api.broker_probe import NO_ANSWER
from ingest_api.contract.topics import PBX_EVENTS
from ingest_api.errors import UnavailableError
from ingest_api.kafka_publisher import KafkaPublisher
from local.process import free_port
from tests.support.kafka_broker import RunningBroker, broker_at
from tests.support.publisher_behaviour import (
    ACK_TIMEOUT_S,
    MAX_IN_FLIGHT_BYTES,
    PublisherBehaviour,
    PublisherUnderTest,
)

pytestmark = pytest.mark.integration

KEY = b"acme/pbx-01"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RunningBroker]:
    with broker_at(free_port(), tmp_path / "broker.log") as running:
        yield running


async def publish_until_acknowledged(publisher: KafkaPublisher, value: bytes) -> None:
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(UnavailableError):
                await publisher.publish(KEY, [value])
                return


class TestKafkaPublisher(PublisherBehaviour):
    @pytest.fixture
    async def under_test(self, broker: RunningBroker) -> AsyncIterator[PublisherUnderTest]:
        publisher = KafkaPublisher(broker.bootstrap, PBX_EVENTS, MAX_IN_FLIGHT_BYTES, ACK_TIMEOUT_S)
        await publisher.start()
        await publish_until_acknowledged(publisher, b"warm")
        yield PublisherUnderTest(
            publisher,
            go_away=broker.freeze,
            come_back=broker.thaw,
            written=lambda: broker.messages(PBX_EVENTS)[1:],
        )
        broker.thaw()
        await publisher.close()


async def test_it_recovers_from_a_broker_that_comes_back_without_its_memory(
    tmp_path: Path,
) -> None:
    port = free_port()
    publisher = KafkaPublisher(f"127.0.0.1:{port}", PBX_EVENTS, 1 << 20)
    await publisher.start()
    with pytest.raises(UnavailableError):
        await publisher.publish(KEY, [b"nobody there"])
    for life in range(3):
        with broker_at(port, tmp_path / "broker.log") as broker:
            await publish_until_acknowledged(publisher, b"life %d" % life)
            assert broker.messages(PBX_EVENTS)[:1] == [(KEY, b"life %d" % life)]
    await publisher.close()


async def test_a_publisher_closed_as_the_broker_fails_still_says_why() -> None:
    publisher = KafkaPublisher(f"127.0.0.1:{free_port()}", PBX_EVENTS, 1 << 20)
    await publisher.start()
    with capture_logs() as logs:
        with pytest.raises(UnavailableError):
            await publisher.publish(KEY, [b"nobody there"])
        await publisher.close()
    assert [entry["event"] for entry in logs] == ["broker_does_not_acknowledge"]
    assert logs[0]["problem"] == NO_ANSWER


async def test_closing_leaves_nothing_behind_however_much_waits_for_a_broker_that_is_away() -> None:
    """Each message by itself would wait for a connection: sixty of them for half a minute."""
    publisher = KafkaPublisher(f"127.0.0.1:{free_port()}", PBX_EVENTS, 1 << 20)
    await publisher.start()
    waiting = [asyncio.create_task(publisher.publish(KEY, [b"nobody there"])) for _ in range(60)]
    await asyncio.sleep(0)
    await publisher.close()
    assert (publisher.in_flight_bytes, publisher.counts.not_sent) == (0, 60)
    assert not [thread.name for thread in threading.enumerate() if "kafka" in thread.name]
    for outcome in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(outcome, UnavailableError)


async def test_a_missing_topic_is_named_and_not_made(tmp_path: Path) -> None:
    with broker_at(free_port(), tmp_path / "broker.log", with_topics=False) as broker:
        publisher = KafkaPublisher(broker.bootstrap, PBX_EVENTS, 1 << 20)
        await publisher.start()
        with pytest.raises(UnavailableError):
            await publisher.publish(KEY, [b"x"])
        (problem,) = await publisher.problems()
        assert PBX_EVENTS in problem
        assert broker.topics() == set()
        broker.make_topics()
        await publish_until_acknowledged(publisher, b"y")
        await publisher.close()


async def test_parts_of_a_batch_never_overtake_each_other(broker: RunningBroker) -> None:
    publisher = KafkaPublisher(broker.bootstrap, PBX_EVENTS, 1 << 24)
    await publisher.start()
    await publish_until_acknowledged(publisher, b"warm")
    broker.freeze()
    with pytest.raises(UnavailableError):
        await publisher.publish(KEY, [b"first", b"second"])
    broker.thaw()
    await publish_until_acknowledged(publisher, b"after")
    values = [value for _, value in broker.messages(PBX_EVENTS)]
    assert b"second" not in values
    assert values[-1] == b"after"
    await publisher.close()


async def test_closing_writes_what_was_handed_over_and_ends_the_threads(
    broker: RunningBroker,
) -> None:
    publisher = KafkaPublisher(broker.bootstrap, PBX_EVENTS, 1 << 20)
    await publisher.start()
    await publish_until_acknowledged(publisher, b"warm")
    last = asyncio.create_task(publisher.publish(KEY, [b"last"]))
    await asyncio.sleep(0)
    await publisher.close()
    await last
    assert not [thread.name for thread in threading.enumerate() if "kafka" in thread.name]


async def test_a_producer_that_leaves_messages_without_an_outcome_is_replaced(
    broker: RunningBroker,
) -> None:
    publisher = KafkaPublisher(
        broker.bootstrap, PBX_EVENTS, 1 << 20, ACK_TIMEOUT_S, stuck_after_s=0.1
    )
    await publisher.start()
    await publish_until_acknowledged(publisher, b"warm")
    stuck = publisher._feeder
    taken, stuck._handed_over = stuck._handed_over, queue.SimpleQueue()
    with pytest.raises(UnavailableError):
        await publisher.publish(KEY, [b"nobody takes it"])
    assert publisher.in_flight_bytes > 0
    await publish_until_acknowledged(publisher, b"after")
    assert publisher._feeder is not stuck
    assert publisher.in_flight_bytes == 0
    assert publisher.counts.stuck >= 1
    assert publisher.counts.in_flight == 0
    taken.put(None)
    await publisher.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_feeder_that_died_is_replaced(broker: RunningBroker) -> None:
    publisher = KafkaPublisher(broker.bootstrap, PBX_EVENTS, 1 << 20, ACK_TIMEOUT_S)
    await publisher.start()
    await publish_until_acknowledged(publisher, b"warm")
    publisher._feeder.put(["no message"])  # type: ignore[list-item]
    publisher._feeder.join()
    await publish_until_acknowledged(publisher, b"after")
    assert publisher.counts.producers == 2
    await publisher.close()
