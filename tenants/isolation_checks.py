"""What a reader is asked to try, and what must come of it. Pure: statements in order, no server.

None of them harms if it should succeed: what writes would write nothing, or a table that says what
it is. Counting is enough: a check never fetches another tenant's values.
"""

# ruff: noqa: S608 - only names of ours go into the statements

import enum
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from tenants.connection import DATABASE
from tenants.schema_objects import SchemaObjects

PROBE_TABLE = "isolation_probe"


class Expected(enum.Enum):
    """What must come of a statement."""

    ZERO = "the number 0"
    ONE = "the number 1"
    ZERO_OR_REFUSED = "the number 0, or a refusal"
    REFUSED = "a refusal"


class Check(NamedTuple):
    """A statement, the keys of its URL, and what must come of it."""

    statement: str
    expected: Expected
    keys: Mapping[str, str] = {}


SECRET_SYSTEM_TABLES = (
    "asynchronous_inserts",
    "detached_parts",
    "errors",
    "grants",
    "merges",
    "mutations",
    "part_log",
    "parts",
    "parts_columns",
    "processes",
    "query_cache",
    "query_log",
    "query_thread_log",
    "query_views_log",
    "replicas",
    "role_grants",
    "row_policies",
    "session_log",
    "settings_profiles",
    "text_log",
    "trace_log",
    "users",
)
"""Tell of other users' statements, of names, or of sizes."""

_MACHINE = (
    "file('/etc/hostname', 'LineAsString')",
    "url('http://127.0.0.1:1/', 'LineAsString', 'l String')",
    "s3('http://127.0.0.1:1/x', 'CSV', 'l String')",
    "remote('127.0.0.1', system.one)",
    "cluster('default', system.one)",
    "mysql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "postgresql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "executable('true', 'TSV', 'l String')",
)


def checks(tenant_id: str, objects: SchemaObjects) -> Iterator[Check]:
    """All that the reader of this tenant is to try; some hundred."""
    # A tenant's name has no quote and no backslash.
    foreign = f"tenant_id != '{tenant_id}'"
    yield Check(f"SELECT count() FROM {DATABASE}.v_tenants", Expected.ONE)
    for name in objects.open:
        yield from _of_object(name, foreign)
    for name in objects.open:
        if texts := objects.texts.get(name):
            yield _of_words(name, texts)
    for name in objects.closed:
        yield Check(f"SELECT count() FROM {DATABASE}.{name}", Expected.REFUSED)
        yield Check(
            f"SELECT count() FROM merge('{DATABASE}', '^{name}$')", Expected.ZERO_OR_REFUSED
        )
    for name in objects.tenant_tables:
        for function in ("mergeTreeIndex", "mergeTreeAnalyzeIndexes"):
            yield Check(f"SELECT count() FROM {function}('{DATABASE}', '{name}')", Expected.REFUSED)
    for name in SECRET_SYSTEM_TABLES:
        yield Check(f"SELECT count() FROM system.{name}", Expected.ZERO_OR_REFUSED)
    for column in ("total_rows", "total_bytes"):
        yield Check(
            f"SELECT countIf({column} > 0) FROM system.tables WHERE database = '{DATABASE}'"
            " AND engine LIKE '%MergeTree'",
            Expected.ZERO_OR_REFUSED,
        )
    yield from _of_settings(objects.tenant_tables[0], foreign)
    for source in _MACHINE:
        yield Check(f"SELECT count() FROM {source}", Expected.REFUSED)
    yield from _of_writing(objects.tenant_tables[0])


def grafana_checks(tenant_id: str, objects: SchemaObjects) -> Iterator[Check]:
    """What the boards of this tenant are to ask through Grafana; some forty."""
    yield Check(f"SELECT count() FROM {DATABASE}.v_tenants", Expected.ONE)
    for name in objects.open:
        place = f"{DATABASE}.{name}"
        yield Check(f"SELECT countIf(tenant_id != '{tenant_id}') FROM {place}", Expected.ZERO)
    for name in objects.closed:
        yield Check(f"SELECT count() FROM {DATABASE}.{name}", Expected.REFUSED)


def without_policy(objects: SchemaObjects) -> Iterator[Check]:
    """What a user must see who was granted the tables, but for whom no policy speaks: nothing."""
    for name in objects.tenant_tables:
        yield Check(f"SELECT count() FROM {DATABASE}.{name}", Expected.ZERO)


def _of_object(name: str, foreign: str) -> Iterator[Check]:
    place = f"{DATABASE}.{name}"
    yield Check(f"SELECT countIf({foreign}) FROM {place}", Expected.ZERO)
    yield Check(f"SELECT count() FROM {place} WHERE {foreign}", Expected.ZERO)
    # Fails if the condition is so much as tried on another tenant's row.
    yield Check(f"SELECT countIf(throwIf({foreign}) = 1) FROM {place}", Expected.ZERO)
    yield Check(
        f"SELECT count() FROM merge('{DATABASE}', '^{name}$') WHERE {foreign}",
        Expected.ZERO_OR_REFUSED,
    )


def _of_words(table: str, texts: Iterable[str]) -> Check:
    """Fails at a word that is longer than the own ones: in a dictionary of all who share a part."""
    place = f"{DATABASE}.{table}"
    tried = ", ".join(
        f"toFixedString({text}, (SELECT max(length({text})) + 1 FROM {place}))" for text in texts
    )
    return Check(f"SELECT countIf(ignore({tried})) FROM {place}", Expected.ZERO)


def _of_settings(table: str, foreign: str) -> Iterator[Check]:
    statement = f"SELECT countIf({foreign}) FROM {DATABASE}.{table}"
    for name, value in (
        ("readonly", "0"),
        ("readonly", "2"),
        ("log_comment", "*"),
        ("additional_table_filters", "{}"),
        ("use_skip_indexes", "1"),
        ("role", "admin"),
    ):
        yield Check(statement, Expected.ZERO_OR_REFUSED, {name: value})
        quoted = value if value in ("{}", "0", "1", "2") else f"'{value}'"
        if name != "role":
            yield Check(f"{statement} SETTINGS {name} = {quoted}", Expected.ZERO_OR_REFUSED)
    yield Check(
        "SELECT toUInt8(getSetting('max_execution_time') = 0)",
        Expected.ZERO_OR_REFUSED,
        {"max_execution_time": "0"},
    )


def _of_writing(table: str) -> Iterator[Check]:
    place = f"{DATABASE}.{table}"
    for statement in (
        f"INSERT INTO {place} SELECT * FROM {place} WHERE 0",
        f"CREATE TABLE {DATABASE}.{PROBE_TABLE} (a UInt8) ENGINE = Memory",
        f"ALTER TABLE {place} DELETE WHERE 0",
        f"DELETE FROM {place} WHERE 0",
        f"DROP TABLE IF EXISTS {DATABASE}.{PROBE_TABLE}",
        f"DROP TABLE {DATABASE}.{PROBE_TABLE}_of_nobody",
        "KILL QUERY WHERE 0",
        "SYSTEM FLUSH LOGS",
        "GRANT SELECT ON *.* TO CURRENT_USER",
        f"CREATE ROW POLICY {PROBE_TABLE} ON {place} USING 1 TO CURRENT_USER",
        f"CREATE USER {PROBE_TABLE}",
        "SET ROLE admin",
        "SET log_comment = '*'",
        "SELECT 1 INTO OUTFILE '/tmp/isolation_probe'",
    ):
        yield Check(statement, Expected.REFUSED)
