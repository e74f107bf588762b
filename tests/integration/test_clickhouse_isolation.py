"""A reader sees the rows of one tenant and nothing else, whatever the statement.

The battery (`tests/support/isolation.py`) is run against the embedded service, and against a real
server where one can be had. What is the embedded service's own business is tried there alone.
"""

import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing

import msgspec
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from local.clickhouse.gate import (
    ALLOWED_TABLE_FUNCTIONS,
    FORBIDDEN_FUNCTIONS,
    FORBIDDEN_STARTS,
    REVIEWED_ENGINE,
)
from streams.storage.connection import connect
from streams.storage.schema_files import read_schema, tenant_tables, view_names
from tenants.reader_access import OPERATORS_ONLY
from tests.support.clickhouse_server import ClickHouseServer, Reader, ask, running_clickhouse
from tests.support.isolation import (
    BEHIND_THE_GATE,
    OTHER_CALLS,
    OWN_CALLS,
    STATEMENTS,
    Place,
    is_writing,
    leaks,
    real_place,
    seed,
)

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

LEAST_STATEMENTS = 330
LOOKED_AT = "was looked at"
"""In statements that fail if a condition is so much as tried on another tenant's row."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    readers = {"acme": Reader("made-up", "acme"), "nobody": Reader("made-up", "no-rows")}
    with running_clickhouse(tmp_path_factory.mktemp("clickhouse"), readers) as running:
        with closing(running.connect()) as client:
            seed(client, running.url)
        yield running


@pytest.fixture(scope="module")
def reader(server: ClickHouseServer) -> str:
    return server.url_of("acme", "made-up")


@pytest.fixture(scope="module", params=["embedded", pytest.param("real", marks=pytest.mark.real)])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Where the battery is run."""
    if request.param == "real":
        with real_place() as found:
            yield found
    else:
        server = request.getfixturevalue("server")
        yield Place(
            server.url,
            server.url_of("acme", "made-up"),
            server.url_of("nobody", "made-up"),
            has_gate=True,
        )


TABLES = tenant_tables(read_schema())
READABLE = [name for name in (*TABLES, *view_names(read_schema())) if name not in OPERATORS_ONLY]


def counted(url: str, name: str, condition: str = "1") -> int:
    status, text = ask(url, f"SELECT count() FROM callcentre.{name} WHERE {condition}")
    assert status == 200, text
    return int(text)


@pytest.mark.parametrize("name", READABLE)
def test_every_table_and_view_shows_own_rows_only(place: Place, name: str) -> None:
    status, text = ask(place.reader, f"SELECT * FROM callcentre.{name} FORMAT JSONEachRow")
    assert status == 200, text
    assert not leaks(text)
    assert counted(place.reader, name) <= counted(place.admin, name)


def test_every_table_of_tenants_has_rows_of_both(place: Place) -> None:
    for name in TABLES:
        assert counted(place.admin, name, "tenant_id = 'acme'") > 0, name
        assert counted(place.admin, name, "tenant_id = 'rival'") > 0, name


@pytest.mark.parametrize("name", sorted(OPERATORS_ONLY))
def test_what_is_for_operators_is_refused(place: Place, name: str) -> None:
    status, text = ask(place.reader, f"SELECT * FROM callcentre.{name}")
    assert status != 200
    assert not leaks(text)


def test_a_table_nobody_has_thought_of_is_refused(place: Place) -> None:
    # As a migration leaves it until the service is started again, or `sync` is run.
    with closing(connect(place.admin)) as client:
        client.command(
            "CREATE TABLE callcentre.unguarded (tenant_id String, text String)"
            " ENGINE = MergeTree ORDER BY tenant_id AS SELECT 'rival', 'SECRET'"
        )
        try:
            for statement in (
                "SELECT * FROM callcentre.unguarded",
                "SELECT * FROM merge('callcentre', 'unguarded')",
                "SELECT total_rows FROM system.tables WHERE name = 'unguarded'",
            ):
                assert not leaks(ask(place.reader, statement)[1]), statement
            assert ask(place.reader, "SELECT * FROM callcentre.unguarded")[0] != 200
        finally:
            client.command("DROP TABLE callcentre.unguarded")


def test_there_is_no_table_that_is_neither_guarded_nor_closed(place: Place) -> None:
    """A table without a column `tenant_id` has no policy: no reader may be granted it."""
    names = ask(
        place.admin,
        "SELECT name FROM system.tables WHERE database = 'callcentre' AND engine != 'View'",
    )[1].split()
    assert set(TABLES) <= set(names)
    for name in set(names) - set(TABLES):
        assert ask(place.reader, f"SELECT * FROM callcentre.{name}")[0] != 200, name


def test_a_reader_without_rows_sees_none(place: Place) -> None:
    for name in READABLE:
        if name not in ("tenants", "sites", "v_tenants", "v_sites"):
            assert counted(place.nobody, name) == 0, name


def test_the_reader_sees_its_own_rows_and_the_admin_all(place: Place) -> None:
    assert counted(place.reader, "v_queue_calls") == OWN_CALLS
    assert counted(place.admin, "v_queue_calls") == OWN_CALLS + 2 * OTHER_CALLS


def test_the_battery_is_no_smaller_than_it_was() -> None:
    assert len(STATEMENTS) == len(set(STATEMENTS)) >= LEAST_STATEMENTS


@pytest.mark.parametrize("statement", STATEMENTS)
def test_no_statement_leaks(place: Place, statement: str) -> None:
    if statement in BEHIND_THE_GATE and not place.has_gate:
        pytest.skip("a real server cannot refuse it")
    status, text = ask(place.reader, statement)
    assert not leaks(text)
    if LOOKED_AT in statement:
        assert status == 200, text


def test_statements_that_write_are_refused(place: Place) -> None:
    for statement in filter(is_writing, STATEMENTS):
        assert ask(place.reader, statement)[0] != 200, statement
    assert counted(place.admin, "v_queue_calls") == OWN_CALLS + 2 * OTHER_CALLS


def test_what_reads_files_or_other_servers_is_refused(place: Place) -> None:
    for statement in STATEMENTS:
        if "/etc/" in statement or "127.0.0.1" in statement:
            assert ask(place.reader, statement)[0] != 200, statement


@pytest.mark.parametrize(
    "keys",
    [
        {"log_comment": "rival"},
        {"log_comment": "*"},
        {"LOG_COMMENT": "*"},
        {"role": "admin"},
        {"additional_table_filters": "{}"},
        {"use_skip_indexes": "1"},
        {"max_memory_usage": "0"},
        {"SQL_tenant": "rival"},
        {"allow_ddl": "1"},
        {"log_comment=1, readonly": "0"},
        {"session_timezone": "UTC', log_comment='*"},
        {"max_threads": "1, log_comment='*'"},
        {"param_x": "'); SET log_comment='*'"},
        {"database": "callcentre`; SET log_comment='*'; USE `callcentre"},
        {"default_format": "TSV SETTINGS log_comment='*'"},
        {"query_id": "' OR 1"},
        {"dialect": "kusto"},
        {"dialect": "prql", "allow_experimental_prql_dialect": "1"},
        {"implicit_select": "1"},
        {"enable_analyzer": "0"},
        {"final": "1", "apply_row_policy_after_final": "1"},
        {"profile": "default"},
        {"user": "default", "password": ""},
        {"user": "admin"},
        {"quota_key": "rival"},
        {"session_id": "admin", "session_check": "1"},
        {"send_logs_level": "trace"},
        {"additional_result_filter": "1"},
        {"use_query_cache": "1", "query_cache_share_between_users": "1"},
        {"parallel_replicas_custom_key": "1", "enable_parallel_replicas": "1"},
        {"ast_fuzzer_runs": "10"},
        {"format_schema": "/etc/passwd"},
        {"stacktrace": "1"},
        {"compress": "1", "readonly": "2"},
    ],
    ids=str,
)
def test_no_key_of_the_url_widens_what_is_seen(place: Place, keys: dict[str, str]) -> None:
    statement = "SELECT tenant_id, caller, count() FROM callcentre.queue_calls GROUP BY ALL"
    _, text = ask(place.reader, statement, **keys)
    assert not leaks(text)


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        ("SELECT * FROM {v:Identifier}", "system.parts"),
        ("SELECT caller FROM {v:Identifier} WHERE tenant_id = 'rival'", "callcentre.queue_calls"),
        ("SELECT * APPLY({v:Identifier}) FROM (SELECT '/etc/passwd' AS p)", "file"),
        ("SELECT {v:Identifier}('/etc/passwd')", "file"),
        ("SELECT * FROM {v:Identifier}('/etc/passwd', 'LineAsString')", "file"),
        ("SELECT caller FROM callcentre.queue_calls WHERE tenant_id = {v:String}", "' OR '1"),
        ("SELECT {v:String}", "'); SELECT file('/etc/passwd"),
    ],
)
def test_no_parameter_widens_what_is_seen(place: Place, statement: str, value: str) -> None:
    assert not leaks(ask(place.reader, statement, param_v=value)[1])


def test_a_readonly_of_zero_changes_nothing(reader: str) -> None:
    assert ask(reader, "CREATE TABLE t (a UInt8) ORDER BY a", readonly="0")[0] == 403
    assert ask(reader, "SELECT 1", readonly="0") == (200, "1\n")


def test_a_reader_cannot_lift_its_limit_on_time(reader: str) -> None:
    statement = "SELECT getSetting('max_execution_time')"
    for asked, allowed in (("0", "30"), ("3600", "30"), ("5", "5"), ("-1", "30"), ("x", "30")):
        assert ask(reader, statement, max_execution_time=asked) == (200, f"{allowed}\n")


@pytest.mark.parametrize("user", ["default", "admin", "rival", "acme' OR '1", ""])
@pytest.mark.parametrize("password", ["", "made-up", "x" * 5000])
def test_wrong_names_and_passwords_are_refused_alike(
    server: ClickHouseServer, user: str, password: str
) -> None:
    request = urllib.request.Request(server.address, b"SELECT 1")
    request.add_header("X-ClickHouse-User", user)
    request.add_header("X-ClickHouse-Key", password)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 401
    assert "password is incorrect, or there is no user with such name" in (
        refused.value.read().decode()
    )


def test_grafanas_ad_hoc_filters_narrow_what_is_seen(reader: str) -> None:
    statement = (
        "SELECT count() FROM callcentre.queue_calls settings"
        " additional_table_filters={'callcentre.queue_calls' : ' call_id = \\'1.1/1\\' '}"
    )
    assert ask(reader, statement) == (200, "1\n")


def test_what_a_data_source_needs_to_know_of_the_schema_is_there(reader: str) -> None:
    tables = ask(reader, "SELECT name FROM system.tables WHERE database = 'callcentre' ORDER BY 1")
    assert "v_queue_calls\n" in tables[1]
    assert "event_batches" not in tables[1]
    columns = ask(reader, "SELECT name FROM system.columns WHERE table = 'v_queue_calls'")
    assert "wait_ms\n" in columns[1]
    functions = ask(reader, "SELECT count() FROM system.functions WHERE name = 'kpi_occupancy'")
    assert functions == (200, "1\n")


def test_an_unmodified_client_works_for_a_reader(reader: str) -> None:
    client = connect(reader)
    statement = "SELECT count() FROM callcentre.v_queue_calls WHERE queue = {queue:String}"
    answer = client.query(statement, parameters={"queue": "support"})
    assert answer.result_rows == [(OWN_CALLS,)]
    with client.query_row_block_stream("SELECT call_id FROM callcentre.v_queue_calls") as blocks:
        assert sum(len(block) for block in blocks) == OWN_CALLS
    with pytest.raises(DatabaseError, match="ACCESS_DENIED"):
        client.command("TRUNCATE TABLE callcentre.queue_calls")
    client.close()


def test_the_same_statement_gives_each_tenant_its_own(server: ClickHouseServer) -> None:
    statement = "SELECT uniqExact(tenant_id) FROM callcentre.v_agents_now"
    assert ask(server.url_of("acme", "made-up"), statement) == (200, "1\n")
    assert ask(server.url_of("nobody", "made-up"), statement) == (200, "0\n")
    assert msgspec.json.decode(ask(server.url, statement)[1]) == 3


def names(server: ClickHouseServer, table: str) -> set[str]:
    return set(ask(server.url, f"SELECT lower(name) FROM system.{table}")[1].splitlines())


def test_the_functions_of_this_engine_were_looked_through(server: ClickHouseServer) -> None:
    assert ask(server.url, "SELECT version()")[1].strip() == REVIEWED_ENGINE, (
        "look through the new names in system.functions, then raise REVIEWED_ENGINE"
    )


def test_the_gate_names_nothing_that_the_engine_does_not_have(server: ClickHouseServer) -> None:
    functions = names(server, "functions")
    assert functions >= FORBIDDEN_FUNCTIONS
    assert names(server, "table_functions") >= ALLOWED_TABLE_FUNCTIONS
    for start in FORBIDDEN_STARTS:
        assert any(name.startswith(start) for name in functions), start


@pytest.mark.parametrize("name", ["JSON", "JSONEachRowWithProgress", "TabSeparated", "XML"])
def test_no_answer_tells_how_many_rows_were_read_for_it(reader: str, name: str) -> None:
    # Others' rows lie beside the own ones, so what was read is more than what was seen.
    statement = "SELECT count() FROM callcentre.queue_calls"
    assert not leaks(ask(reader, statement, default_format=name)[1])


def test_no_header_tells_it_either(server: ClickHouseServer) -> None:
    request = urllib.request.Request(
        f"{server.address}/?wait_end_of_query=1", b"SELECT count() FROM callcentre.queue_calls"
    )
    request.add_header("X-ClickHouse-User", "acme")
    request.add_header("X-ClickHouse-Key", "made-up")
    with urllib.request.urlopen(request) as answer:
        assert not leaks(str(answer.headers))


def test_a_reader_cannot_learn_by_a_limit_how_many_rows_were_read(reader: str) -> None:
    statement = "SELECT count() FROM callcentre.queue_calls WHERE caller != ''"
    status, text = ask(reader, statement, max_rows_to_read="5")
    assert "READONLY" in text
    assert status != 200


def test_functions_that_fail_at_a_value_are_for_readers(reader: str) -> None:
    # Others' values lie in the same part, and each of these would fail at them.
    for function in ("base64Decode({})", "base64URLDecode({})", "toFixedString({}, 4)"):
        statement = f"SELECT {function.format('queue')} FROM callcentre.queue_settings"
        status, text = ask(reader, statement)
        assert status == 200, text
        assert text.count("\n") == OWN_CALLS


def test_every_other_table_function_is_refused(server: ClickHouseServer, reader: str) -> None:
    for name in names(server, "table_functions") - ALLOWED_TABLE_FUNCTIONS:
        status, text = ask(reader, f"SELECT * FROM {name}('x')")
        assert status in (400, 403), (name, text)
