"""The files of clickhouse/schema: what is in them, in the order in which they are applied.

Three kinds (clickhouse/schema/README.md): `migrations` change tables and are applied once;
`functions` and `views` say what holds and are applied again when their text changes.
"""

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

DATABASE = "callcentre"

SCHEMA_DIRECTORY = Path(__file__).parents[2] / "clickhouse" / "schema"

_TOKEN = re.compile(
    r"""(?P<comment>--[^\n]*)|(?P<quoted>'(?:[^'\\]|\\.|'')*'|`[^`]*`|"[^"]*")|(?P<end>;)""",
    re.VERBOSE,
)
_TABLE = re.compile(rf"CREATE TABLE IF NOT EXISTS {DATABASE}\.(\w+)\s*\((.*)\)\s*ENGINE", re.DOTALL)
_VIEW = re.compile(rf"CREATE OR REPLACE VIEW {DATABASE}\.(\w+)")


class SqlFile(NamedTuple):
    """One file: its name, its statements in order, and the checksum of its text."""

    name: str
    statements: tuple[str, ...]
    checksum: str


class SchemaFiles(NamedTuple):
    """All files by kind, each kind in the order of its names."""

    migrations: tuple[SqlFile, ...]
    functions: tuple[SqlFile, ...]
    views: tuple[SqlFile, ...]


def read_schema(directory: Path = SCHEMA_DIRECTORY) -> SchemaFiles:
    """The schema as the files say. Raises OSError if one cannot be read."""
    return SchemaFiles(
        migrations=_read_kind(directory / "migrations"),
        functions=_read_kind(directory / "functions"),
        views=_read_kind(directory / "views"),
    )


def split_statements(text: str) -> tuple[str, ...]:
    """The statements of an SQL text without comments, semicolons and empty ones.

    A semicolon within quotes does not end a statement.
    """
    statements = []
    parts: list[str] = []
    place = 0
    for token in _TOKEN.finditer(text):
        parts.append(text[place : token.start()])
        place = token.end()
        if token["end"]:
            statements.append("".join(parts).strip())
            parts.clear()
        elif token["quoted"]:
            parts.append(token["quoted"])
    parts.append(text[place:])
    statements.append("".join(parts).strip())
    return tuple(statement for statement in statements if statement)


def tenant_tables(schema: SchemaFiles) -> tuple[str, ...]:
    """Names of the tables that hold rows of tenants: those with a column `tenant_id`.

    Every one of them needs a row policy.
    """
    return tuple(
        found[1]
        for file in schema.migrations
        for statement in file.statements
        if (found := _TABLE.match(statement))
        and re.search(r"^\s*tenant_id\s", found[2], re.MULTILINE)
    )


def view_names(schema: SchemaFiles) -> tuple[str, ...]:
    """Names of the views, in the order in which they are made."""
    return tuple(
        found[1]
        for file in schema.views
        for statement in file.statements
        if (found := _VIEW.match(statement))
    )


def _read_kind(directory: Path) -> tuple[SqlFile, ...]:
    return tuple(_read_file(path) for path in sorted(directory.glob("*.sql")))


def _read_file(path: Path) -> SqlFile:
    text = path.read_text(encoding="utf-8")
    checksum = hashlib.sha256(text.encode()).hexdigest()
    return SqlFile(path.name, split_statements(text), checksum)
