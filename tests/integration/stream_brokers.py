"""A broker with the empty topics of the pipeline: the embedded one, or a real Kafka by address.

The names of topics and group are the product's own, so a Kafka by address must have none of them
before; one test after the other has it, whichever process runs them. Without an address the tests
of `test_streams_on_kafka.py` alone run on a Kafka, one of their own.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from ingest_api.contract.topics import ALL_TOPICS
from local.broker import running_broker
from streams.names import CHAT_CHANGELOG, SITE_CHANGELOG
from streams.topics import create_topics
from tests.integration.stream_workers import PARTITIONS

_ADDRESS = os.environ.get("KAFKA_BOOTSTRAP", "")

BROKERS = ["embedded", *([pytest.param("real", marks=pytest.mark.real)] if _ADDRESS else [])]
"""Parameters of a fixture: a test is run on each of them."""


@contextmanager
def broker_with_topics(kind: str, directory: Path) -> Iterator[str]:
    """The bootstrap address of a broker of this kind while the block runs."""
    if kind == "real":
        with _one_at_a_time(), _topics(_ADDRESS):
            yield _ADDRESS
        return
    with running_broker(directory / "broker.log") as address:
        create_topics(address, PARTITIONS, 1)
        yield address


@contextmanager
def _topics(bootstrap: str) -> Iterator[None]:
    ours = {*ALL_TOPICS, SITE_CHANGELOG, CHAT_CHANGELOG}
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
