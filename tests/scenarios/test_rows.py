"""Every recorded call story as rows: written to ClickHouse, read back through the views.

The rows are compared as the facts are (tests/scenarios/test_fold.py). They are written newest
first, then the older versions, then all again: what is read must not depend on it.
"""

from collections.abc import Iterator

import msgspec
import pytest
from clickhouse_connect.driver.client import Client

from streams.domain.facts import FACT_TYPES, Fact
from streams.storage.writer import ClickHouseFactWriter
from tests.support.batches import Facts, batches_of, by_table, fold
from tests.support.captures import Scenario, events_of, scenarios
from tests.support.clickhouse_server import running_clickhouse
from tests.support.stored_facts import NoRetries
from tests.support.truth import differences

pytestmark = pytest.mark.integration

ALL = scenarios()


def _name(story: Scenario) -> str:
    return story.name


def _site(story: Scenario) -> str:
    return story.name.replace("/", "-")


def _read(client: Client, fact_type: type[Fact]) -> list[Fact]:
    rows = client.query(
        f"SELECT {', '.join(fact_type.__struct_fields__)} FROM callcentre.v_{fact_type.TABLE}",
        query_formats={"DateTime64": "int"},
    ).named_results()
    return [msgspec.convert(row, fact_type) for row in rows]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    facts = [
        fact
        for story in ALL
        for fact in fold(batches_of(events_of(story.connections), size=50, site=_site(story)))
    ]
    half = len(facts) // 2
    with running_clickhouse(tmp_path_factory.mktemp("clickhouse")) as server:
        writer = ClickHouseFactWriter(server.connect, NoRetries())
        for written in (facts[half:], facts[:half], facts):
            writer.write(written, [])
        writer.close()
        connected = server.connect()
        yield connected
        connected.close()


@pytest.fixture(scope="module")
def stored(client: Client) -> dict[str, Facts]:
    """What the views show, by site."""
    by_site: dict[str, list[Fact]] = {_site(story): [] for story in ALL}
    for fact_type in FACT_TYPES:
        for fact in _read(client, fact_type):
            by_site[fact.site].append(fact)
    return {site: by_table(facts) for site, facts in by_site.items()}


@pytest.mark.parametrize("story", ALL, ids=_name)
def test_rows_are_what_asterisk_logged(story: Scenario, stored: dict[str, Facts]) -> None:
    assert differences(story, stored[_site(story)]) == []


def test_windows_agree_with_the_queue_calls_in_the_store(client: Client) -> None:
    assert client.query("SELECT * FROM callcentre.v_window_differences").result_rows == []


def test_every_queue_call_is_stored_once(client: Client) -> None:
    expected = sum(len(story.expected["calls"]) for story in ALL)
    assert client.command("SELECT count() FROM callcentre.v_queue_calls") == expected
    assert (
        client.command("SELECT count() - uniqExact(site, call_id) FROM callcentre.v_queue_calls")
        == 0
    )
