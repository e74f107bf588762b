"""Brings a ClickHouse to the schema of clickhouse/schema. Applying it twice changes nothing.

What was applied stands with its checksum in `callcentre.schema_changes`. A migration whose file was
changed or removed afterwards stops everything: forward only. Every statement can run twice, so a
migration that was cut short is simply run again.
"""

from datetime import datetime
from typing import NamedTuple

from clickhouse_connect.driver.client import Client

from streams.storage.errors import SchemaError
from streams.storage.schema_files import DATABASE, SchemaFiles, SqlFile, read_schema

_PREPARATION = (
    "CREATE DATABASE IF NOT EXISTS callcentre",
    """CREATE TABLE IF NOT EXISTS callcentre.schema_changes
(
    kind LowCardinality(String) COMMENT 'migration, function or view',
    name String COMMENT 'File in clickhouse/schema',
    checksum String COMMENT 'SHA-256 of its text when it was applied',
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'Moment it was applied'
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY (kind, name)
COMMENT 'Which files of clickhouse/schema were applied.'""",
)


class Change(NamedTuple):
    """A file that is (to be) applied; `kind` is migration, function or view."""

    kind: str
    file: SqlFile


class _Applied(NamedTuple):
    """What stands in `schema_changes` of one file."""

    checksum: str
    at: datetime


def migrate(
    client: Client, *, schema: SchemaFiles | None = None, is_dry_run: bool = False
) -> list[Change]:
    """Applies what is missing, in order, and returns it; a dry run only returns it.

    Empty if the database is up to date. Raises SchemaError if an applied migration was changed or
    removed, and what clickhouse-connect raises if a statement fails; what was applied until then
    stays and is remembered.
    """
    schema = schema or read_schema()
    applied = _applied(client)
    _check_history(schema, applied)
    changes = _missing(schema, applied)
    if is_dry_run or not changes:
        return changes
    for statement in _PREPARATION:
        client.command(statement)
    for change in changes:
        _apply(client, change)
    _comment_view_columns(client)
    return changes


def _applied(client: Client) -> dict[tuple[str, str], _Applied]:
    if not client.command("EXISTS TABLE callcentre.schema_changes"):
        return {}
    rows = client.query(
        "SELECT kind, name, checksum, applied_at FROM callcentre.schema_changes FINAL"
    ).result_rows
    return {(kind, name): _Applied(checksum, at) for kind, name, checksum, at in rows}


def _check_history(schema: SchemaFiles, applied: dict[tuple[str, str], _Applied]) -> None:
    present = {file.name: file.checksum for file in schema.migrations}
    for (kind, name), before in sorted(applied.items()):
        if kind != "migration" or present.get(name) == before.checksum:
            continue
        what = "changed" if name in present else "removed"
        raise SchemaError(
            f"migration {name} was {what} after it was applied: put it back and add a new one"
        )


def _missing(schema: SchemaFiles, applied: dict[tuple[str, str], _Applied]) -> list[Change]:
    """What has another text than when it was applied, and views older than anything else.

    A view keeps the types that its columns had, and what functions were, when it was made.
    """
    views = [Change("view", file) for file in schema.views]
    others = [
        *(Change("migration", file) for file in schema.migrations),
        *(Change("function", file) for file in schema.functions),
    ]
    changed = [change for change in others if not _is_applied(change, applied)]
    if changed:
        return [*changed, *views]
    newest = max(applied[kind, file.name].at for kind, file in others)
    return [
        view
        for view in views
        if not _is_applied(view, applied) or applied["view", view.file.name].at < newest
    ]


def _is_applied(change: Change, applied: dict[tuple[str, str], _Applied]) -> bool:
    before = applied.get((change.kind, change.file.name))
    return before is not None and before.checksum == change.file.checksum


def _apply(client: Client, change: Change) -> None:
    for statement in change.file.statements:
        client.command(statement)
    client.insert(
        "schema_changes",
        [[change.kind, change.file.name, change.file.checksum]],
        column_names=["kind", "name", "checksum"],
        column_type_names=["LowCardinality(String)", "String", "String"],
        database=DATABASE,
    )


def _comment_view_columns(client: Client) -> None:
    """Gives a view's column without a comment of its own the comment of its table's column.

    The table is the one whose name the view's begins with after `v_`; else the column's name has to
    mean the same in every table that has it.
    """
    rows = client.query(
        "SELECT columns.table, name, comment, tables.engine = 'View' AS is_view"
        " FROM system.columns AS columns"
        " INNER JOIN system.tables AS tables"
        " ON tables.database = columns.database AND tables.name = columns.table"
        " WHERE columns.database = 'callcentre' ORDER BY columns.table, position"
    ).result_rows
    comments: dict[str, dict[str, str]] = {}
    for table, name, comment, is_view in rows:
        if comment and not is_view:
            comments.setdefault(name, {})[table] = comment
    clauses: dict[str, list[str]] = {}
    for view, name, comment, is_view in rows:
        if is_view and not comment:
            inherited = _inherited_comment(view, comments.get(name, {}))
            text = inherited.replace("\\", "\\\\").replace("'", "\\'")
            clauses.setdefault(view, []).append(f"COMMENT COLUMN {name} '{text}'")
    for view, missing in clauses.items():
        client.command(f"ALTER TABLE {DATABASE}.{view} {', '.join(missing)}")


def _inherited_comment(view: str, by_table: dict[str, str]) -> str:
    for table, comment in by_table.items():
        if view.removeprefix("v_").startswith(table):
            return comment
    meanings = set(by_table.values())
    return meanings.pop() if len(meanings) == 1 else ""
