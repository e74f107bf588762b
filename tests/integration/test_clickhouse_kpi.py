"""The SQL functions `kpi_*` and streams/domain/kpi.py give the same, over stored windows too."""

import inspect
import math
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.domain import kpi
from streams.domain.facts import QueueWindow
from streams.domain.interval import WINDOW_MS
from streams.storage.writer import ClickHouseFactWriter
from tests.support.clickhouse_server import ClickHouseServer
from tests.support.facts import START, queue_call, window_of_one
from tests.support.stored_facts import NoRetries

pytestmark = pytest.mark.integration

counts = st.integers(0, 1 << 40)
waits = st.dictionaries(st.integers(0, 4_000), st.integers(0, 1 << 20), max_size=20)


class Counters(msgspec.Struct, frozen=True):
    """Sums that can stand beside each other, named as the arguments of the functions."""

    offered: int
    answered: int
    answered_within: int
    abandoned: int
    abandoned_short: int
    abandoned_within: int
    flowed_out: int
    flowed_out_within: int
    handled: int
    answered_wait_ms: int
    abandoned_wait_ms: int
    flowed_out_wait_ms: int
    talk_ms: int
    hold_ms: int
    wrap_up_ms: int
    handle_ms: int
    available_ms: int
    logged_in_ms: int
    conversation_ms: int
    busy_ms: int
    first_response_ms: int
    responded: int
    resolution_ms: int
    resolved: int
    bot_only: int


@st.composite
def counters(draw: st.DrawFn) -> Counters:
    answered, abandoned, flowed_out = draw(counts), draw(counts), draw(counts)
    bot_only = draw(counts)
    abandoned_within = draw(st.integers(0, abandoned))
    handle_ms, available_ms, busy_ms = draw(counts), draw(counts), draw(counts)
    return Counters(
        offered=answered + abandoned + flowed_out + bot_only + draw(counts),
        answered=answered,
        answered_within=draw(st.integers(0, answered)),
        abandoned=abandoned,
        abandoned_short=draw(st.integers(0, abandoned_within)),
        abandoned_within=abandoned_within,
        flowed_out=flowed_out,
        flowed_out_within=draw(st.integers(0, flowed_out)),
        handled=answered,
        answered_wait_ms=draw(counts),
        abandoned_wait_ms=draw(counts),
        flowed_out_wait_ms=draw(counts),
        talk_ms=draw(counts),
        hold_ms=draw(counts),
        wrap_up_ms=draw(counts),
        handle_ms=handle_ms,
        available_ms=available_ms,
        logged_in_ms=handle_ms + available_ms + draw(counts),
        conversation_ms=busy_ms + draw(counts),
        busy_ms=busy_ms,
        first_response_ms=draw(counts),
        responded=draw(counts),
        resolution_ms=draw(counts),
        resolved=draw(counts),
        bot_only=bot_only,
    )


NOTHING = Counters(*([0] * len(Counters.__struct_fields__)))


@pytest.fixture(scope="module")
def client(server: ClickHouseServer) -> Iterator[Client]:
    connected = server.connect()
    yield connected
    connected.close()


def of_sql(client: Client, sums: Counters) -> dict[str, float | None]:
    """Every KPI as ClickHouse gives it, over the sum of two rows that add up to `sums`."""
    calls = ", ".join(
        f"kpi_{entry.name}({', '.join(f'sum({name})' for name in arguments(entry))})"
        for entry in kpi.CATALOGUE
    )
    names = ", ".join(Counters.__struct_fields__)
    values = msgspec.structs.astuple(sums)
    halves = [value // 2 for value in values]
    rest = [value - half for value, half in zip(values, halves, strict=True)]
    columns = ", ".join(f"{name} UInt64" for name in Counters.__struct_fields__)
    statement = (
        f"SELECT {calls} FROM (SELECT {names} FROM"
        f" values('{columns}', {tuple(halves)}, {tuple(rest)}))"
    )
    (row,) = client.query(statement).result_rows
    return dict(zip((entry.name for entry in kpi.CATALOGUE), row, strict=True))


def arguments(entry: kpi.Kpi) -> tuple[str, ...]:
    return tuple(inspect.signature(entry.formula).parameters)


def of_python(sums: Counters) -> dict[str, float | None]:
    return {
        entry.name: entry.formula(*(getattr(sums, name) for name in arguments(entry)))
        for entry in kpi.CATALOGUE
    }


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sums=counters())
def test_both_give_the_same_for_any_counters(client: Client, sums: Counters) -> None:
    expected = of_python(sums)
    for name, value in of_sql(client, sums).items():
        wanted = expected[name]
        if wanted is None:
            assert value is None, name
        else:
            assert value is not None, name
            assert math.isclose(value, wanted, rel_tol=1e-12), name


VARIANTS = (
    "excluding_short",
    "answered_and_abandoned",
    "with_flow_outs",
    "over_offered",
    "over_answered",
    "left_within",
    "late_abandons",
    "no_such_variant",
)
OF_A_VARIANT = tuple(inspect.signature(kpi.service_level).parameters)[1:]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sums=counters())
def test_both_give_the_same_by_the_name_of_the_variant(client: Client, sums: Counters) -> None:
    values = tuple(getattr(sums, name) for name in OF_A_VARIANT)
    rows = client.query(
        f"SELECT variant, kpi_service_level(variant, {', '.join(map(str, values))})"
        f" FROM (SELECT arrayJoin({list(VARIANTS)}) AS variant)"
    ).result_rows
    assert len(rows) == len(VARIANTS)
    for variant, level in rows:
        wanted = kpi.service_level(variant, *values)
        assert (level is None) == (wanted is None), variant
        if wanted is not None:
            assert math.isclose(level, wanted, rel_tol=1e-12), variant


def test_both_give_no_value_where_nothing_was_counted(client: Client) -> None:
    assert set(of_sql(client, NOTHING).values()) == {None}
    assert set(of_python(NOTHING).values()) == {None}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seen=waits, limit_s=st.integers(0, 4_001))
def test_both_count_waits_alike(client: Client, seen: dict[int, int], limit_s: int) -> None:
    literal = (
        f"CAST({seen or 'map()'}, 'Map(UInt32, UInt32)')".replace("{", "map(")
        .replace("}", ")")
        .replace(":", ",")
    )
    (row,) = client.query(
        f"SELECT kpi_waits_within({literal}, {limit_s}), kpi_waits_below({literal}, {limit_s})"
    ).result_rows
    assert row == (kpi.waits_within(seen, limit_s), kpi.waits_below(seen, limit_s))


def one_data_set() -> list[QueueWindow]:
    """Ten queue calls in two windows; docs/kpi.md, "The example"."""
    empty = window_of_one(queue_call(queue="example"))
    first = msgspec.structs.replace(
        empty,
        offered=5,
        answered=3,
        handled=3,
        answered_wait_ms=30_000,
        answered_wait_max_ms=15_000,
        answered_waits={5: 1, 10: 1, 15: 1},
        abandoned=2,
        abandoned_wait_ms=15_000,
        abandoned_wait_max_ms=12_000,
        abandoned_waits={3: 1, 12: 1},
    )
    second = msgspec.structs.replace(
        empty,
        window_start=START + WINDOW_MS,
        offered=5,
        answered=3,
        handled=3,
        answered_wait_ms=105_000,
        answered_wait_max_ms=60_000,
        answered_waits={20: 1, 25: 1, 60: 1},
        abandoned=1,
        abandoned_wait_ms=45_000,
        abandoned_wait_max_ms=45_000,
        abandoned_waits={45: 1},
        timed_out=1,
        flowed_out_wait_ms=120_000,
        flowed_out_wait_max_ms=120_000,
        flowed_out_waits={120: 1},
    )
    return [first, second]


FORMULAS = {
    "kpi_service_level_over_answered(sum(kpi_waits_within(answered_waits, 20)), sum(answered))": (
        66.67
    ),
    "kpi_service_level_answered_and_abandoned("
    "sum(kpi_waits_within(answered_waits, 20)), sum(answered), sum(abandoned))": 44.44,
    "kpi_service_level_excluding_short(sum(kpi_waits_within(answered_waits, 20)),"
    " sum(answered), sum(abandoned), sum(kpi_waits_below(abandoned_waits, 5)))": 50.00,
    "kpi_service_level_with_flow_outs(sum(kpi_waits_within(answered_waits, 20)),"
    " sum(answered), sum(abandoned), sum(flowed_out))": 40.00,
    "kpi_service_level_over_offered(sum(kpi_waits_within(answered_waits, 20)), sum(offered))": (
        40.00
    ),
    "kpi_service_level_left_within(sum(kpi_waits_within(answered_waits, 20)),"
    " sum(kpi_waits_within(abandoned_waits, 20)), sum(kpi_waits_within(flowed_out_waits, 20)),"
    " sum(offered))": 60.00,
    "kpi_service_level_late_abandons(sum(kpi_waits_within(answered_waits, 20)),"
    " sum(answered), sum(abandoned), sum(kpi_waits_within(abandoned_waits, 20)))": 57.14,
    "kpi_abandonment_rate(sum(abandoned), sum(offered))": 30.00,
    "kpi_abandonment_rate_without_short("
    "sum(abandoned), sum(kpi_waits_below(abandoned_waits, 5)), sum(offered))": 22.22,
}
SECONDS = {
    "kpi_mean_wait_answered(sum(answered_wait_ms), sum(answered))": 22.5,
    "kpi_mean_wait_all(sum(answered_wait_ms), sum(abandoned_wait_ms), sum(flowed_out_wait_ms),"
    " sum(answered), sum(abandoned), sum(flowed_out))": 31.5,
    "kpi_mean_abandon_time(sum(abandoned_wait_ms), sum(abandoned))": 20.0,
    "max(wait_max_ms) / 1000": 120.0,
}


@pytest.fixture(scope="module")
def example(server: ClickHouseServer) -> None:
    ClickHouseFactWriter(server.connect, NoRetries()).write(one_data_set(), [])


@pytest.mark.usefixtures("example")
@pytest.mark.parametrize(("formula", "percent"), FORMULAS.items())
def test_stored_windows_give_every_share(client: Client, formula: str, percent: float) -> None:
    assert round(100 * ask(client, formula), 2) == percent


@pytest.mark.usefixtures("example")
@pytest.mark.parametrize(("formula", "seconds"), SECONDS.items())
def test_stored_windows_give_every_mean(client: Client, formula: str, seconds: float) -> None:
    assert ask(client, formula) == seconds


@pytest.mark.usefixtures("example")
def test_summed_maps_of_waits_count_like_the_rows(client: Client) -> None:
    assert ask(client, "kpi_waits_within(sumMap(answered_waits), 20)") == 4


def ask(client: Client, formula: str) -> Any:
    (row,) = client.query(
        f"SELECT {formula} FROM callcentre.v_queue_windows WHERE queue = 'example'"
    ).result_rows
    return row[0]


def test_card_table_and_series_agree_on_the_mean_wait(
    client: Client, server: ClickHouseServer
) -> None:
    # Agent a1: one session of 600 s; a2: nine of 60 s each.
    calls = [
        queue_call(
            queue="agents",
            call_id=f"{n}/1",
            uniqueid=str(n),
            agent_key="a1" if n == 0 else "a2",
            wait_ms=600_000 if n == 0 else 60_000,
            entered_at=START + n * WINDOW_MS,
        )
        for n in range(10)
    ]
    windows = [window_of_one(call) for call in calls]
    ClickHouseFactWriter(server.connect, NoRetries()).write([*calls, *windows], [])
    mean = "kpi_mean_wait_answered(sum(wait_ms), count())"
    answered = "FROM callcentre.v_queue_calls WHERE queue = 'agents' AND outcome = 'answered'"
    by_agent = client.query(
        f"SELECT agent_key, {mean} {answered} GROUP BY agent_key WITH TOTALS ORDER BY agent_key"
    ).result_rows
    assert by_agent[:2] == [("a1", 600.0), ("a2", 60.0)]
    assert client.query(f"SELECT {mean} {answered}").result_rows == [(114.0,)]
    card = client.query(
        "SELECT kpi_mean_wait_answered(sum(answered_wait_ms), sum(answered))"
        " FROM callcentre.v_queue_windows WHERE queue = 'agents'"
    ).result_rows
    assert card == [(114.0,)]
    series = client.query(
        "SELECT sum(answered_wait_ms) AS waits, sum(answered) AS calls"
        " FROM callcentre.v_queue_windows WHERE queue = 'agents' GROUP BY window_start"
    ).result_rows
    assert sum(row[0] for row in series) / 1000 / sum(row[1] for row in series) == 114.0


ZONES = {
    # One call at 23:30 and one at 00:30 of the next day, in São Paulo.
    "America/Sao_Paulo": (
        ("2026-03-11 02:30:00", "2026-03-11 03:30:00"),
        [("2026-03-10", 1), ("2026-03-11", 1)],
    ),
    # Both at 01:xx of the night in which the clocks go back.
    "America/New_York": (
        ("2026-11-01 05:30:00", "2026-11-01 06:30:00"),
        [("2026-11-01", 2)],
    ),
}


@pytest.mark.parametrize("zone", ZONES)
def test_windows_are_cut_into_days_of_the_tenants_zone(
    client: Client, server: ClickHouseServer, zone: str
) -> None:
    moments, expected = ZONES[zone]
    starts = [
        client.command(f"SELECT toUnixTimestamp(toDateTime('{moment}', 'UTC')) * 1000")
        for moment in moments
    ]
    calls = [queue_call(queue=zone, entered_at=int(str(start))) for start in starts]
    ClickHouseFactWriter(server.connect, NoRetries()).write(
        [window_of_one(call) for call in calls], []
    )
    days = client.query(
        f"SELECT toString(toDate(toStartOfDay(window_start, '{zone}'))) AS day, sum(offered)"
        f" FROM callcentre.v_queue_windows WHERE queue = '{zone}' GROUP BY day ORDER BY day"
    ).result_rows
    hours = client.query(
        f"SELECT toStartOfInterval(window_start, INTERVAL 1 HOUR, '{zone}') AS hour, sum(offered)"
        f" FROM callcentre.v_queue_windows WHERE queue = '{zone}' GROUP BY hour"
    ).result_rows
    assert days == expected
    assert [offered for _, offered in hours] == [1, 1]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    spans=st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda s: (s[0], s[0] + s[1])),
        max_size=8,
    )
)
def test_both_cover_the_same_time(client: Client, spans: list[tuple[int, int]]) -> None:
    array = ", ".join(f"({begin}, {until})" for begin, until in spans)
    typed = f"CAST([{array}], 'Array(Tuple(Int64, Int64))')"
    ((covered,),) = client.query(f"SELECT kpi_covered_ms({typed})").result_rows
    assert covered == kpi.covered_ms(spans)
    assert covered == len({second for span in spans for second in range(*span)})
