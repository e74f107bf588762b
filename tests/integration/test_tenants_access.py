"""What `sync` would send to a server with users of its own, as far as the embedded engine can tell.

It has no such users: its parser reads the statements, its tables have the columns that are asked
for, and its expressions come to what the policies rely on. Run on a real server: `verify`.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from ingest_api.auth import authenticate, token_digest
from ingest_api.registry_tokens import RegistryTokens
from ingest_api.token_source import ClickHouseTokenSource, RegistryAwayError
from local.process import free_port
from streams.storage.schema_files import read_schema, tenant_tables, view_names
from tenants.access_plan import (
    EVERYBODY,
    OWN_ROWS,
    ROLE,
    Access,
    Grant,
    Policy,
    ReaderUser,
    Setting,
    statements,
    wanted_access,
)
from tenants.access_state import normalised, read_access
from tenants.reader_access import OPERATORS_ONLY
from tenants.records import Site, SiteToken, Tenant
from tenants.registry import Registry
from tenants.schema_objects import read_objects
from tests.support.clickhouse_server import ClickHouseServer

pytestmark = pytest.mark.integration

NOTHING = Access(has_role=False, grants=frozenset(), policies=frozenset(), profile=None, users={})
DIGEST = "0" * 64


@pytest.fixture(scope="module")
def client(server: ClickHouseServer) -> Iterator[Client]:
    with closing(server.connect()) as connected:
        yield connected


def test_the_objects_on_the_server_are_those_of_the_schemas_files(client: Client) -> None:
    objects = read_objects(client)
    schema = read_schema()
    assert set(objects.tenant_tables) == set(tenant_tables(schema))
    assert set(objects.views) == set(view_names(schema))
    assert set(objects.closed) >= OPERATORS_ONLY
    assert {"schema_changes", "agents_now_feed"} <= set(objects.closed)
    assert not OPERATORS_ONLY & set(objects.open)


def test_an_engine_without_our_rules_has_none(client: Client) -> None:
    assert read_access(client, {"reader_acme": DIGEST}) == NOTHING


def test_the_engines_parser_reads_every_statement(client: Client) -> None:
    wanted = wanted_access(
        read_objects(client), {"default", "o'brien `x`"}, {"reader_a.b-c": DIGEST}
    )
    present = wanted._replace(
        grants=frozenset((Grant("callcentre", "gone"),)),
        policies=frozenset(
            Policy(table, name, "1", frozenset((EVERYBODY,)))
            for table in ("tenants", "sites")
            for name in ("readers", "everyone")
        ),
        profile=frozenset((Setting("readonly", "2"),)),
        users={
            "reader_a.b-c": ReaderUser("1" * 64, frozenset(), frozenset(("other",)), True),
            "reader_gone/probe": ReaderUser(""),
        },
    )
    every = [*statements(wanted, NOTHING), *statements(wanted, present)]
    assert len(every) > 100
    for statement in every:
        normalised_text = client.query(
            "SELECT formatQuerySingleLine({sql:String})", parameters={"sql": statement.sql}
        ).result_rows
        assert normalised_text
        assert DIGEST not in statement.told


def test_conditions_compare_as_the_server_writes_them(client: Client) -> None:
    written = normalised(client, {OWN_ROWS, "1", "0"})
    assert (written["1"], written["0"]) == ("1", "0")
    again = normalised(client, written.values())
    assert all(again[text] == text for text in written.values())


@pytest.mark.parametrize(
    ("user", "tenants"),
    [
        ("reader_acme", ["acme"]),
        ("reader_acme/0123abcd", ["acme"]),
        ("reader_ac", []),
        ("reader_", []),
        ("default", []),
        ("xreader_acme", []),
        ("acme", []),
        ("READER_acme", []),
        ("reader_acme.eu", ["acme.eu"]),
    ],
)
def test_the_condition_of_readers_shows_the_tenant_in_their_name_and_no_other(
    client: Client, user: str, tenants: list[str]
) -> None:
    condition = OWN_ROWS.replace("currentUser()", f"'{user}'")
    rows = client.query(
        "SELECT arrayJoin(['', 'acme', 'acme.eu', '/', 'reader_acme', 'default']) AS tenant_id"
        f" WHERE {condition} ORDER BY 1"
    ).result_rows
    assert [tenant for (tenant,) in rows] == tenants


def test_the_condition_of_readers_is_searched_by_the_primary_key(client: Client) -> None:
    client.command(
        "INSERT INTO callcentre.pause_limits (tenant_id, pause_reason, limit_s, version)"
        " VALUES ('acme', '*', 1, 1), ('rival', '*', 1, 1)"
    )
    condition = OWN_ROWS.replace("currentUser()", "concat('reader_', 'acme')")
    plan = client.query(
        f"EXPLAIN indexes = 1 SELECT limit_s FROM callcentre.pause_limits WHERE {condition}"
    ).result_rows
    assert any("tenant_id in ['acme', 'acme']" in line for (line,) in plan), plan


def test_a_user_is_ours_by_role_or_by_a_name_the_registry_knows(client: Client) -> None:
    wanted = wanted_access(read_objects(client), {"default"}, {"reader_acme": DIGEST})
    told = [statement.told for statement in statements(wanted, NOTHING)]
    assert told[-2:] == ["made user reader_acme", f"granted {ROLE} to reader_acme"]
    assert statements(wanted, wanted) == []


def test_ingest_reads_the_tokens_of_the_registry(server: ClickHouseServer, client: Client) -> None:
    registry = Registry(client)
    registry.put(Tenant("acme", "Acme", "UTC", "en-US"))
    registry.put(Site("acme", "pbx-01"))
    registry.put(SiteToken("acme", "pbx-01", token_digest("made-up"), registry.now()))
    ended = token_digest("ended")
    registry.put(SiteToken("acme", "pbx-01", ended, registry.now(), registry.now()))
    with closing(ClickHouseTokenSource(server.url)) as source:
        (token,) = (each for each in source.load() if each.tenant == "acme")
    assert (token.tenant, token.site, token.valid_until_ms) == ("acme", "pbx-01", None)
    assert token.sha256 == token_digest("made-up")


def test_ingest_starts_from_its_copy_when_clickhouse_is_gone(
    server: ClickHouseServer, client: Client, tmp_path: Path
) -> None:
    registry = Registry(client)
    registry.put(Tenant("copied", "Copied", "UTC", "en-US"))
    registry.put(Site("copied", "pbx-01"))
    registry.put(SiteToken("copied", "pbx-01", token_digest("copied"), registry.now()))
    copy = tmp_path / "tokens.json"
    with closing(ClickHouseTokenSource(server.url)) as source, RegistryTokens(source, copy):
        pass
    gone = ClickHouseTokenSource(f"http://admin:made-up@127.0.0.1:{free_port()}")
    with RegistryTokens(gone, copy) as tokens:
        assert not tokens.refresh()
        assert authenticate(tokens, "copied").identity.tenant == "copied"


def test_a_refused_login_is_told_without_its_password(server: ClickHouseServer) -> None:
    address = server.address.replace("://", "://admin:wrong@")
    with (
        closing(ClickHouseTokenSource(address)) as source,
        pytest.raises(RegistryAwayError) as told,
    ):
        source.load()
    assert "wrong" not in str(told.value)
