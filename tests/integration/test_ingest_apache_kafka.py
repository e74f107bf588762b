"""The publisher against Apache Kafka itself, killed and frozen under it."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest_api.contract.topics import PBX_EVENTS
from ingest_api.errors import UnavailableError
from ingest_api.kafka_publisher import KafkaPublisher
from tests.support.apache_kafka import ApacheKafka, KafkaMissingError
from tests.support.kafka_broker import RunningBroker, read_messages

# Its jars may have to be fetched first.
pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

SITES = 6
BATCHES = 40


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[ApacheKafka]:
    try:
        yield ApacheKafka(tmp_path / "kafka")
    except KafkaMissingError as error:
        pytest.skip(f"No Apache Kafka: {error}")


async def test_killed_and_frozen_it_loses_nothing_and_keeps_the_order(kafka: ApacheKafka) -> None:
    attempts = 0
    are_under_way = asyncio.Event()
    child = await asyncio.to_thread(kafka.start)

    async def send_all(publisher: KafkaPublisher, site: int) -> None:
        """One batch at a time, sent again until it is acknowledged, as a collector does."""
        nonlocal attempts
        for number in range(BATCHES):
            is_written = False
            while not is_written:
                attempts += 1
                with contextlib.suppress(UnavailableError):
                    await publisher.publish(b"acme/pbx-%d" % site, [b"%d" % number])
                    is_written = True
            if number == BATCHES // 4:
                are_under_way.set()
            await asyncio.sleep(0.1)

    async def disturb() -> None:
        nonlocal child
        await are_under_way.wait()
        os.kill(child.pid, signal.SIGKILL)
        await asyncio.to_thread(child.stop)
        child = await asyncio.to_thread(kafka.start)
        os.kill(child.pid, signal.SIGSTOP)
        await asyncio.sleep(2.5)
        os.kill(child.pid, signal.SIGCONT)

    try:
        await asyncio.to_thread(RunningBroker(kafka.bootstrap, child.pid).make_topics)
        publisher = KafkaPublisher(kafka.bootstrap, PBX_EVENTS, 1 << 20)
        await publisher.start()
        await asyncio.gather(disturb(), *(send_all(publisher, site) for site in range(SITES)))
        await publisher.close()
        written = await asyncio.to_thread(read_messages, kafka.bootstrap, PBX_EVENTS)
    finally:
        child.stop()
    seen: dict[bytes, list[int]] = {}
    for key, value in written:
        seen.setdefault(key, []).append(int(value))
    # What was given up may have been written all the same: it comes twice, never too late.
    expected = list(range(BATCHES))
    assert {key: list(dict.fromkeys(numbers)) for key, numbers in seen.items()} == {
        b"acme/pbx-%d" % site: expected for site in range(SITES)
    }
    assert attempts > SITES * BATCHES
