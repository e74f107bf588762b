"""Errors and headers in the form ClickHouse's clients read, and the Go driver's hello."""

import json

import pytest

from local.clickhouse.answers import answer_headers, encoding_of, exception_tail, refusal
from local.clickhouse.errors import RequestError, access_denied
from local.clickhouse.execution import Answer
from local.clickhouse.hello import hello_block, is_hello

HELLO = "SELECT displayName(), version(), revision(), timezone()"


@pytest.mark.parametrize(
    ("error", "status", "code", "text"),
    [
        (
            access_denied("no"),
            403,
            "497",
            "Code: 497. DB::Exception: no (ACCESS_DENIED) (version 1)",
        ),
        (
            RuntimeError("prefix Code: 60. DB::Exception: gone. (UNKNOWN_TABLE)\n"),
            404,
            "60",
            "Code: 60. DB::Exception: gone. (UNKNOWN_TABLE) (version 1)",
        ),
        (
            RuntimeError("Code: 395. DB::Exception: x (version 9)"),
            500,
            "395",
            "Code: 395. DB::Exception: x (version 9)",
        ),
        (RuntimeError("odd"), 500, "1002", "Code: 1002. DB::Exception: odd (version 1)"),
    ],
)
def test_an_error_is_told_as_clickhouse_tells_it(
    error: Exception, status: int, code: str, text: str
) -> None:
    answer = refusal(error, "1", "q-1")
    assert answer.status_code == status
    assert answer.headers["X-ClickHouse-Exception-Code"] == code
    assert answer.headers["X-ClickHouse-Query-Id"] == "q-1"
    assert bytes(answer.body).decode() == f"{text}\n"


def test_an_error_in_the_middle_is_framed_with_its_length() -> None:
    tail = exception_tail(RequestError(1, "N", "é"), "1").decode()
    text = "Code: 1. DB::Exception: é (N) (version 1)"
    size = len(text.encode()) + 1
    assert tail == (
        f"\r\n__exception__\r\nchdbembeddedtag0\r\n{text}\n{size} chdbembeddedtag0"
        "\r\n__exception__\r\n"
    )


def test_the_summary_holds_numbers_as_texts() -> None:
    headers = answer_headers(None, None, "q", Answer(b"", written_rows=3, written_bytes=9), 0.0)
    summary = json.loads(headers["X-ClickHouse-Summary"])
    assert summary["written_rows"] == "3"
    assert summary["result_rows"] == "3"
    assert "Content-Type" not in headers


@pytest.mark.parametrize(
    ("keys", "accepted", "name"),
    [
        ({}, "gzip", ""),
        ({"enable_http_compression": "1"}, "lz4, gzip", "lz4"),
        ({"enable_http_compression": "1"}, "br", ""),
        ({"enable_http_compression": "0"}, "gzip", ""),
        ({"compress": "1", "enable_http_compression": "1"}, "gzip", ""),
    ],
)
def test_answers_are_compressed_only_when_asked(
    keys: dict[str, str], accepted: str, name: str
) -> None:
    assert encoding_of(keys, accepted).name == name


def test_hello_is_only_the_question_of_a_driver_with_a_revision() -> None:
    assert is_hello(HELLO, "54460")
    assert is_hello(f"  {HELLO.lower()} \n", "54460")
    assert not is_hello(HELLO, "")
    assert not is_hello("SELECT version()", "54460")


def test_hello_is_one_native_block_of_revision_54460_that_reports_zero() -> None:
    assert hello_block("n", "1.2", "UTC") == (
        b"\x01\x00\x02\xff\xff\xff\xff\x00"
        b"\x04\x01"
        b"\rdisplayName()\x06String\x00\x01n"
        b"\tversion()\x06String\x00\x031.2"
        b"\nrevision()\x06UInt32\x00\x00\x00\x00\x00"
        b"\ntimezone()\x06String\x00\x03UTC"
    )
