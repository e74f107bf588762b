"""Faults that stream processors are known for, each with the numbers that are right.

Real workers over one broker; every case has tenants of its own. Windows are ours, a quarter of an
hour long.
"""

import time
import urllib.request
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from kafka import KafkaAdminClient
from kafka.partitioner.default import murmur2
from prometheus_client.parser import text_string_to_metric_families

from ingest_api.contract.published import encode_batch
from ingest_api.contract.topics import site_key
from local.broker import running_broker
from local.process import LOOPBACK, free_port
from streams.domain.facts import AgentState, CoverageGap, Fact, QueueCall, QueueWindow
from streams.domain.site_state import SiteState, decode_state
from streams.names import SITE_CHANGELOG
from streams.processors.site_record import record_state
from streams.topics import create_topics
from tests.integration.recorded_rows import written_rows
from tests.integration.shift_of_sites import SourceMessage
from tests.integration.silent_gate import silent_gate
from tests.integration.stream_workers import PARTITIONS, Workers, feed, workers
from tests.integration.test_streams_clickhouse import settings, worker
from tests.support.batches import SPOOL, batch_of, published
from tests.support.clickhouse_server import running_clickhouse
from tests.support.kafka_broker import read_messages
from tests.support.stories import Story, ms

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

WINDOW_MS = 15 * 60_000
HOUR_MS = 60 * 60_000
POLL_S = 0.1

FactT = TypeVar("FactT", bound=Fact)


@pytest.fixture(scope="module")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_broker(tmp_path_factory.mktemp("broker") / "broker.log") as address:
        create_topics(address, PARTITIONS, 1)
        yield address


def messages_of(
    tenant: str, story: Story, size: int, received_at: int | None = None
) -> list[SourceMessage]:
    """The story as messages of one tenant, `size` events each."""
    numbered = published(story.events)
    batches = [
        batch_of(
            numbered[first : first + size],
            site=story.site,
            spool=f"{SPOOL}-{tenant}",
            tenant=tenant,
            received_at=received_at,
        )
        for first in range(0, len(numbered), size)
    ]
    return [SourceMessage(site_key(tenant, story.site), encode_batch(batch)) for batch in batches]


def partition(tenant: str, site: str) -> int:
    """Where the messages of a site go."""
    number: int = murmur2(site_key(tenant, site)) & 0x7FFFFFFF
    return number % PARTITIONS


def stored(group: Workers, tenant: str, fact_type: type[FactT]) -> list[FactT]:
    """Rows of one table and tenant."""
    return [
        msgspec.json.decode(row, type=fact_type)
        for key, row in written_rows(group.rows).items()
        if key.startswith(f'["{fact_type.TABLE}","{tenant}",')
    ]


def offered(group: Workers, tenant: str) -> int:
    return sum(window.offered for window in stored(group, tenant, QueueWindow))


def waiting(group: Workers, tenant: str) -> set[str]:
    return {c.call_id for c in stored(group, tenant, QueueCall) if c.status == "waiting"}


def logged_in(group: Workers, tenant: str) -> set[str]:
    return {
        state.agent_key
        for state in stored(group, tenant, AgentState)
        if state.ended_at is None and state.state != "logged_out"
    }


def stored_state(bootstrap: str, tenant: str, site: str) -> SiteState:
    """The site's state in its last record; the changelog is read as far as it goes."""
    of_site = [
        value
        for key, value in read_messages(bootstrap, SITE_CHANGELOG)
        if key == site_key(tenant, site)
    ]
    return decode_state(record_state(of_site[-1]))


def make_anew(bootstrap: str, topic: str) -> None:
    """The topic is there again, and empty."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.delete_topics([topic])
    admin.close()
    assert create_topics(bootstrap, PARTITIONS, 1) == [topic]


def wait_until(is_so: Callable[[], bool], within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(POLL_S)


def test_windows_survive_the_death_of_a_worker(bootstrap: str, tmp_path: Path) -> None:
    """1,000 callers over ten windows, four sites; one of two workers is killed in the middle."""
    begin = ms("10:00:00")
    stories = []
    for number in range(4):
        told = Story(site=f"pbx-{number}").started(begin)
        for caller in range(250):
            told.join(begin + caller * 10 * WINDOW_MS // 250, f"{number}.{caller}", "vendas")
        stories.append(messages_of("a29", told, size=5))
    messages = [message for turn in zip_longest(*stories) for message in turn if message]
    with workers(bootstrap, tmp_path) as group:
        first = group.start()
        group.start()
        feeding = feed(bootstrap, messages, seconds=5)
        group.wait_for_more(60)
        group.kill(first)
        wait_until(lambda: offered(group, "a29") == 1_000, within_s=60)
        feeding.join()
        windows = stored(group, "a29", QueueWindow)

    assert sorted({window.window_start for window in windows}) == [
        begin + number * WINDOW_MS for number in range(10)
    ]
    assert sum(window.offered for window in windows) == 1_000


def test_a_changelog_that_is_gone_is_made_again_from_the_events(
    bootstrap: str, tmp_path: Path
) -> None:
    told = Story(site="pbx-30").started("10:00:00")
    for caller in range(5):
        told.join(f"10:00:0{caller + 1}", f"30.{caller}", "vendas")
    told.give_up("10:00:11", "30.0", "vendas", hold_s=10).leave(
        "10:00:11", "30.0", "vendas"
    ).hangup("10:00:11", "30.0")
    before = len(told.events)
    told.connect("10:00:20", "30.1", "vendas", "PJSIP/2000", hold_s=18)
    messages = messages_of("a30", told, size=before)
    before_it, after_it = tmp_path / "before", tmp_path / "after"
    before_it.mkdir()
    after_it.mkdir()
    with workers(bootstrap, before_it) as group:
        leaving = group.start()
        feed(bootstrap, messages[:1]).join()
        wait_until(lambda: len(waiting(group, "a30")) == 4, within_s=60)
        group.leave(leaving)
    make_anew(bootstrap, SITE_CHANGELOG)
    with workers(bootstrap, after_it) as group:
        group.start()
        feed(bootstrap, messages[1:]).join()
        still_there = {"30.2/1", "30.3/1", "30.4/1"}
        wait_until(lambda: waiting(group, "a30") == still_there, within_s=60)
        calls = {call.call_id: call for call in stored(group, "a30", QueueCall)}

        assert (calls["30.0/1"].outcome, calls["30.0/1"].wait_ms) == ("abandoned", 10_000)
        assert (calls["30.1/1"].outcome, calls["30.1/1"].wait_ms) == ("answered", 18_000)
        assert stored(group, "a30", CoverageGap) == []


def test_a_late_partition_closes_its_own_windows(bootstrap: str, tmp_path: Path) -> None:
    """One site is past 10:06 when what another one saw at 09:55 comes, in another partition."""
    early = Story(site="pbx-31").started("09:59:00")
    for caller in range(3):
        early.join(f"10:00:0{caller}", f"31.{caller}", "vendas")
    early.beats("10:07:00")
    tenant = next(
        name
        for name in (f"a31-{number}" for number in range(9))
        if partition(name, "pbx-31") != partition("a31", "pbx-31")
    )
    late = Story(site="pbx-31").started("09:54:00")
    late.join("09:55:00", "31.0", "vendas").join("09:55:01", "31.1", "vendas")
    with workers(bootstrap, tmp_path) as group:
        group.start()
        feed(bootstrap, messages_of("a31", early, size=20)).join()
        wait_until(lambda: offered(group, "a31") == 3, within_s=60)
        feed(bootstrap, messages_of(tenant, late, size=20, received_at=ms("10:07:00"))).join()
        wait_until(lambda: offered(group, tenant) == 2, within_s=60)

        assert [(w.window_start, w.offered) for w in stored(group, "a31", QueueWindow)] == [
            (ms("10:00:00"), 3)
        ]
        assert [(w.window_start, w.offered) for w in stored(group, tenant, QueueWindow)] == [
            (ms("09:45:00"), 2)
        ]


def test_agents_who_logged_out_are_neither_listed_nor_kept(bootstrap: str, tmp_path: Path) -> None:
    """Another one comes and goes every hour, for three days."""
    begin = ms("08:00:00")
    told = Story(site="pbx-32").started(begin).added(begin, "vendas", "PJSIP/2000")
    for hour in range(72):
        agent, at = f"PJSIP/{3000 + hour}", begin + hour * HOUR_MS
        told.added(at + 60_000, "vendas", agent).removed(at + 40 * 60_000, "vendas", agent)
    told.at(begin + 80 * HOUR_MS, "collector", "heartbeat", reconnects="0")
    with workers(bootstrap, tmp_path) as group:
        group.start()
        feed(bootstrap, messages_of("a32", told, size=50)).join()
        last = ms("08:40:00") + 71 * HOUR_MS
        wait_until(lambda: last in {s.started_at for s in stored(group, "a32", AgentState)}, 60)

        assert logged_in(group, "a32") == {"pbx-32/PJSIP/2000"}
        wait_until(lambda: stored_state(bootstrap, "a32", "pbx-32").now > last, within_s=60)
    assert set(stored_state(bootstrap, "a32", "pbx-32").agents) == {"PJSIP/2000"}


def metrics_at(port: int) -> dict[str, float]:
    """Every sample of a worker, summed over its labels."""
    with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0.0) + sample.value
    return found


def test_a_database_that_answers_nothing_is_seen_in_the_lag_and_waited_for(
    bootstrap: str, tmp_path: Path
) -> None:
    """500 events in 50 messages arrive meanwhile; nobody starts anything again afterwards."""
    told = Story(site="pbx-33").started("10:00:00")
    for caller in range(498):
        told.join(ms("10:00:01") + caller * 1_000, f"33.{caller}", "vendas")
    messages = messages_of("a33", told, size=10)
    port = free_port()
    with (
        running_clickhouse(tmp_path / "clickhouse") as clickhouse,
        silent_gate(clickhouse.url) as gate,
        worker(tmp_path, settings(bootstrap, gate.url) | {"STREAMS_METRICS_PORT": str(port)}),
    ):
        feed(bootstrap, messages).join()
        assert gate.waited.wait(60)
        # What its predecessor had flushed last is read once more, and waits as well.
        wait_until(lambda: metrics_at(port).get("streams_lag_messages", 0) >= 50, within_s=60)
        time.sleep(6)  # twice as long as a member of the group may be silent
        seen = metrics_at(port)
        assert seen["streams_lag_messages"] >= 50
        assert seen["streams_lag_seconds"] > 120
        assert seen["streams_partitions_owned"] == PARTITIONS
        assert time.time() - seen["streams_unit_writing_since_timestamp_seconds"] > 6
        gate.open()
        wait_until(lambda: metrics_at(port).get("streams_lag_messages") == 0, within_s=120)
        wait_until(lambda: metrics_at(port)["streams_lag_seconds"] == 0, within_s=60)
        client = clickhouse.connect()
        raw = "SELECT sum(last_sequence - first_sequence + 1) FROM callcentre.event_batches FINAL"
        calls = "SELECT count() FROM callcentre.v_queue_calls WHERE tenant_id = 'a33'"
        ((events,),) = client.query(f"{raw} WHERE tenant_id = 'a33'").result_rows
        ((callers,),) = client.query(calls).result_rows
        assert (events, callers) == (500, 498)
        assert metrics_at(port)["streams_recovery_duration_seconds_count"] == 1
