"""Which way a statement is run: by what it looks like, never wider than it is."""

import pytest

from local.clickhouse.errors import RequestError
from local.clickhouse.statements import (
    is_streamable,
    lift_ad_hoc_filters,
    output_format,
    parse_insert,
    require_no_files,
)


@pytest.mark.parametrize(
    ("text", "statement", "format_name", "data"),
    [
        (b"INSERT INTO t FORMAT CSV\n1,2\n", "INSERT INTO t", "CSV", b"1,2\n"),
        (
            b"INSERT INTO t (a, `b`) FORMAT Native\r\n\x01",
            "INSERT INTO t (a, `b`)",
            "Native",
            b"\x01",
        ),
        (b"insert into `d`.`t` format JSONEachRow {}", "insert into `d`.`t`", "JSONEachRow", b"{}"),
        (b"  INSERT INTO TABLE d.t FORMAT TSV\n", "INSERT INTO TABLE d.t", "TSV", b""),
        (b"INSERT INTO t FORMAT TSV", "INSERT INTO t", "TSV", b""),
        (
            b"INSERT INTO t (a) SETTINGS x=1, y = 'z' FORMAT TSV\n1",
            "INSERT INTO t (a) | SETTINGS x=1, y = 'z'",
            "TSV",
            b"1",
        ),
        (b"INSERT INTO t FORMAT TSV;\n1", "INSERT INTO t", "TSV", b"1"),
    ],
)
def test_an_insert_with_data_is_parted(
    text: bytes, statement: str, format_name: str, data: bytes
) -> None:
    insert = parse_insert(text)
    assert insert is not None
    assert insert.into == statement.partition(" | ")[0]
    assert insert.settings == statement.partition(" | ")[2]
    assert insert.format == format_name
    assert text[insert.data_start :] == data


@pytest.mark.parametrize(
    "text",
    [
        b"SELECT 1 FORMAT CSV",
        b"INSERT INTO t VALUES (1, ' FORMAT CSV\n')",
        b"INSERT INTO t (a) VALUES ('FORMAT TSV')",
        b"INSERT INTO t FORMAT Values (1)",
        b"INSERT INTO t SELECT * FROM u FORMAT CSV",
        b"",
    ],
)
def test_other_statements_are_left_to_the_engine(text: bytes) -> None:
    assert parse_insert(text) is None


@pytest.mark.parametrize(
    ("statement", "format_name"),
    [
        ("SELECT 1", "TSV"),
        ("SELECT 1 FORMAT JSON", "JSON"),
        ("SELECT 1 format CSV ;", "CSV"),
        ("SELECT 1 FORMAT Native SETTINGS max_threads = 1", "Native"),
        ("SELECT ' FORMAT JSON '", "TSV"),
    ],
)
def test_the_format_is_the_statements_own_else_the_default(
    statement: str, format_name: str
) -> None:
    assert output_format(statement, "TSV") == format_name


@pytest.mark.parametrize(
    ("statement", "format_name", "streams"),
    [
        ("SELECT 1", "Native", True),
        ("-- why\n WITH 1 AS x SELECT x", "TabSeparated", True),
        ("/* a; b */ (SELECT 1)", "JSONEachRow", True),
        ("SELECT 1", "JSON", False),
        ("SHOW TABLES", "Native", False),
        ("EXPLAIN SELECT 1", "Native", False),
    ],
)
def test_only_queries_in_formats_without_head_and_tail_are_streamed(
    statement: str, format_name: str, streams: bool
) -> None:
    assert is_streamable(statement, format_name) is streams


def test_ad_hoc_filters_are_taken_off_the_end() -> None:
    statement, filters = lift_ad_hoc_filters(
        r"SELECT 1 FROM t settings additional_table_filters={'d.t' : ' k = \'v\' ', 'u': '1'}"
    )
    assert statement == "SELECT 1 FROM t "
    assert filters == {"d.t": " k = 'v' ", "u": "1"}


@pytest.mark.parametrize(
    "statement", ["SELECT 1", "SELECT additional_table_filters FROM t", "SELECT 1 SETTINGS a = 1"]
)
def test_a_statement_without_filters_is_left_alone(statement: str) -> None:
    assert lift_ad_hoc_filters(statement) == (statement, {})


def test_empty_filters_are_none() -> None:
    assert lift_ad_hoc_filters("SELECT 1 SETTINGS additional_table_filters={}") == ("SELECT 1 ", {})


@pytest.mark.parametrize(
    "inner", [r"'t': '\\x'", "'t': 1", "t: '1'", "'t': '1' OR '2'", r"'t': 'a\n'"]
)
def test_filters_in_any_other_form_are_refused(inner: str) -> None:
    with pytest.raises(RequestError, match="ACCESS_DENIED"):
        lift_ad_hoc_filters(f"SELECT 1 SETTINGS additional_table_filters={{{inner}}}")


def test_external_tables_are_refused() -> None:
    require_no_files([])
    with pytest.raises(RequestError, match="NOT_IMPLEMENTED"):
        require_no_files(["data"])
