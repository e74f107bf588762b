"""The embedded broker answers as Kafka, and is gone with its block."""

import socket
from pathlib import Path

import pytest
from kafka import KafkaProducer

from local import broker
from local.process import free_port

pytestmark = pytest.mark.integration


def test_a_running_broker_takes_messages(tmp_path: Path) -> None:
    with broker.running_broker(tmp_path / "broker.log") as bootstrap:
        assert broker.answers(bootstrap)
        assert broker.answers(f"127.0.0.1:{free_port()}, {bootstrap}")
        producer = KafkaProducer(bootstrap_servers=bootstrap)
        stored = producer.send("made-up", b"hello").get(10)
        producer.close()
        assert stored.offset == 0
    assert not broker.answers(bootstrap)


def test_whatever_else_listens_is_no_broker() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        assert not broker.answers(f"127.0.0.1:{deaf.getsockname()[1]}")
