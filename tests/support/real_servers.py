"""A real ClickHouse, Kafka and Grafana: by address, else in a container, else skipped loudly.

Kafka also comes without Docker, as a Java program from Maven's registry.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from docker.errors import DockerException
from testcontainers.community.clickhouse import ClickHouseContainer
from testcontainers.community.kafka import KafkaContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from grafana.data_source import PLUGIN, PLUGIN_VERSION
from local.process import free_port
from tests.support.apache_kafka import ApacheKafka, KafkaMissingError
from tests.support.compose import SERVICES

# Those that are deployed.
_CLICKHOUSE_IMAGE = SERVICES["clickhouse"]["image"]
_GRAFANA_IMAGE = SERVICES["grafana"]["image"]
_KAFKA_IMAGE = "confluentinc/cp-kafka:7.6.0"
_USER = "test"
_PASSWORD = "made-up-password"


@contextmanager
def real_clickhouse() -> Iterator[str]:
    """The address of a ClickHouse, with a user in it who may do everything."""
    address = os.environ.get("CLICKHOUSE_URL")
    if address:
        yield address
        return
    if not has_docker():
        _skip("ClickHouse", "CLICKHOUSE_URL=http://user:password@host:port")
    with ClickHouseContainer(_CLICKHOUSE_IMAGE, username=_USER, password=_PASSWORD) as container:
        host, port = container.get_container_host_ip(), container.get_exposed_port(8123)
        yield f"http://{_USER}:{_PASSWORD}@{host}:{port}"


@contextmanager
def real_grafana() -> Iterator[tuple[str, str, str]]:
    """Address, user and password of a Grafana's administrator; it reaches what listens here."""
    address = os.environ.get("GRAFANA_URL")
    if address:
        user = os.environ.get("GRAFANA_ADMIN_USER", "admin")
        yield address, user, os.environ["GRAFANA_ADMIN_PASSWORD"]
        return
    if not has_docker():
        _skip("Grafana", "GRAFANA_URL=… GRAFANA_ADMIN_PASSWORD=…")
    port = free_port()
    container = (
        DockerContainer(_GRAFANA_IMAGE, network_mode="host")
        .with_env("GF_SERVER_HTTP_ADDR", "127.0.0.1")
        .with_env("GF_SERVER_HTTP_PORT", str(port))
        .with_env("GF_SECURITY_ADMIN_PASSWORD", _PASSWORD)
        .with_env("GF_PLUGINS_PREINSTALL_SYNC", f"{PLUGIN}@{PLUGIN_VERSION}")
        .waiting_for(LogMessageWaitStrategy("HTTP Server Listen"))
    )
    with container:
        yield f"http://127.0.0.1:{port}", "admin", _PASSWORD


@contextmanager
def real_kafka() -> Iterator[str]:
    """The bootstrap address of a Kafka."""
    address = os.environ.get("KAFKA_BOOTSTRAP")
    if address:
        yield address
        return
    if has_docker():
        with KafkaContainer(_KAFKA_IMAGE).with_kraft() as container:
            yield container.get_bootstrap_server()
        return
    with tempfile.TemporaryDirectory() as directory:
        try:
            kafka = ApacheKafka(Path(directory))
        except KafkaMissingError as error:
            _skip(f"Kafka ({error})", "KAFKA_BOOTSTRAP=host:port")
        with kafka.start():
            yield kafka.bootstrap


def has_docker() -> bool:
    """Whether a Docker daemon answers here."""
    try:
        DockerClient().client.ping()
    except DockerException:
        return False
    return True


def _skip(server: str, setting: str) -> NoReturn:
    pytest.skip(
        f"No real {server}: start Docker, or name a server: {setting} make test-integration"
    )
