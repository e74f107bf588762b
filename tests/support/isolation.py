"""Two tenants with the same queues, agents and ids, and what a reader of one may try.

Every table of tenants has rows of both, a new one too: what `rival` has carries SECRET in each
text, and so many rows that a number of them in an answer is a leak. A third one, `abacus`, has as
much and lies before the reader's rows. All lie in the same parts, as they do after a while.
"""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from clickhouse_connect.driver.client import Client

from streams.domain.facts import (
    AgentMembership,
    CoverageGap,
    Fact,
    OutboundCall,
    SiteStatus,
)
from streams.rebuild.staging import PREFIX
from streams.storage.connection import connect
from streams.storage.migrate import migrate
from streams.storage.rows import RawBatch, SiteSnapshot
from streams.storage.schema_files import read_schema, tenant_tables
from streams.storage.writer import ClickHouseFactWriter
from tenants.arguments import parser
from tenants.commands import Surroundings
from tenants.config import config_from
from tenants.registry import Registry
from tests.support.clickhouse_server import keep_old_rows
from tests.support.facts import START, agent_state, queue_call, window_of_one
from tests.support.real_servers import real_clickhouse
from tests.support.stored_facts import NoRetries

SECRET = "SECRET"
OWN_CALLS = 3
OTHER_CALLS = 1_777
_STAGING = f"{PREFIX}1_attacked"

_ATTACKS, _GATED_ATTACKS = (
    tuple(line for line in part.splitlines() if line and not line.startswith("--"))
    for part in Path(__file__)
    .with_name("isolation_attacks.sql")
    .read_text(encoding="utf-8")
    .split("-- BEHIND THE GATE")
)
STATEMENTS = _ATTACKS + _GATED_ATTACKS
"""One attack each; every one may answer with own rows or a refusal."""

BEHIND_THE_GATE = frozenset(_GATED_ATTACKS)
"""Those that only the embedded service can refuse: how much others have (docs/adr/0050)."""

_WRITING = re.compile(
    r"(INSERT|CREATE|ALTER|DELETE|DROP|TRUNCATE|RENAME|EXCHANGE|DETACH|ATTACH|OPTIMIZE|SYSTEM"
    r"|KILL|BACKUP|RESTORE|GRANT|REVOKE|SET|CHECK)\b"
)


class Place(NamedTuple):
    """A ClickHouse with the tenants: addresses with the admin, `acme`'s reader, and one who has no
    rows; whether statements are looked at before they run, as the embedded service does."""

    admin: str
    reader: str
    nobody: str
    has_gate: bool = False


def leaks(text: str) -> bool:
    """Whether an answer shows the other tenant: its texts, its name, or a count with its rows.

    An error repeats the statement; what the reader wrote itself is no leak.
    """
    text = text.replace("'rival'", "").replace("rival\\'", "")
    counts = (OTHER_CALLS, 2 * OTHER_CALLS)
    totals = {str(count + own) for count in counts for own in (0, OWN_CALLS)}
    return (
        SECRET in text
        or "root:" in text
        or re.search(r"\b(rival|abacus)\b", text) is not None
        or re.search(r"\b(1\.78|3\.5[56]) thousand\b", text) is not None
        or bool(totals & set(re.findall(r"\d+", text)))
    )


def is_writing(statement: str) -> bool:
    """Whether a statement would change something, on the server or in its files."""
    return _WRITING.match(statement) is not None or "OUTFILE" in statement


def seed(client: Client, url: str) -> None:
    """Rows of both tenants in every table that holds tenants' rows, and a rebuild under way."""
    writer = ClickHouseFactWriter(lambda: connect(url), NoRetries())
    tenants = (
        ("acme", OWN_CALLS, ""),
        ("rival", OTHER_CALLS, SECRET),
        ("abacus", OTHER_CALLS, SECRET),
    )
    for tenant, count, mark in tenants:
        payload = f'{{"site":"{mark}","events":[]}}'.encode()
        writer.write(
            _facts_of(tenant, count, mark),
            [RawBatch(tenant, "pbx-01", 1, 1, 1, "s", START, payload)],
            [SiteSnapshot(tenant, "pbx-01", 1, 1, START, mark.encode())],
        )
    writer.close()
    for table in tenant_tables(read_schema()):
        fill(client, table, "acme", OWN_CALLS, "concat('own', toString(number))")
        for tenant in ("rival", "abacus"):
            fill(client, table, tenant, OTHER_CALLS, f"concat('{SECRET}', toString(number))")
        client.command(f"OPTIMIZE TABLE callcentre.{table} FINAL")
    client.command(f"CREATE DATABASE {_STAGING}")
    client.command(f"CREATE TABLE {_STAGING}.queue_calls AS callcentre.queue_calls")
    client.command(
        f"INSERT INTO {_STAGING}.queue_calls SELECT * FROM callcentre.queue_calls"
        " WHERE tenant_id = 'rival'"
    )


@contextmanager
def real_place() -> Iterator[Place]:
    """A real server: its readers are made by `sync`, as they are for customers.

    A server that has our database already is somebody else's and is refused. Skips without one.
    """
    with real_clickhouse() as url, closing(connect(url)) as client:
        if client.command("EXISTS DATABASE callcentre"):
            pytest.fail("CLICKHOUSE_URL has a database callcentre: name a ClickHouse without one")
        try:
            migrate(client)
            keep_old_rows(client)
            passwords = _readers(client, url)
            seed(client, url)
            address = url.partition("://")[2].rpartition("@")[2]
            yield Place(
                url,
                f"http://reader_acme:{passwords['acme']}@{address}",
                f"http://reader_nobody:{passwords['nobody']}@{address}",
            )
        finally:
            client.command(f"DROP DATABASE IF EXISTS {_STAGING}")
            client.command("DROP DATABASE IF EXISTS callcentre")
            for name in ("acme", "rival", "nobody"):
                client.command(f"DROP USER IF EXISTS reader_{name}")


def _readers(client: Client, url: str) -> dict[str, str]:
    environment = {"CLICKHOUSE_URL": url, "INGEST_PUBLIC_URL": "https://ingest.example.com"}
    around = Surroundings(config_from(environment), client, Registry(client))
    passwords = {}
    for tenant in ("acme", "rival", "nobody"):
        words = ["add", tenant, "--time-zone", "UTC", "--language", "en-US"]
        options = parser().parse_args(words)
        passwords[tenant] = options.run(around, options).secrets["reader_password"]
    options = parser().parse_args(["sync"])
    options.run(around, options)
    return passwords


def fill(client: Client, table: str, tenant: str, count: int, value: str) -> None:
    """Rows with this SQL value, which may name their `number`, in every text.

    Nothing if the table has some of this tenant.
    """
    if client.command(f"SELECT count() FROM callcentre.{table} WHERE tenant_id = '{tenant}'") != 0:
        return
    columns = client.query(
        "SELECT name, type FROM system.columns WHERE database = 'callcentre'"
        " AND table = {table:String} AND default_kind = '' AND name != 'tenant_id'",
        parameters={"table": table},
    ).result_rows
    texts = {
        name: f"[{value}]" if of.startswith("Array") else value
        for name, of in columns
        if re.fullmatch(r"(Array\()?(LowCardinality\(|Nullable\()*String\)*", of)
    }
    client.command(
        f"INSERT INTO callcentre.{table} ({', '.join(['tenant_id', *texts])})"
        f" SELECT {', '.join([repr(tenant), *texts.values()])} FROM numbers({count})"
    )


def _facts_of(tenant: str, count: int, mark: str) -> list[Fact]:
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
