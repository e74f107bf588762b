"""The real worker, `python -m streams worker`, with the real writer into the ClickHouse engine."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client
from prometheus_client.parser import text_string_to_metric_families

from local.broker import running_broker
from local.process import Child, free_port
from streams.domain.facts import FACT_TYPES, Fact, QueueCall, QueueWindow
from tests.integration.recorded_rows import expected_facts
from tests.integration.shift_of_sites import SourceMessage, shift
from tests.integration.stream_workers import PARTITIONS, feed
from tests.support.clickhouse_server import running_clickhouse

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

WITHIN_S = 60.0
POLL_S = 0.25


@pytest.fixture
def bootstrap(tmp_path: Path) -> Iterator[str]:
    with running_broker(tmp_path / "broker.log") as address:
        yield address


def settings(bootstrap: str, clickhouse_url: str) -> dict[str, str]:
    return {
        "KAFKA_BOOTSTRAP": bootstrap,
        "CLICKHOUSE_URL": clickhouse_url,
        "STREAMS_PARTITIONS": str(PARTITIONS),
        "STREAMS_SESSION_TIMEOUT_S": "3",
    }


@contextmanager
def worker(directory: Path, environment: dict[str, str]) -> Iterator[Child]:
    command = [sys.executable, "-m", "streams", "worker"]
    with Child("worker", command, directory / "worker.log", environment) as child:
        yield child


def streams(command: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "streams", command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def counts(client: Client) -> dict[str, tuple[int, int]]:
    """Rows and sum of versions of each table of facts."""
    found = {}
    for fact_type in FACT_TYPES:
        query = f"SELECT count(), sum(version) FROM callcentre.{fact_type.TABLE} FINAL"
        ((rows, versions),) = client.query(query).result_rows
        found[fact_type.TABLE] = (rows, versions)
    return found


def counted(facts: list[Fact]) -> dict[str, tuple[int, int]]:
    found = {fact_type.TABLE: (0, 0) for fact_type in FACT_TYPES}
    for fact in facts:
        rows, versions = found[fact.TABLE]
        found[fact.TABLE] = (rows + 1, (versions + fact.version) % 2**64)
    return found


def wait_for_counts(client: Client, facts: list[Fact]) -> None:
    expected = counted(facts)
    deadline = time.monotonic() + WITHIN_S
    while (found := counts(client)) != expected and time.monotonic() < deadline:
        time.sleep(POLL_S)
    assert found == expected


def outcomes(messages: list[SourceMessage], client: Client) -> tuple[list[object], list[object]]:
    """Queue calls by outcome with their sums: as the fold makes them, and as they can be read."""
    folded: dict[str, list[int]] = {}
    for fact in expected_facts(messages):
        if isinstance(fact, QueueCall):
            sums = folded.setdefault(fact.outcome, [0, 0, 0])
            sums[0] += 1
            sums[1] += fact.wait_ms or 0
            sums[2] += fact.talk_ms
    read = client.query(
        "SELECT toString(outcome) AS outcome, count(), sum(ifNull(wait_ms, 0)), sum(talk_ms) "
        "FROM callcentre.v_queue_calls GROUP BY outcome ORDER BY outcome"
    ).result_rows
    return [(outcome, *folded[outcome]) for outcome in sorted(folded)], list(read)


def test_the_tables_hold_what_the_fold_made(bootstrap: str, tmp_path: Path) -> None:
    messages = list(shift(sites=6, events_per_site=500, seed=31))
    port = free_port()
    with running_clickhouse(tmp_path / "clickhouse", is_migrated=False) as clickhouse:
        environment = settings(bootstrap, clickhouse.url) | {
            "STREAMS_METRICS_PORT": str(port),
            "STREAMS_RECONCILE_INTERVAL_S": "1",
        }
        assert streams("topics", environment).returncode == 0
        assert streams("migrate", environment).returncode == 0
        assert "is current" in streams("migrate", environment).stdout
        client = clickhouse.connect()
        with worker(tmp_path, environment):
            feed(bootstrap, messages).join()
            wait_for_counts(client, list(expected_facts(messages)))
            wait_for_reconciliation(port)
        folded, read = outcomes(messages, client)
        assert read == folded
        query = "SELECT sum(offered) FROM callcentre.v_queue_windows"
        ((offered,),) = client.query(query).result_rows
        windows = [f for f in expected_facts(messages) if isinstance(f, QueueWindow)]
        assert offered == sum(window.offered for window in windows)


def test_kills_of_the_worker_and_of_clickhouse_change_nothing(
    bootstrap: str, tmp_path: Path
) -> None:
    messages = list(shift(sites=6, events_per_site=1_500, seed=32))
    port = free_port()
    with running_clickhouse(tmp_path / "clickhouse", port=port) as clickhouse:
        environment = settings(bootstrap, clickhouse.url)
        assert streams("topics", environment).returncode == 0
    with worker(tmp_path, environment) as first:
        feeding = feed(bootstrap, messages, seconds=15)
        with running_clickhouse(tmp_path / "clickhouse", port=port) as clickhouse:
            wait_for_rows(clickhouse.connect())
            os.kill(clickhouse.process.pid, 9)
        os.kill(first.pid, 9)
    with (
        worker(tmp_path, environment),
        running_clickhouse(tmp_path / "clickhouse", port=port) as clickhouse,
    ):
        feeding.join()
        client = clickhouse.connect()
        wait_for_counts(client, list(expected_facts(messages)))
        folded, read = outcomes(messages, client)
        assert read == folded


def wait_for_reconciliation(port: int) -> None:
    """Until the worker has compared the windows with their queue calls; they must be equal."""
    deadline = time.monotonic() + WITHIN_S
    found = {"streams_reconciled_timestamp_seconds": 0.0}
    while not found["streams_reconciled_timestamp_seconds"] and time.monotonic() < deadline:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=WITHIN_S) as page:
            text = page.read().decode()
        found = {
            sample.name: sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
        time.sleep(POLL_S)
    assert found["streams_reconciled_timestamp_seconds"] > 0
    assert found["streams_window_differences"] == 0


def wait_for_rows(client: Client) -> None:
    deadline = time.monotonic() + WITHIN_S
    while counts(client)["queue_calls"][0] < 50 and time.monotonic() < deadline:
        time.sleep(POLL_S)


def test_a_worker_without_topics_says_what_is_missing(bootstrap: str) -> None:
    ended = streams("worker", settings(bootstrap, "http://127.0.0.1:1"))

    assert ended.returncode == 1
    assert ended.stderr.strip() == "topic pbx.events.v1 is missing: run `python -m streams topics`"


def test_a_wrong_setting_is_named() -> None:
    ended = streams("worker", settings("nonsense", "http://127.0.0.1:1"))

    assert ended.returncode == 2
    assert "KAFKA_BOOTSTRAP must be host:port" in ended.stderr
