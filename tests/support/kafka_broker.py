"""A real broker for tests: the embedded one, which can be frozen, ended and started again."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewTopic

from ingest_api.contract.topics import ALL_TOPICS
from local.broker import start_broker

PARTITIONS = 4
_READ_WITHIN_MS = 5_000


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

    def messages(self, topic: str, count: int) -> list[tuple[bytes, bytes]]:
        """Key and value of the first `count` messages; as `read_messages`."""
        return read_messages(self.bootstrap, topic, count)


def read_messages(bootstrap: str, topic: str, count: int) -> list[tuple[bytes, bytes]]:
    """Key and value of the first `count` messages, partition by partition in order.

    Fewer if no more come within five seconds.
    """
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        consumer_timeout_ms=_READ_WITHIN_MS,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    partitions = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    found: list[tuple[bytes, bytes]] = []
    if count:
        for record in consumer:
            found.append((record.key, record.value))
            if len(found) == count:
                break
    consumer.close()
    return found


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
