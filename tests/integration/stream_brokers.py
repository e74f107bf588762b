"""A broker with the empty topics of the pipeline: the embedded one, or a real Kafka by address.

The names of topics and group are the product's own, so a Kafka by address must have none of them
before; one test after the other has it, whichever process runs them.
"""

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from ingest_api.contract.topics import ALL_TOPICS
from local.broker import running_broker
from streams.names import SITE_CHANGELOG
from streams.topics import create_topics
from tests.integration.stream_workers import PARTITIONS
from tests.support.real_servers import real_kafka

BROKERS = ["embedded", pytest.param("real", marks=pytest.mark.real)]
"""Parameters of a fixture: a test is run on each of them that can be had."""


@contextmanager
def broker_with_topics(kind: str, directory: Path) -> Iterator[str]:
    """The bootstrap address of a broker of this kind while the block runs."""
    if kind == "real":
        with _one_at_a_time(), real_kafka() as address, _topics(address):
            yield address
        return
    with running_broker(directory / "broker.log") as address:
        create_topics(address, PARTITIONS, 1)
        yield address


@contextmanager
def _topics(bootstrap: str) -> Iterator[None]:
    ours = {*ALL_TOPICS, SITE_CHANGELOG}
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        if there := ours & set(admin.list_topics()):
            pytest.fail(f"KAFKA_BOOTSTRAP has the topics {sorted(there)}: name a Kafka without")
        create_topics(bootstrap, PARTITIONS, 1)
        try:
            yield
        finally:
            admin.delete_topics(sorted(ours))
    finally:
        admin.close()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with (Path(tempfile.gettempdir()) / "call-centre-tests-on-real-kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
