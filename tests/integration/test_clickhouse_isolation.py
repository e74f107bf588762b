"""A reader sees the rows of one tenant and nothing else, whatever the statement.

Two tenants with the same queues, agents and ids. The other tenant's rows carry SECRET in every
text, so that any answer or error that shows it, or counts more than the own rows, is a leak.
"""

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from local.clickhouse.gate import (
    ALLOWED_TABLE_FUNCTIONS,
    FORBIDDEN_FUNCTIONS,
    FORBIDDEN_STARTS,
    REVIEWED_ENGINE,
)
from streams.domain.facts import (
    AgentMembership,
    CoverageGap,
    Fact,
    OutboundCall,
    SiteStatus,
)
from streams.rebuild.staging import PREFIX
from streams.storage.connection import connect
from streams.storage.rows import RawBatch, SiteSnapshot
from streams.storage.schema_files import read_schema, tenant_tables, view_names
from streams.storage.writer import ClickHouseFactWriter
from tenants.reader_access import OPERATORS_ONLY
from tests.support.clickhouse_server import ClickHouseServer, Reader, ask, running_clickhouse
from tests.support.facts import START, agent_state, queue_call, window_of_one
from tests.support.stored_facts import NoRetries

pytestmark = pytest.mark.integration

SECRET = "SECRET"
STAGING = f"{PREFIX}1_attacked"
OWN_CALLS = 3
OTHER_CALLS = 97


def facts_of(tenant: str, count: int, mark: str) -> list[Fact]:
    calls = [
        queue_call(
            tenant_id=tenant,
            call_id=f"{n}.1/1",
            uniqueid=f"{n}.1",
            entered_at=START + n,
            agent_name=f"{mark}agent",
            caller=f"{mark}caller",
        )
        for n in range(count)
    ]
    return [
        *calls,
        *(window_of_one(call) for call in calls[:1]),
        agent_state(tenant_id=tenant, agent_name=f"{mark}agent", pause_reason=f"{mark}reason"),
        AgentMembership(
            tenant, "pbx-01", "a", f"{mark}agent", "support", START, None, False, "", 0, False, 1
        ),
        OutboundCall(
            tenant, "pbx-01", "a", f"{mark}agent", "1.5", f"{mark}callee", "", START, None, None,
            False, 1,
        ),
        SiteStatus(
            tenant, "pbx-01", START, START, True, f"{mark}version", "", "", 0, 0, 0, 0, 0, 0,
            False, 1,
        ),
        CoverageGap(tenant, "pbx-01", START, f"{mark}reason", None, 0, 0, 1),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    readers = {"acme": Reader("made-up", "acme"), "nobody": Reader("made-up", "no-rows")}
    with running_clickhouse(tmp_path_factory.mktemp("clickhouse"), readers) as running:
        writer = ClickHouseFactWriter(running.connect, NoRetries())
        writer.write(
            facts_of("acme", OWN_CALLS, ""),
            [RawBatch("acme", "pbx-01", 1, 1, 1, "s", START, b'{"events":[]}')],
        )
        writer.write(
            facts_of("rival", OTHER_CALLS, SECRET),
            [RawBatch("rival", "pbx-01", 1, 1, 1, "s", START, b'{"site":"SECRET","events":[]}')],
            [SiteSnapshot("rival", "pbx-01", 1, 1, START, b"SECRET")],
        )
        writer.close()
        leave_staging(running)
        yield running


def leave_staging(server: ClickHouseServer) -> None:
    """The tables of a rebuild that is under way, with a row of the other tenant."""
    client = server.connect()
    client.command(f"CREATE DATABASE {STAGING}")
    client.command(f"CREATE TABLE {STAGING}.queue_calls AS callcentre.queue_calls")
    client.command(
        f"INSERT INTO {STAGING}.queue_calls SELECT * FROM callcentre.queue_calls"
        " WHERE tenant_id = 'rival'"
    )
    client.close()


@pytest.fixture(scope="module")
def reader(server: ClickHouseServer) -> str:
    return server.url_of("acme", "made-up")


def leaks(text: str) -> bool:
    """Whether an answer shows the other tenant: its texts, its name, or a count with its rows."""
    totals = {str(OTHER_CALLS), str(OWN_CALLS + OTHER_CALLS)}
    return (
        SECRET in text
        or "root:" in text
        or re.search(r"\brival\b", text) is not None
        or bool(totals & set(re.findall(r"\d+", text)))
    )


READABLE = [
    name
    for name in (*tenant_tables(read_schema()), *view_names(read_schema()))
    if name not in OPERATORS_ONLY
]


@pytest.mark.parametrize("name", READABLE)
def test_every_table_and_view_shows_own_rows_only(
    server: ClickHouseServer, reader: str, name: str
) -> None:
    status, text = ask(reader, f"SELECT * FROM callcentre.{name} FORMAT JSONEachRow")
    assert status == 200, text
    assert not leaks(text)
    all_rows = ask(server.url, f"SELECT count() FROM callcentre.{name}")[1]
    own_rows = ask(reader, f"SELECT count() FROM callcentre.{name}")[1]
    assert int(own_rows) < int(all_rows) or int(all_rows) == 0


@pytest.mark.parametrize("name", sorted(OPERATORS_ONLY))
def test_the_raw_events_are_not_for_readers(reader: str, name: str) -> None:
    assert ask(reader, f"SELECT * FROM callcentre.{name}")[0] == 403


def test_a_reader_without_rows_sees_none(server: ClickHouseServer) -> None:
    url = server.url_of("nobody", "made-up")
    assert ask(url, "SELECT count() FROM callcentre.v_queue_calls") == (200, "0\n")


def test_the_reader_sees_its_own_rows_and_the_admin_all(
    server: ClickHouseServer, reader: str
) -> None:
    statement = "SELECT count() FROM callcentre.v_queue_calls"
    assert ask(reader, statement) == (200, f"{OWN_CALLS}\n")
    assert ask(server.url, statement) == (200, f"{OWN_CALLS + OTHER_CALLS}\n")


ATTACKS = Path(__file__).with_name("clickhouse_attacks.sql")
STATEMENTS = [
    line for line in ATTACKS.read_text(encoding="utf-8").splitlines() if not line.startswith("--")
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_no_statement_leaks(reader: str, statement: str) -> None:
    _, text = ask(reader, statement)
    # An error repeats the statement; what the reader wrote itself is no leak.
    assert not leaks(text.replace("'rival'", "").replace("rival\\'", ""))


def test_statements_that_write_are_refused(server: ClickHouseServer, reader: str) -> None:
    writing = re.compile(
        r"(INSERT|CREATE|ALTER|DELETE|DROP|TRUNCATE|RENAME|EXCHANGE|DETACH|ATTACH|OPTIMIZE|SYSTEM"
        r"|KILL|BACKUP|RESTORE|GRANT|REVOKE|SET|USE|CHECK)\b"
    )
    for statement in STATEMENTS:
        if writing.match(statement) or "OUTFILE" in statement:
            assert ask(reader, statement)[0] in (400, 403), statement
    assert ask(server.url, "SELECT count() FROM callcentre.v_queue_calls") == (
        200,
        f"{OWN_CALLS + OTHER_CALLS}\n",
    )


def test_what_reads_files_or_other_servers_is_refused(reader: str) -> None:
    for statement in STATEMENTS:
        if "/etc/" in statement or "127.0.0.1" in statement:
            status, text = ask(reader, statement)
            assert status != 200, statement
            assert re.search(r"ACCESS_DENIED|READONLY|SYNTAX_ERROR", text), text


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
    ],
    ids=str,
)
def test_no_key_of_the_url_widens_what_is_seen(reader: str, keys: dict[str, str]) -> None:
    statement = "SELECT tenant_id, caller, count() FROM callcentre.queue_calls GROUP BY ALL"
    _, text = ask(reader, statement, **keys)
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
def test_no_parameter_widens_what_is_seen(reader: str, statement: str, value: str) -> None:
    assert not leaks(ask(reader, statement, param_v=value)[1])


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
    assert msgspec.json.decode(ask(server.url, statement)[1]) == 2


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


def test_every_other_table_function_is_refused(server: ClickHouseServer, reader: str) -> None:
    for name in names(server, "table_functions") - ALLOWED_TABLE_FUNCTIONS:
        status, text = ask(reader, f"SELECT * FROM {name}('x')")
        assert status in (400, 403), (name, text)
