"""The schema's files, the facts and a migrated ClickHouse agree."""

import types
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from local.clickhouse.access import reader_objects, users_xml
from local.clickhouse.system_tables import GUARDED, READABLE, VIEWS_ONLY
from streams.domain.facts import FACT_TYPES, Fact
from streams.storage.current_schema import CURRENT_SCHEMA, current_schema
from streams.storage.errors import SchemaError
from streams.storage.migrate import migrate
from streams.storage.rows import RawBatch, SiteSnapshot
from streams.storage.schema_files import read_schema, tenant_tables, view_names
from tenants.reader_access import OPERATORS_ONLY
from tenants.schema_objects import OUR_WORDS
from tests.support.clickhouse_server import ClickHouseServer, running_clickhouse

pytestmark = pytest.mark.integration

MOMENTS = ("_at", "window_start", "state_since")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    directory = tmp_path_factory.mktemp("clickhouse")
    with running_clickhouse(directory, forgets_old_rows=True) as running:
        yield running


@pytest.fixture
def client(server: ClickHouseServer) -> Iterator[Client]:
    connected = server.connect()
    yield connected
    connected.close()


def columns(client: Client, table: str) -> dict[str, str]:
    rows = client.query(
        "SELECT name, type FROM system.columns"
        " WHERE database = 'callcentre' AND table = {table:String} ORDER BY position",
        parameters={"table": table},
    ).result_rows
    return {name: column for name, column in rows}  # noqa: C416 - rows are sequences


def column_type(name: str, field_type: object) -> set[str]:
    """What a column for this field may be."""
    options = typing.get_args(field_type)
    if isinstance(field_type, types.UnionType) and type(None) in options:
        (inner,) = (option for option in options if option is not type(None))
        return {f"Nullable({allowed})" for allowed in column_type(name, inner)}
    if typing.get_origin(field_type) is typing.Literal:
        return {"LowCardinality(String)"}
    if field_type is str:
        return {"String"}
    if field_type is bool:
        return {"Bool"}
    if field_type == dict[int, int]:
        return {"Map(UInt32, UInt32)"}
    assert field_type is int, field_type
    if name.endswith(MOMENTS):
        return {"DateTime64(3, 'UTC')"}
    return {"Int64"} if name == "skew_ms" else {"UInt32", "UInt64"}


@pytest.mark.parametrize("fact_type", FACT_TYPES, ids=lambda fact_type: fact_type.TABLE)
def test_columns_of_a_table_are_the_fields_of_its_fact(
    client: Client, fact_type: type[Fact]
) -> None:
    stored = columns(client, fact_type.TABLE)
    assert list(stored) == [*fact_type.__struct_fields__, "is_deleted"]
    for name, field_type in typing.get_type_hints(fact_type).items():
        if name in stored:
            assert stored[name] in column_type(name, field_type), name


@pytest.mark.parametrize("fact_type", FACT_TYPES, ids=lambda fact_type: fact_type.TABLE)
def test_a_table_is_ordered_by_the_key_of_its_fact_and_keeps_the_highest_version(
    client: Client, fact_type: type[Fact]
) -> None:
    engine, key = client.query(
        "SELECT engine_full, sorting_key FROM system.tables"
        " WHERE database = 'callcentre' AND name = {table:String}",
        parameters={"table": fact_type.TABLE},
    ).result_rows[0]
    assert key == ", ".join(fact_type.KEY)
    assert engine.startswith("ReplacingMergeTree(version, is_deleted)")


@pytest.mark.parametrize("fact_type", FACT_TYPES, ids=lambda fact_type: fact_type.TABLE)
def test_a_view_begins_with_the_fields_of_its_fact(client: Client, fact_type: type[Fact]) -> None:
    table = columns(client, fact_type.TABLE)
    view = list(columns(client, f"v_{fact_type.TABLE}").items())
    fields = fact_type.__struct_fields__
    assert view[: len(fields)] == [(name, table[name]) for name in fields]


def test_columns_of_event_batches_are_the_fields_of_raw_batches(client: Client) -> None:
    assert tuple(columns(client, "event_batches")) == RawBatch.__struct_fields__


def test_columns_of_site_snapshots_are_the_fields_of_snapshots_and_their_form(
    client: Client,
) -> None:
    assert set(columns(client, "site_snapshots")) == {*SiteSnapshot.__struct_fields__, "form"}


def test_no_column_has_a_dictionary_of_what_tenants_or_their_systems_name(client: Client) -> None:
    """Parts hold rows of many tenants, and a dictionary is a part's: docs/adr/0014."""
    with_dictionary = client.query(
        "SELECT DISTINCT name FROM system.columns"
        " WHERE database = 'callcentre' AND type LIKE '%LowCardinality%'"
    ).result_rows
    assert {name for (name,) in with_dictionary} <= OUR_WORDS


def test_every_column_tells_what_it_means(client: Client) -> None:
    silent = client.query(
        "SELECT table, name FROM system.columns WHERE database = 'callcentre' AND comment = ''"
        " AND table NOT IN (SELECT name FROM system.tables WHERE engine = 'MaterializedView')"
    ).result_rows
    assert list(silent) == []


def test_applying_the_schema_again_changes_nothing(client: Client) -> None:
    before = current_schema(client)
    assert migrate(client, is_dry_run=True) == []
    assert migrate(client) == []
    assert current_schema(client) == before


def test_the_committed_schema_is_fresh(client: Client) -> None:
    assert CURRENT_SCHEMA.read_text(encoding="utf-8") == current_schema(client), (
        "run `python -m local.clickhouse.current_schema` and read the diff"
    )


def test_a_changed_or_missing_migration_stops_everything(client: Client) -> None:
    schema = read_schema()
    first = schema.migrations[0]._replace(checksum="another")
    changed = schema._replace(migrations=(first, *schema.migrations[1:]))
    with pytest.raises(SchemaError, match=r"0001_facts\.sql was changed"):
        migrate(client, schema=changed)
    with pytest.raises(SchemaError, match=r"0001_facts\.sql was removed"):
        migrate(client, schema=schema._replace(migrations=schema.migrations[1:]))


def test_a_changed_view_is_made_again(client: Client) -> None:
    schema = read_schema()
    changed = schema.views[-1]._replace(checksum="another")
    altered = schema._replace(views=(*schema.views[:-1], changed))
    assert [change.file for change in migrate(client, schema=altered)] == [changed]
    assert [change.file.name for change in migrate(client)] == [changed.name]


def test_a_changed_function_is_in_the_views_too(client: Client) -> None:
    schema = read_schema()
    name = "60_pause_limit.sql"
    others = [file for file in schema.functions if file.name != name]
    (limit,) = (file for file in schema.functions if file.name == name)
    statement = limit.statements[0].replace("limits['*']", "1777")
    changed = limit._replace(statements=(statement,), checksum="another")
    shown = "SHOW CREATE VIEW callcentre.v_agents_board"
    migrate(client, schema=schema._replace(functions=(*others, changed)))
    assert "1777" in str(client.command(shown))
    migrate(client)
    assert "1777" not in str(client.command(shown))
    assert migrate(client) == []


def test_a_dry_run_touches_nothing(tmp_path: Path) -> None:
    with running_clickhouse(tmp_path, is_migrated=False) as server:
        client = server.connect()
        schema = read_schema()
        planned = [change.file for change in migrate(client, is_dry_run=True)]
        assert planned == [*schema.migrations, *schema.functions, *schema.views]
        assert client.command("EXISTS DATABASE callcentre") == 0
        client.close()


def test_every_table_with_a_tenant_is_known_as_one(client: Client) -> None:
    stored = client.query(
        "SELECT DISTINCT table FROM system.columns INNER JOIN system.tables"
        " ON system.tables.name = table AND system.tables.database = database"
        " WHERE database = 'callcentre' AND system.columns.name = 'tenant_id'"
        " AND engine NOT IN ('View', 'MaterializedView')"
    ).result_rows
    assert {table for (table,) in stored} == set(tenant_tables(read_schema()))


def test_every_view_is_known_as_one(client: Client) -> None:
    stored = client.query(
        "SELECT name FROM system.tables WHERE database = 'callcentre' AND engine = 'View'"
    ).result_rows
    assert {name for (name,) in stored} == set(view_names(read_schema()))


def test_every_tenant_table_has_a_row_policy() -> None:
    xml = users_xml(read_schema())
    for table in tenant_tables(read_schema()):
        assert f"<{table}><filter>" in xml, table


def test_no_reader_is_granted_the_raw_events() -> None:
    granted = set(reader_objects(read_schema()))
    assert "v_queue_calls" in granted
    assert not granted & OPERATORS_ONLY


def test_every_system_table_of_the_engine_is_open_or_guarded_on_purpose(client: Client) -> None:
    present = {
        name
        for (name,) in client.query(
            "SELECT name FROM system.tables WHERE database = 'system'"
        ).result_rows
    }
    assert present <= {*READABLE, *VIEWS_ONLY, *GUARDED}
