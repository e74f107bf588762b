"""Facts and raw batches through the writer into ClickHouse, and out again through the views."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from clickhouse_connect.driver.client import Client
from prometheus_client import REGISTRY

from ingest_api.contract.published import PublishedBatch, PublishedEvent, encode_batch
from local.earlier_run import rows_of_this_hour
from local.process import free_port
from streams.domain.facts import (
    FACT_TYPES,
    AgentState,
    QueueCall,
    SiteStatus,
    StaleWindow,
)
from streams.processors.reconciliation import Reconciliation
from streams.storage.connection import connect
from streams.storage.errors import StorageRefusedError, StorageUnavailableError
from streams.storage.rows import RawBatch
from streams.storage.windows import DifferenceReader, window_differences
from streams.storage.writer import ClickHouseFactWriter
from tests.support.clickhouse_server import ClickHouseServer, running_clickhouse
from tests.support.facts import START, agent_state, queue_call, window_of_one
from tests.support.stored_facts import ONE_OF_EACH, Inserts, stored

pytestmark = pytest.mark.integration

HOUR_MS = 3_600_000


@pytest.fixture
def client(server: ClickHouseServer) -> Iterator[Client]:
    connected = server.connect()
    tables = [*(fact_type.TABLE for fact_type in FACT_TYPES), "event_batches", "agents_now"]
    for table in tables:
        connected.command(f"TRUNCATE TABLE callcentre.{table}")
    yield connected
    connected.close()


@pytest.fixture
def inserts() -> Inserts:
    return Inserts()


@pytest.fixture
def writer(server: ClickHouseServer, inserts: Inserts) -> Iterator[ClickHouseFactWriter]:
    made = ClickHouseFactWriter(server.connect, inserts)
    yield made
    made.close()


def moment(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC).replace(tzinfo=None)


def test_every_fact_comes_back_from_its_view_as_it_was_written(
    client: Client, writer: ClickHouseFactWriter, inserts: Inserts
) -> None:
    writer.write(ONE_OF_EACH, [])
    for fact_type in FACT_TYPES:
        written = [fact for fact in ONE_OF_EACH if type(fact) is fact_type]
        assert sorted(map(repr, stored(client, fact_type))) == sorted(map(repr, written))
    assert sorted(inserts.rows) == sorted(
        (fact_type.TABLE, 2 if fact_type is QueueCall else 1) for fact_type in FACT_TYPES
    )


def test_writing_twice_or_late_changes_nothing(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    old, new = queue_call(version=1), queue_call(version=2, talk_ms=51_000)
    writer.write([new], [])
    writer.write([old, new, old], [])
    writer.write([old], [])
    assert stored(client, QueueCall) == [new]


def test_of_one_write_only_the_highest_version_of_a_key_is_sent(
    client: Client, writer: ClickHouseFactWriter, inserts: Inserts
) -> None:
    writer.write([queue_call(version=v, talk_ms=v) for v in (2, 3, 1)], [])
    assert inserts.rows == [("queue_calls", 1)]
    assert stored(client, QueueCall) == [queue_call(version=3, talk_ms=3)]


def test_writing_nothing_asks_nobody(inserts: Inserts) -> None:
    def refuse() -> Client:
        raise AssertionError("no connection is needed")

    ClickHouseFactWriter(refuse, inserts).write([], [])
    assert inserts.rows == []


def test_an_absent_clickhouse_is_told_apart_and_the_same_write_succeeds_later(
    tmp_path_factory: pytest.TempPathFactory, inserts: Inserts
) -> None:
    port = free_port()
    delays: list[float] = []
    directory = tmp_path_factory.mktemp("later")
    with running_clickhouse(directory, port=port) as server:
        url = server.url
        writer = ClickHouseFactWriter(lambda: connect(url), inserts, sleep=delays.append)
        writer.write([queue_call(version=1)], [])
    with pytest.raises(StorageUnavailableError):
        writer.write([queue_call(version=2)], [])
    assert delays == [0.1, 0.3, 1.0]
    assert inserts.retries == [("queue_calls", "network")] * 3
    with running_clickhouse(directory, port=port) as server:
        writer.write([queue_call(version=2)], [])
        assert stored(server.connect(), QueueCall) == [queue_call(version=2)]


def test_what_clickhouse_will_never_take_is_our_bug(
    tmp_path_factory: pytest.TempPathFactory, inserts: Inserts
) -> None:
    with (
        running_clickhouse(tmp_path_factory.mktemp("bare"), is_migrated=False) as bare,
        pytest.raises(StorageRefusedError, match="is the schema migrated"),
    ):
        ClickHouseFactWriter(bare.connect, inserts).write([queue_call()], [])


def raw_batch(first: int, last: int, *, sent_first: int | None = None) -> RawBatch:
    events = [
        PublishedEvent(n, START + n, "ami", "QueueCallerJoin", {"Queue": "é", "Many": ["a", '"']})
        for n in range(sent_first or first, last + 1)
    ]
    events[-1] = PublishedEvent(last, refused="field too long")
    batch = PublishedBatch("acme", "pbx-01", "s-1", START + 500, START + 400, events)
    return RawBatch("acme", "pbx-01", 7, first, last, "s-1", START + 500, encode_batch(batch))


def test_raw_events_unfold_once_whatever_the_batches_overlap(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    # The second batch repeats event 3, which the row says it does not stand for.
    batches = [raw_batch(1, 3), raw_batch(4, 6, sent_first=3)]
    writer.write([], batches)
    writer.write([], batches)
    rows = client.query(
        "SELECT sequence, at, received_at, kind, name, fields, refused, generation, spool"
        " FROM callcentre.events ORDER BY sequence"
    ).result_rows
    assert [row[0] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert rows[0][1:] == (
        moment(START + 1),
        moment(START + 500),
        "ami",
        "QueueCallerJoin",
        {"Queue": "é", "Many": '["a","\\""]'},
        "",
        7,
        "s-1",
    )
    assert rows[5][3:7] == ("", "", {}, "field too long")


def test_the_payload_is_kept_byte_for_byte(client: Client, writer: ClickHouseFactWriter) -> None:
    batch = raw_batch(1, 3)
    writer.write([], [batch])
    (payload,) = client.query(
        "SELECT payload FROM callcentre.event_batches", column_formats={"payload": "bytes"}
    ).result_rows[0]
    assert payload == batch.payload


def test_the_running_state_of_an_agent_is_the_newest_one_that_lasts(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    available = agent_state(version=1)
    closed = agent_state(version=2, ended_at=START + 60_000)
    talking = agent_state(version=2, state="talking", started_at=START + 60_000, queue="support")
    writer.write([available], [])
    writer.write([closed, talking], [])
    writer.write([available], [])
    rows = client.query("SELECT state, queue, started_at FROM callcentre.v_agents_now").result_rows
    assert rows == [("talking", "support", moment(START + 60_000))]


def test_a_running_state_taken_back_is_no_longer_what_the_agent_does(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    writer.write([agent_state(version=1)], [])
    client.command(
        "INSERT INTO callcentre.agent_states"
        " SELECT * REPLACE(2 AS version, 1 AS is_deleted) FROM callcentre.agent_states"
    )
    assert client.query("SELECT count() FROM callcentre.v_agents_now").result_rows == [(0,)]


def test_queues_now_tell_who_waits_against_the_clock_and_show_idle_queues(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    now = int(time.time() * 1000)
    waiting = {
        "status": "waiting",
        "outcome": "open",
        "answered_at": None,
        "ended_at": None,
        "wait_ms": None,
    }
    writer.write(
        [
            queue_call(call_id="a/1", uniqueid="a", entered_at=now - 90_000, **waiting),
            queue_call(call_id="b/1", uniqueid="b", entered_at=now - 30_000, **waiting),
            queue_call(call_id="c/1", uniqueid="c", entered_at=now - HOUR_MS, queue="idle"),
        ],
        [],
    )
    idle, support = client.query(
        "SELECT queue, waiting, longest_wait_ms, waiting_ms FROM callcentre.v_queues_now"
        " ORDER BY queue"
    ).result_rows
    assert idle == ("idle", 0, 0, 0)
    assert support[:2] == ("support", 2)
    assert 90_000 <= support[2] < 120_000
    assert 120_000 <= support[3] < 180_000
    assert client.query(
        "SELECT place, call_id FROM callcentre.v_waiting_calls ORDER BY place"
    ).result_rows == [(1, "a/1"), (2, "b/1")]


def test_windows_that_equal_their_queue_calls_show_no_difference(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    call = queue_call()
    writer.write([call, window_of_one(call)], [])
    assert window_differences(client, START - HOUR_MS, START + HOUR_MS) == []


def test_the_order_of_the_waits_in_a_window_is_no_difference(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    calls = [
        queue_call(call_id=f"{n}/1", uniqueid=str(n), wait_ms=wait_ms, talk_ms=0, hold_ms=0)
        for n, wait_ms in enumerate((9_000, 2_000))
    ]
    window = msgspec.structs.replace(
        window_of_one(calls[0]),
        offered=2,
        answered=2,
        handled=2,
        answered_wait_ms=11_000,
        answered_wait_max_ms=9_000,
        answered_waits={9: 1, 2: 1},
        wrap_up_ms=6_000,
    )
    writer.write([*calls, window], [])
    assert window_differences(client, START - HOUR_MS, START + HOUR_MS) == []


def test_a_window_that_differs_is_named_and_recomputing_heals_it(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    call = queue_call()
    late = queue_call(
        call_id="late/1",
        uniqueid="late",
        outcome="abandoned",
        answered_at=None,
        wait_ms=20_999,
        talk_ms=0,
        hold_ms=0,
        wrap_up_ms=0,
        version=2,
    )
    elsewhere = queue_call(queue="other")
    writer.write([call, window_of_one(call), late, elsewhere, window_of_one(elsewhere)], [])
    (found,) = window_differences(client, START, START + 1)
    assert found[:5] == ("acme", "support", START, "pbx-01", "voice")
    assert window_differences(client, START + 1, START + HOUR_MS) == []

    stale = StaleWindow("acme", "pbx-01", "voice", "support", START, version=3)
    writer.write([stale], [])
    writer.write([stale], [])
    assert window_differences(client, START - HOUR_MS, START + HOUR_MS) == []
    assert client.query(
        "SELECT offered, answered, abandoned, abandoned_waits, version"
        " FROM callcentre.v_queue_windows WHERE queue = 'support'"
    ).result_rows == [(2, 1, 1, {20: 1}, 3)]


def test_a_stale_window_is_made_of_the_calls_of_the_same_write(
    client: Client, writer: ClickHouseFactWriter, inserts: Inserts
) -> None:
    stale = [
        StaleWindow("acme", "pbx-01", "voice", queue, START, version=version)
        for queue, version in (("support", 7), ("other", 9), ("empty", 9))
    ]
    writer.write([*stale, queue_call(version=5), queue_call(queue="other", version=8)], [])
    assert inserts.rows == [("queue_calls", 2), ("queue_windows", 3)]
    assert client.query(
        "SELECT queue, offered, version FROM callcentre.v_queue_windows ORDER BY queue"
    ).result_rows == [("other", 1, 9), ("support", 1, 7)]


def test_a_window_without_its_row_and_one_without_calls_differ(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    writer.write([queue_call(), window_of_one(queue_call(queue="other"))], [])
    other, support = window_differences(client, START, START + 1)
    assert (other.queue, other.recounted) == ("other", "")
    assert (support.queue, support.stored) == ("support", "")


def test_a_row_taken_back_is_gone_from_the_views(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    writer.write([queue_call(version=1)], [])
    client.command(
        "INSERT INTO callcentre.queue_calls (tenant_id, site, channel, queue, entered_at, call_id,"
        " version, is_deleted) SELECT tenant_id, site, channel, queue, entered_at, call_id, 2, 1"
        " FROM callcentre.queue_calls"
    )
    assert stored(client, QueueCall) == []


def test_agent_states_tell_how_long_they_lasted(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    writer.write([agent_state(ended_at=START + 1_500)], [])
    assert stored(client, AgentState) == [agent_state(ended_at=START + 1_500)]
    assert client.query("SELECT state_ms FROM callcentre.v_agent_states").result_rows[0] == (1_500,)


def test_a_queue_call_takes_at_most_42_bytes(client: Client) -> None:
    generated = Path(__file__).with_name("clickhouse_generated_calls.sql").read_text()
    client.command(generated, parameters={"calls": 200_000})
    client.command("OPTIMIZE TABLE callcentre.queue_calls FINAL")
    (size,) = client.query(
        "SELECT sum(bytes_on_disk) / sum(rows) FROM system.parts"
        " WHERE database = 'callcentre' AND table = 'queue_calls' AND active"
    ).result_rows[0]
    assert 30 < size <= 42


def test_a_row_lost_behind_the_writer_becomes_a_difference_that_is_told(
    client: Client, writer: ClickHouseFactWriter, server: ClickHouseServer
) -> None:
    calls = [queue_call(), queue_call(queue="other")]
    writer.write([*calls, *map(window_of_one, calls)], [])
    reconciliation = Reconciliation(DifferenceReader(server.connect), lambda: START / 1000 + 60)

    def told() -> float | None:
        reconciliation.compare()
        return REGISTRY.get_sample_value("streams_window_differences")

    assert (told(), told()) == (0, 0)
    client.command("DELETE FROM callcentre.queue_calls WHERE queue = 'other'")
    assert (told(), told()) == (0, 1)


def test_a_clickhouse_that_is_away_is_no_difference() -> None:
    def refuse() -> Client:
        return connect(f"http://admin:x@127.0.0.1:{free_port()}")

    with pytest.raises(StorageUnavailableError):
        DifferenceReader(refuse)(0, 1, 1)


def test_a_call_on_the_hour_is_in_one_of_two_adjacent_hours(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    hour = START // HOUR_MS * HOUR_MS
    call = queue_call(entered_at=hour)
    writer.write([call, window_of_one(call)], [])
    for view, column in (("v_queue_calls", "entered_at"), ("v_queue_windows", "window_start")):
        counts = [
            client.command(
                f"SELECT count() FROM callcentre.{view} WHERE {column} >="
                f" {written(start)} AND {column} < {written(start + HOUR_MS)}"
            )
            for start in (hour - HOUR_MS, hour)
        ]
        assert counts == [0, 1], view


@pytest.mark.parametrize("written_as", ["toDateTime({})", "fromUnixTimestamp64Milli({}000)"])
def test_an_hours_filter_of_whole_seconds_finds_times_of_milliseconds(
    client: Client, writer: ClickHouseFactWriter, written_as: str
) -> None:
    # As Grafana writes the ends of a period, for columns of both precisions.
    call = queue_call(entered_at=START + 1)
    writer.write([call, window_of_one(call)], [])
    since, until = (written_as.format((START + shift) // 1000) for shift in (-HOUR_MS, HOUR_MS))
    for view, column in (("v_queue_calls", "entered_at"), ("v_queue_windows", "window_start")):
        condition = f"{column} >= {since} AND {column} <= {until}"
        assert client.command(f"SELECT count() FROM callcentre.{view} WHERE {condition}") == 1


def written(at: int) -> str:
    return f"fromUnixTimestamp64Milli({at})"


def test_a_demo_of_this_hour_is_in_the_way_of_the_next_and_one_of_the_last_is_not(
    server: ClickHouseServer, client: Client, writer: ClickHouseFactWriter
) -> None:
    (status,) = (fact for fact in ONE_OF_EACH if isinstance(fact, SiteStatus))
    ((now,),) = client.query("SELECT toUnixTimestamp(now()) * 1000").result_rows
    assert rows_of_this_hour(server.url, ["demo", "neighbour"]) == ""
    rows = (("demo", now - HOUR_MS), ("neighbour", now))
    for tenant, received_at in rows:
        row = msgspec.structs.replace(status, tenant_id=tenant, last_received_at=received_at)
        writer.write([row], [])
    told = rows_of_this_hour(server.url, ["demo", "neighbour"])
    assert "Come again at" in told
    assert "KAFKA_BOOTSTRAP" in told
    assert rows_of_this_hour(server.url, ["demo"]) == ""
