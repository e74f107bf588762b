"""A real broker for tests: the embedded one, which can be frozen, ended and started again."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewTopic
from kafka.consumer.fetcher import ConsumerRecord

from ingest_api.contract.topics import ALL_TOPICS
from local.broker import start_broker

# As many as the embedded broker gives a topic that somebody asks for before it is made: so they do
# not differ where clients look on while a broker comes back.
PARTITIONS = 4
_READ_WITHIN_S = 60


class RunningBroker:
    """One running broker of a test; it has the topics of the pipeline."""

    def __init__(self, bootstrap: str, pid: int) -> None:
        self.bootstrap = bootstrap
        self._pid = pid
        self._is_frozen = False

    def make_topics(self) -> None:
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        admin.create_topics([NewTopic(topic, PARTITIONS, 1) for topic in ALL_TOPICS])
        admin.close()

    def topics(self) -> set[str]:
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        try:
            return set(admin.list_topics())
        finally:
            admin.close()

    def freeze(self) -> None:
        """It stops answering, with its connections open."""
        os.kill(self._pid, signal.SIGSTOP)
        self._is_frozen = True

    def thaw(self) -> None:
        if self._is_frozen:
            os.kill(self._pid, signal.SIGCONT)
            self._is_frozen = False

    def messages(self, topic: str) -> list[tuple[bytes, bytes]]:
        """Key and value of every message of the topic; as `read_records`."""
        return read_messages(self.bootstrap, topic)


def read_records(bootstrap: str, topic: str) -> list[ConsumerRecord]:
    """Every record of the topic up to its end at this moment, partition by partition in order.

    The end is asked for, and not guessed from a silence: a busy machine is silent for seconds.
    """
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    try:
        partitions = [
            TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()
        ]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        found: list[ConsumerRecord] = []
        deadline = time.monotonic() + _READ_WITHIN_S
        while any(consumer.position(place) < end for place, end in ends.items()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{topic} could not be read to its end in {_READ_WITHIN_S} s")
            for records in consumer.poll(timeout_ms=100).values():
                found += records
    finally:
        consumer.close()
    return sorted(found, key=lambda record: (record.partition, record.offset))


def read_messages(bootstrap: str, topic: str) -> list[tuple[bytes, bytes]]:
    """Key and value of every message of the topic; as `read_records`."""
    return [(record.key, record.value) for record in read_records(bootstrap, topic)]


@contextmanager
def deaf_broker_at(port: int) -> Iterator[None]:
    """Something on a loopback port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", port), backlog=128):
        # The kernel accepts; nobody has to.
        yield


@contextmanager
def broker_at(port: int, log: Path, *, with_topics: bool = True) -> Iterator[RunningBroker]:
    """A broker on a loopback port while the block runs."""
    with start_broker(log, port) as (child, bootstrap):
        broker = RunningBroker(bootstrap, child.pid)
        if with_topics:
            broker.make_topics()
        try:
            yield broker
        finally:
            broker.thaw()
