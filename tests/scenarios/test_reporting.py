"""Queue calls at the edges of reporting intervals, and rows that arrive twice, asked in SQL."""

import uuid
from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client

from streams.domain.facts import Fact
from streams.storage.writer import ClickHouseFactWriter
from tests.support.batches import batches_of, fold
from tests.support.clickhouse_server import ClickHouseServer, running_clickhouse
from tests.support.stories import Story, ms

pytestmark = pytest.mark.integration

MAX_PARTS = 150
TENANTS = 50


class _Inserts:
    """Counts the inserts of each table."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def inserted(self, table: str, rows: int, seconds: float) -> None:
        assert rows > 0
        assert seconds >= 0
        self.counts[table] = self.counts.get(table, 0) + 1

    def retried(self, table: str, reason: str) -> None:
        raise AssertionError(f"{table} was retried: {reason}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with running_clickhouse(tmp_path_factory.mktemp("clickhouse")) as running:
        yield running


@pytest.fixture
def client(server: ClickHouseServer) -> Iterator[Client]:
    connected = server.connect()
    yield connected
    connected.close()


def _write(server: ClickHouseServer, facts: list[Fact], times: int = 1) -> _Inserts:
    inserts = _Inserts()
    writer = ClickHouseFactWriter(server.connect, inserts)
    for _ in range(times):
        writer.write(facts, [])
    writer.close()
    return inserts


def _arrivals(queue: str, *moments: str) -> list[Fact]:
    story = Story()
    for number, moment in enumerate(moments):
        story.join(moment, f"{number}.1", queue)
    return fold(story.batches())


def _offered(client: Client, queue: str, start_of_bucket: str) -> list[tuple[str, int]]:
    """Offered per bucket of the arrival windows; `start_of_bucket` as an expression."""
    rows = client.query(
        f"SELECT toString({start_of_bucket}) AS bucket, sum(offered)"
        " FROM callcentre.v_queue_windows WHERE queue = {queue:String}"
        " GROUP BY bucket ORDER BY bucket",
        parameters={"queue": queue},
    ).result_rows
    return [(bucket, offered) for bucket, offered in rows]


def test_days_are_cut_in_the_zone_of_the_tenant(server: ClickHouseServer, client: Client) -> None:
    """23:30 and 00:30 in São Paulo are both of the 11th in UTC."""
    _write(server, _arrivals("midnight", "2026-03-11T02:30:00+00:00", "2026-03-11T03:30:00+00:00"))
    day = "toDate(toStartOfDay(window_start, 'America/Sao_Paulo'))"
    assert _offered(client, "midnight", day) == [("2026-03-10", 1), ("2026-03-11", 1)]
    naive = "toDate(toStartOfInterval(window_start, INTERVAL 86400 SECOND, 'UTC'))"
    assert _offered(client, "midnight", naive) == [("2026-03-11", 2)]


def test_hours_do_not_move_with_the_zone_of_the_pbx(
    server: ClickHouseServer, client: Client
) -> None:
    """Two epochs an hour apart; the zone that Asterisk runs in is read nowhere."""
    _write(server, _arrivals("moved", "10:00:00", "11:00:00"))
    hour = "toStartOfHour(window_start, 'America/Sao_Paulo')"
    assert _offered(client, "moved", hour) == [
        ("2026-03-10 10:00:00", 1),
        ("2026-03-10 11:00:00", 1),
    ]


def test_the_hour_that_happens_twice_is_two_hours(server: ClickHouseServer, client: Client) -> None:
    _write(server, _arrivals("autumn", "2026-11-01T05:30:00+00:00", "2026-11-01T06:30:00+00:00"))
    zone = "America/New_York"
    hours = client.query(
        f"SELECT formatDateTime(toStartOfInterval(window_start, INTERVAL 1 HOUR, '{zone}'),"
        f" '%H:%i', '{zone}') AS shown, sum(offered) FROM callcentre.v_queue_windows"
        " WHERE queue = 'autumn'"
        f" GROUP BY toStartOfInterval(window_start, INTERVAL 1 HOUR, '{zone}')"
        f" ORDER BY toStartOfInterval(window_start, INTERVAL 1 HOUR, '{zone}')"
    ).result_rows
    assert hours == [("01:00", 1), ("01:00", 1)]
    day = f"toDate(toStartOfDay(window_start, '{zone}'))"
    assert _offered(client, "autumn", day) == [("2026-11-01", 2)]


@pytest.mark.parametrize(("day", "hours"), [("2026-11-01", 25), ("2026-03-08", 23)])
def test_a_day_of_daylight_saving_has_its_own_number_of_hours(
    server: ClickHouseServer, client: Client, day: str, hours: int
) -> None:
    """One call in every quarter of the day and around it, as UTC goes on."""
    queue = f"dst {day}"
    story = Story()
    noon = ms(f"{day}T12:00:00+00:00")
    for quarter in range(-4 * 24, 4 * 48):
        story.join(noon + quarter * 900_000, f"{quarter + 500}.1", queue)
    _write(server, fold(story.batches()))
    zone = "America/New_York"
    rows = client.query(
        f"SELECT toStartOfInterval(window_start, INTERVAL 1 HOUR, '{zone}') AS hour, sum(offered)"
        " FROM callcentre.v_queue_windows WHERE queue = {queue:String}"
        f" AND toDate(toTimeZone(window_start, '{zone}')) = {{day:Date}} GROUP BY hour",
        parameters={"queue": queue, "day": day},
    ).result_rows
    assert len(rows) == hours
    assert {offered for _, offered in rows} == {4}


def test_a_call_counts_where_it_arrived_or_where_it_was_answered(
    server: ClickHouseServer, client: Client
) -> None:
    """Arrived 07:28, answered 07:32: both ways of counting come to one call."""
    story = (
        Story()
        .join("07:28:00", "1.1", "crossing")
        .connect("07:32:00", "1.1", "crossing", "PJSIP/1", hold_s=240)
    )
    _write(server, fold(story.batches("07:33:00")))
    half_hour = "toStartOfInterval(window_start, INTERVAL 30 MINUTE, 'America/Sao_Paulo')"
    assert _offered(client, "crossing", half_hour) == [("2026-03-10 07:00:00", 1)]
    answered = client.query(
        "SELECT toString(toStartOfInterval(answered_at, INTERVAL 30 MINUTE, 'America/Sao_Paulo')),"
        " count() FROM callcentre.v_queue_calls WHERE queue = 'crossing' AND outcome = 'answered'"
        " GROUP BY 1"
    ).result_rows
    assert [(half[:19], count) for half, count in answered] == [("2026-03-10 07:30:00", 1)]


def test_rows_written_again_count_once_though_nothing_was_merged(
    server: ClickHouseServer, client: Client
) -> None:
    """The same hundred calls in two parts of each table."""
    client.command("SYSTEM STOP MERGES")
    try:
        story = Story()
        for number in range(100):
            story.join("10:00:00", f"{number}.1", "twice")
        facts = fold(story.batches())
        _write(server, facts, times=2)
        for table in ("queue_calls", "queue_windows"):
            rows = f"SELECT count() FROM callcentre.{table} WHERE queue = 'twice'"
            once = f"SELECT count() FROM callcentre.v_{table} WHERE queue = 'twice'"
            assert client.command(rows) == 2 * int(str(client.command(once)))
        shown = client.query(
            "SELECT count(), countIf(outcome = 'open') FROM callcentre.v_queue_calls"
            " WHERE queue = 'twice'"
        ).result_rows
        assert shown == [(100, 100)]
        day = "toDate(window_start, 'America/Sao_Paulo')"
        assert _offered(client, "twice", day) == [("2026-03-10", 100)]
        assert (
            client.command(
                "SELECT count() FROM callcentre.v_window_differences WHERE queue = 'twice'"
            )
            == 0
        )
    finally:
        client.command("SYSTEM START MERGES")


def test_an_insert_retried_after_its_answer_was_lost_counts_once(client: Client) -> None:
    """Whoever inserts asynchronously and sends the same hundred rows again."""
    columns = "tenant_id, site, channel, queue, call_id, entered_at, version"
    rows = ", ".join(
        f"('acme', 'pbx-01', 'voice', 'retried', '{n}.1/1', 1773147600000, 1)" for n in range(100)
    )
    for _ in range(2):
        client.command(
            f"INSERT INTO callcentre.queue_calls ({columns})"
            f" SETTINGS async_insert = 1, wait_for_async_insert = 1 VALUES {rows}"
        )
    count = client.command("SELECT count() FROM callcentre.v_queue_calls WHERE queue = 'retried'")
    assert count == 100


def test_parts_stay_few_under_many_small_writes(server: ClickHouseServer, client: Client) -> None:
    """Fifty tenants with an event a second each, a minute of it, in flushes of a quarter second."""
    name = uuid.uuid4().hex
    flushes = 240
    stories = [Story().join("10:00:00", f"{t}.1", name).beats("10:01:00") for t in range(TENANTS)]
    waiting = [
        fold(batches_of(story.events, size=1, site=f"pbx-{t}")) for t, story in enumerate(stories)
    ]
    inserts = _Inserts()
    writer = ClickHouseFactWriter(server.connect, inserts)
    most = 0
    for flush in range(flushes):
        facts = [f for site in waiting[flush % 4 :: 4] for f in site[flush // 8 : flush // 8 + 2]]
        writer.write(facts, [])
        if flush % 20 == 0:
            parts = client.command(
                "SELECT max(parts) FROM (SELECT count() AS parts FROM system.parts"
                " WHERE active AND database = 'callcentre' GROUP BY table)"
            )
            most = max(most, int(str(parts)))
    writer.close()
    assert most < MAX_PARTS
    assert max(inserts.counts.values()) <= flushes
