"""Readings of a generated morning agree with its truth, through the tables and functions."""

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_connect.driver.exceptions import ClickHouseError

from local.comparison import Difference, differences
from local.pbx.call_centre import generate
from local.pbx.truth import Truth
from local.wallboard import command
from local.wallboard.readings import Scope, read
from streams.storage.connection import connect
from streams.storage.writer import ClickHouseFactWriter
from tests.support.clickhouse_server import ClickHouseServer, Reader, running_clickhouse
from tests.support.simulated_pbx import facts_of

pytestmark = pytest.mark.integration

ZONE = "Etc/GMT+12"  # where it is still today in any case
DURATION_S = 1_200


class NobodyWatches:
    def inserted(self, *_: object) -> None:
        pass

    def retried(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def truth_in_tables(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[ClickHouseServer, Truth]]:
    start_ms = time.time_ns() // 1_000_000 - (DURATION_S + 700) * 1000
    day = generate(5, start_ms, DURATION_S)
    facts = facts_of(list(day))
    directory = tmp_path_factory.mktemp("clickhouse")
    with running_clickhouse(directory, {"demo": Reader("made-up", "demo")}) as server:
        writer = ClickHouseFactWriter(server.connect, NobodyWatches())
        writer.write(facts, [])
        writer.close()
        yield server, day.truth


def test_the_day_s_numbers_are_the_true_ones(
    truth_in_tables: tuple[ClickHouseServer, Truth],
) -> None:
    server, truth = truth_in_tables
    client = connect(server.url_of("demo", "made-up"))
    reading = read(client, Scope("demo", zone=ZONE))
    client.close()
    totals = truth.totals()

    assert [queue.queue for queue in reading.queues] == sorted(totals)
    for queue in reading.queues:
        true = totals[queue.queue]
        assert queue.offered == true["offered"]
        assert queue.answered == true["answered"]
        assert queue.abandoned == true["abandoned"]
        assert queue.flowed_out == sum(
            true[name] for name in ("timed_out", "left_empty", "exited_by_key")
        )
        if true["answered"]:
            handled_ms = true["talk_ms"] + true["hold_ms"] + true["wrap_up_ms"]
            assert queue.mean_wait_answered_s == pytest.approx(
                true["answered_wait_ms"] / 1000 / true["answered"]
            )
            assert queue.mean_handle_s == pytest.approx(handled_ms / 1000 / true["answered"])
    answered_soon = sum(true["answered_within_20s"] for true in totals.values())
    short = sum(call.outcome == "abandoned" and (call.wait_ms or 0) < 5_000 for call in truth.calls)
    base = reading.total.answered + reading.total.abandoned - short
    assert reading.total.service_level == pytest.approx(answered_soon / base)
    assert reading.total.waiting == reading.total.talking == 0
    assert {agent.name for agent in reading.agents} == {s.agent_name for s in truth.states}


def test_another_tenant_or_site_has_no_numbers(
    truth_in_tables: tuple[ClickHouseServer, Truth],
) -> None:
    server, _ = truth_in_tables
    client = server.connect()
    for scope in (Scope("other", zone=ZONE), Scope("demo", "pbx-02", ZONE)):
        reading = read(client, scope)
        assert reading.queues == ()
        assert reading.agents == ()
        assert reading.age_ms is None
        assert reading.total.service_level is None
    client.close()


def test_the_comparison_finds_what_is_not_true(
    truth_in_tables: tuple[ClickHouseServer, Truth],
) -> None:
    server, truth = truth_in_tables
    site = {"opened_at_ms": 0, **truth.as_dict()}
    assert differences(server.url, "demo", {"sites": [site]}) == []

    queue = site["totals"]["vendas"]
    queue["abandoned"] += 1
    call = next(call for call in site["calls"] if call["outcome"] == "abandoned")
    call["outcome"] = "timed_out"
    assert differences(server.url, "demo", {"sites": [site]}) == [
        Difference("pbx-01", "vendas", "abandoned", queue["abandoned"], queue["abandoned"] - 1),
        Difference("pbx-01", call["queue"], "outcome", "timed_out", "abandoned", call["uniqueid"]),
    ]


def test_one_reading_for_scripts_is_json(
    truth_in_tables: tuple[ClickHouseServer, Truth], capsys: pytest.CaptureFixture[str]
) -> None:
    server, truth = truth_in_tables
    code = command.main(["--url", server.url, "--once", "--json", "--zone", ZONE])

    assert code == 0
    reading = json.loads(capsys.readouterr().out)
    assert reading["total"]["offered"] == len(truth.calls)
    assert io.StringIO(reading["at"]).read().endswith("+00:00")


def test_a_clickhouse_that_is_not_there_is_one_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command.main(["--url", "http://u:p@127.0.0.1:1", "--once"]) == 1
    assert capsys.readouterr().err.startswith("wallboard: ")


def test_reading_without_our_schema_raises(tmp_path: Path) -> None:
    with running_clickhouse(tmp_path, is_migrated=False) as server:
        client = server.connect()
        with pytest.raises(ClickHouseError):
            read(client, Scope("demo"))
        client.close()
