"""Reading clickhouse/schema: statements, order, tables and views."""

import re
from pathlib import Path

import pytest

from streams.storage.schema_files import (
    SCHEMA_DIRECTORY,
    read_schema,
    split_statements,
    tenant_tables,
    view_names,
)


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("", ()),
        ("-- only a comment; really\n", ()),
        ("SELECT 1", ("SELECT 1",)),
        ("SELECT 1;\n\nSELECT 2;\n;", ("SELECT 1", "SELECT 2")),
        ("SELECT ';'; SELECT 'it''s; -- no'", ("SELECT ';'", "SELECT 'it''s; -- no'")),
        ("SELECT 'a\\'; b'; SELECT `;`", ("SELECT 'a\\'; b'", "SELECT `;`")),
        ("SELECT 1 -- why; because\n + 2;", ("SELECT 1 \n + 2",)),
        ("SELECT 5 - -1", ("SELECT 5 - -1",)),
    ],
)
def test_statements_end_at_semicolons_outside_texts_and_comments(
    text: str, statements: tuple[str, ...]
) -> None:
    assert split_statements(text) == statements


def test_files_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    for kind in ("migrations", "functions", "views"):
        (tmp_path / kind).mkdir()
    (tmp_path / "migrations" / "0002_b.sql").write_text("SELECT 2;")
    (tmp_path / "migrations" / "0001_a.sql").write_text("SELECT 1;")
    (tmp_path / "migrations" / "notes.txt").write_text("not read")
    schema = read_schema(tmp_path)
    assert [file.name for file in schema.migrations] == ["0001_a.sql", "0002_b.sql"]
    assert schema.functions == schema.views == ()


def test_a_checksum_is_of_the_whole_text(tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    file = tmp_path / "migrations" / "0001_a.sql"
    file.write_text("SELECT 1;")
    before = read_schema(tmp_path).migrations[0].checksum
    file.write_text("-- another comment\nSELECT 1;")
    assert read_schema(tmp_path).migrations[0].checksum != before


def test_tables_of_tenants_are_those_with_a_tenant_id(tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0001_a.sql").write_text(
        "CREATE TABLE IF NOT EXISTS callcentre.a\n(\n    tenant_id String,\n    b String\n)"
        "\nENGINE = Memory;\n"
        "CREATE TABLE IF NOT EXISTS callcentre.b\n(\n    name String COMMENT 'no tenant_id here'\n)"
        "\nENGINE = Memory;\n"
    )
    assert tenant_tables(read_schema(tmp_path)) == ("a",)


def test_our_own_schema_is_read() -> None:
    assert "queue_calls" in tenant_tables(read_schema())
    assert view_names(read_schema())[0] == "v_queue_calls"


def test_migrations_are_numbered_without_gaps_and_say_why_what_it_costs_and_how_to_undo() -> None:
    paths = sorted((SCHEMA_DIRECTORY / "migrations").glob("*"))
    assert [path.name[:5] for path in paths] == [f"{n:04}_" for n in range(1, len(paths) + 1)]
    for path in paths:
        assert re.match(
            r"-- Why:  .*\n(--  .*\n)*-- Cost: .*\n(--  .*\n)*-- Undo: ", path.read_text()
        )


def test_every_statement_of_a_migration_can_run_twice() -> None:
    for file in read_schema().migrations:
        for statement in file.statements:
            # What is inserted replaces rows of the same key: every table does.
            assert re.match(
                r"CREATE (TABLE|MATERIALIZED VIEW) IF NOT EXISTS"
                r"|ALTER TABLE \S+ (ADD|DROP) COLUMN IF (NOT )?EXISTS|DROP \w+ IF EXISTS"
                r"|ALTER TABLE \S+\s+MODIFY (SETTING|COLUMN|QUERY)"
                r"|INSERT INTO \S+ \([\w, ]+\)\s+SELECT",
                statement,
            ), statement[:80]
