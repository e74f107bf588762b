"""No function shows a reader another tenant's words, even where no gate looks at statements.

The engine evaluates a function on the whole dictionary of a LowCardinality column, which the rows
of a part share (docs/adr/0014). So a store is filled as the migrations before the tenth left it and
migrated; every row stays where it was, and its texts tell nothing.
"""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from clickhouse_connect.driver.client import Client

from streams.domain.facts import FACT_TYPES
from streams.storage.connection import connect
from streams.storage.migrate import migrate
from streams.storage.rows import stored_columns
from streams.storage.schema_files import read_schema, tenant_tables
from streams.storage.writer import ClickHouseFactWriter
from tenants.isolation_checks import checks
from tenants.reader_access import OPERATORS_ONLY
from tenants.schema_objects import SchemaObjects, read_objects
from tests.support.bare_reader import outcomes
from tests.support.clickhouse_server import ask, keep_old_rows, running_clickhouse
from tests.support.facts import queue_call
from tests.support.isolation import fill
from tests.support.stored_facts import NoRetries

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

TABLES = tenant_tables(read_schema())
MIGRATION = "0010_text_without_dictionaries.sql"

# The own words suit each of the functions, the others' none.
OWN, OTHERS = "'abcd'", "concat('SECRETS!', toString(number))"
OTHER_ROWS = 10
FUNCTIONS = (
    "base58Decode({})",
    "base64Decode({})",
    "base64URLDecode({})",
    "javaHashUTF16LE({})",
    "toFixedString({}, 4)",
)
PLACES = (
    "SELECT {functions} FROM {table}",
    "SELECT count() FROM {table} WHERE toString(({functions})) != ''",
    "SELECT count() FROM {table} PREWHERE toString(({functions})) != ''",
    "SELECT max(({functions})) FROM {table} GROUP BY {column}",
)
OWN_WORD = "channel"
ALONE = "alone"
"""A database with the same tables, in which there is no other tenant."""


class Tried(NamedTuple):
    """A statement, and what it gave a reader beside other tenants' rows and without them."""

    statement: str
    beside: str
    without: str


class Story(NamedTuple):
    """What was seen around the migration."""

    rows_before: dict[str, str]
    rows_after: dict[str, str]
    calls_after: int
    """Queue calls of `acme` after a worker has gone on that began before."""
    other_types: list[tuple[object, ...]]
    """Columns of parts that are stored as something else than their table says."""
    tried: list[Tried]
    tried_on_a_dictionary: list[Tried]
    """One function each, on a column that keeps its dictionary, with words that are not ours."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    directory = tmp_path_factory.mktemp("clickhouse")
    schema = read_schema()
    number = [file.name for file in schema.migrations].index(MIGRATION)
    with (
        running_clickhouse(directory, is_migrated=False) as server,
        closing(server.connect()) as client,
    ):
        migrate(client, schema=schema._replace(migrations=schema.migrations[:number]))
        keep_old_rows(client)
        _seed(client)
        writer = ClickHouseFactWriter(lambda: connect(server.url), NoRetries())
        writer.write([queue_call(tenant_id="rival", call_id="1.1/1")], [])
        rows_before = _rows(server.url)
        # Cut short, as by a kill after some statements.
        for statement in schema.migrations[number].statements[:3]:
            client.command(statement)
        migrate(client)
        _await_mutations(client)
        rows_after = _rows(server.url)
        # With the types it learnt before.
        writer.write([queue_call(tenant_id="rival", call_id="1.2/1")], [])
        writer.close()
        count = "SELECT count() FROM callcentre.v_queue_calls"
        (calls_after,) = client.query(count).result_rows[0]
        other_types = _other_types(client)
        statements = [*_on_every_text(client), *_of_verify(read_objects(client))]
    alone = [*_on_a_dictionary(), *_of_verify(ON_A_DICTIONARY)]
    tried = _try(directory, [*statements, *alone])
    return Story(
        rows_before,
        rows_after,
        calls_after,
        other_types,
        tried[: len(statements)],
        tried[len(statements) :],
    )


def _seed(client: Client) -> None:
    client.command(f"CREATE DATABASE {ALONE}")
    for table in TABLES:
        fill(client, table, "acme", 1, OWN)
        fill(client, table, "rival", OTHER_ROWS, OTHERS)
        client.command(f"OPTIMIZE TABLE callcentre.{table} FINAL")
        client.command(
            f"CREATE TABLE {ALONE}.{table} ENGINE = MergeTree ORDER BY tuple()"
            f" AS SELECT * FROM callcentre.{table} WHERE tenant_id = 'acme'"
        )


def _on_every_text(client: Client) -> Iterator[str]:
    """All functions at once on each text that readers are granted; our own words are none."""
    rows = client.query(
        "SELECT table, name FROM system.columns WHERE database = 'callcentre'"
        " AND type = 'String' AND default_kind != 'ALIAS'"
    ).result_rows
    for table, name in rows:
        if table in TABLES and table not in OPERATORS_ONLY:
            functions = ", ".join(function.format(name) for function in FUNCTIONS)
            for place in PLACES:
                yield place.format(functions=functions, table="{}." + table, column=name)


def _on_a_dictionary() -> Iterator[str]:
    for function in FUNCTIONS:
        for place in PLACES:
            yield place.format(
                functions=function.format(OWN_WORD), table="{}.queue_calls", column=OWN_WORD
            )


def _of_verify(objects: SchemaObjects) -> list[str]:
    """What `verify` tries with a function that fails at a value."""
    return [
        check.statement.replace("callcentre.", "{0}.")
        for check in checks("acme", objects)
        if "toFixedString" in check.statement
    ]


ON_A_DICTIONARY = SchemaObjects(("queue_calls",), (), (), {"queue_calls": (OWN_WORD,)})


def _try(directory: Path, statements: list[str]) -> list[Tried]:
    beside = [(False, statement.format("callcentre")) for statement in statements]
    without = [(True, statement.format(ALONE)) for statement in statements]
    answers = outcomes(directory / "store", "acme", [*beside, *without])
    return [
        Tried(*one)
        for one in zip(statements, answers[: len(beside)], answers[len(beside) :], strict=True)
    ]


def _rows(url: str) -> dict[str, str]:
    """What every table holds, and what the views show of the facts."""
    statements = {table: f"SELECT * FROM callcentre.{table} FINAL ORDER BY ALL" for table in TABLES}
    for fact_type in FACT_TYPES:
        view = f"v_{fact_type.TABLE}"
        columns = ", ".join(stored_columns(fact_type))
        statements[view] = f"SELECT {columns} FROM callcentre.{view} ORDER BY ALL"
    return {name: ask(url, statement)[1] for name, statement in statements.items()}


def _await_mutations(client: Client) -> None:
    deadline = time.monotonic() + 120
    while client.command("SELECT count() FROM system.mutations WHERE NOT is_done") != 0:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _other_types(client: Client) -> list[tuple[object, ...]]:
    return [
        tuple(row)
        for row in client.query(
            "SELECT parts.table, parts.name, parts.column, parts.type"
            " FROM system.parts_columns AS parts INNER JOIN system.columns AS columns"
            " ON columns.database = parts.database AND columns.table = parts.table"
            " AND columns.name = parts.column"
            " WHERE parts.active AND parts.database = 'callcentre' AND columns.type != parts.type"
        ).result_rows
    ]


def test_on_a_shared_dictionary_each_function_tells_of_another_tenants_words(story: Story) -> None:
    told = [statement for statement, *seen in story.tried_on_a_dictionary if seen[0] != seen[1]]
    for function in FUNCTIONS:
        assert any(function.format(OWN_WORD) in statement for statement in told), function
    (found_by_verify,) = _of_verify(ON_A_DICTIONARY)
    assert found_by_verify in told


def test_on_text_no_function_tells_anything(story: Story) -> None:
    assert len(story.tried) > 200
    assert any(statement.startswith("SELECT countIf(ignore(") for statement, *_ in story.tried)
    for statement, beside, without in story.tried:
        assert beside == without, statement
        assert "DB::Exception" not in beside, statement


def test_every_row_is_still_there(story: Story) -> None:
    assert all(text.count("\n") > 1 for text in story.rows_before.values())
    assert story.rows_after == story.rows_before


def test_parts_that_were_there_before_have_no_dictionary_left(story: Story) -> None:
    assert story.other_types == []


def test_a_worker_that_began_before_goes_on(story: Story) -> None:
    assert story.calls_after == 1 + OTHER_ROWS + 2
