"""The embedded service as unmodified clients see it."""

import gzip
import http.client
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import clickhouse_connect
import lz4.frame
import pytest
import zstandard
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from local.clickhouse.compression import framed, unframed
from local.clickhouse.places import MAX_REQUESTS, MAX_REQUESTS_OF_A_TENANT
from tests.support.clickhouse_server import (
    ADMIN_PASSWORD,
    ClickHouseServer,
    Reader,
    ask,
    running_clickhouse,
    write_readers,
)

pytestmark = pytest.mark.integration


@pytest.fixture
def client(server: ClickHouseServer) -> Iterator[Client]:
    connected = server.connect()
    yield connected
    connected.close()


def test_client_reads_what_it_inserted_in_every_compression(server: ClickHouseServer) -> None:
    rows = [[1, "São Paulo 'quoted'", [1, 2]], [2, "tab\tand\nline\\", []]]
    for compression in (False, "lz4", "zstd", "gzip", "br"):
        parts = server.address.removeprefix("http://").split(":")
        client = clickhouse_connect.get_client(
            host=parts[0],
            port=int(parts[1]),
            username="admin",
            password=ADMIN_PASSWORD,
            compress=compression,
        )
        client.command("CREATE OR REPLACE TABLE t (a UInt8, b String, c Array(UInt8)) ORDER BY a")
        assert client.insert("t", rows).written_rows == 2
        assert client.query("SELECT * FROM t ORDER BY a").result_rows == [tuple(r) for r in rows]
        client.close()


def test_parameters_are_bound_by_the_server(client: Client) -> None:
    value = "it's a\ttab, a\nline and a \\"
    answer = client.query("SELECT {v:String}", parameters={"v": value})
    assert answer.result_rows == [(value,)]


def test_a_large_answer_is_streamed_whole(client: Client) -> None:
    with client.query_rows_stream("SELECT number FROM numbers(2000000)") as stream:
        assert sum(row[0] for row in stream) == 1_999_999_000_000


def test_an_error_in_the_middle_of_a_stream_reaches_the_client(client: Client) -> None:
    statement = "SELECT throwIf(number = 3000000, 'midway') FROM numbers(4000000)"
    with (
        pytest.raises(DatabaseError, match="midway"),
        client.query_rows_stream(statement) as stream,
    ):
        for _ in stream:
            pass


@pytest.mark.parametrize(
    ("statement", "status", "name"),
    [
        ("SELECT * FROM no_such_table", 404, "UNKNOWN_TABLE"),
        ("SELEC 1", 400, "SYNTAX_ERROR"),
        ("SELECT no_such_column FROM system.one", 404, "UNKNOWN_IDENTIFIER"),
        ("SELECT throwIf(1)", 500, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"),
    ],
)
def test_errors_carry_clickhouse_codes(
    server: ClickHouseServer, statement: str, status: int, name: str
) -> None:
    answered, text = ask(server.url, statement)
    assert answered == status
    assert text.startswith("Code: ")
    assert f"({name})" in text


def test_an_insert_may_have_its_statement_in_the_url_or_in_the_body(
    server: ClickHouseServer,
) -> None:
    ask(server.url, "CREATE OR REPLACE TABLE lines (a UInt8, b String) ORDER BY a")
    assert ask(server.url, "INSERT INTO lines FORMAT CSV\n1,one\n2,two\n")[0] == 200
    assert (
        ask(server.url, '{"a":3,"b":"three"}', query="INSERT INTO lines FORMAT JSONEachRow")[0]
        == 200
    )
    assert ask(server.url, "INSERT INTO lines VALUES (4, 'FORMAT CSV')")[0] == 200
    assert ask(server.url, "INSERT INTO lines SELECT 5, 'five'")[0] == 200
    assert ask(server.url, "SELECT a, b FROM lines ORDER BY a FORMAT CSV")[1] == (
        '1,"one"\n2,"two"\n3,"three"\n4,"FORMAT CSV"\n5,"five"\n'
    )


def test_an_insert_that_the_table_refuses_is_not_acknowledged(
    server: ClickHouseServer, client: Client
) -> None:
    ask(server.url, "CREATE OR REPLACE TABLE parted (a UInt8) ORDER BY a PARTITION BY a")
    with pytest.raises(DatabaseError, match="code: 252"):
        client.insert("parted", [[part] for part in range(150)], ["a"])
    status, text = ask(server.url, "INSERT INTO parted SETTINGS max_threads=1 FORMAT CSV\n1\n")
    assert (status, text) == (200, "")
    assert ask(server.url, "INSERT INTO parted FORMAT CSV\n") == (200, "")
    assert ask(server.url, "SELECT count() FROM parted")[1] == "1\n"


def test_an_insert_with_a_bad_row_inserts_nothing(server: ClickHouseServer) -> None:
    ask(server.url, "CREATE OR REPLACE TABLE strict (a UInt8) ORDER BY a")
    status, text = ask(server.url, "INSERT INTO strict FORMAT CSV\n1\n2\nthree\n")
    assert status >= 400
    assert "Code: " in text
    assert ask(server.url, "SELECT count() FROM strict")[1] == "0\n"


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "lz4"])
def test_a_compressed_body_is_understood(server: ClickHouseServer, encoding: str) -> None:
    pack = {
        "gzip": gzip.compress,
        "zstd": zstandard.ZstdCompressor().compress,
        "lz4": lz4.frame.compress,
    }[encoding]
    request = urllib.request.Request(server.address, pack(b"SELECT 42"))
    request.add_header("X-ClickHouse-User", "admin")
    request.add_header("X-ClickHouse-Key", ADMIN_PASSWORD)
    request.add_header("Content-Encoding", encoding)
    with urllib.request.urlopen(request) as answer:
        assert answer.read() == b"42\n"


def test_clickhouse_frames_go_both_ways(server: ClickHouseServer) -> None:
    request = urllib.request.Request(
        f"{server.address}/?compress=1&decompress=1", framed(b"SELECT 42")
    )
    request.add_header("X-ClickHouse-User", "admin")
    request.add_header("X-ClickHouse-Key", ADMIN_PASSWORD)
    with urllib.request.urlopen(request) as answer:
        assert b"".join(unframed(answer.read())) == b"42\n"


def test_a_damaged_body_is_refused(server: ClickHouseServer) -> None:
    request = urllib.request.Request(server.address, b"no gzip")
    request.add_header("X-ClickHouse-User", "admin")
    request.add_header("X-ClickHouse-Key", ADMIN_PASSWORD)
    request.add_header("Content-Encoding", "gzip")
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(request)


def test_clients_that_go_away_leave_nothing_behind(server: ClickHouseServer) -> None:
    host, port = server.address.removeprefix("http://").split(":")
    statement = "SELECT number FROM numbers(100000000000) FORMAT TSV"
    for _ in range(MAX_REQUESTS + 6):
        connection = http.client.HTTPConnection(host, int(port))
        connection.request(
            "POST",
            "/",
            statement,
            {"X-ClickHouse-User": "admin", "X-ClickHouse-Key": ADMIN_PASSWORD},
        )
        assert connection.getresponse().read(10) != b""
        connection.close()
    running = "SELECT count() FROM system.processes WHERE query LIKE 'SELECT number FROM%'"
    deadline = time.monotonic() + 20
    while ask(server.url, running) != (200, "0\n"):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def half_sent_requests(
    server: ClickHouseServer, user: str, password: str, count: int
) -> list[socket.socket]:
    """Requests of a user whose bodies do not come."""
    host, port = server.address.removeprefix("http://").split(":")
    connections = [socket.create_connection((host, int(port))) for _ in range(count)]
    head = (
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
        f"X-ClickHouse-User: {user}\r\nX-ClickHouse-Key: {password}\r\n\r\n"
    )
    for connection in connections:
        connection.sendall(head.encode())
    return connections


def test_a_tenant_takes_no_more_than_its_share_of_the_places(
    server: ClickHouseServer, directory: Path
) -> None:
    tenants = {"greedy": "acme", "greedy_boards": "acme", "other": "rival"}
    write_readers(directory, {name: Reader("made-up", of) for name, of in tenants.items()})
    greedy, boards, other = (server.url_of(name, "made-up") for name in tenants)
    half_sent = half_sent_requests(server, "greedy", "made-up", MAX_REQUESTS_OF_A_TENANT)
    deadline = time.monotonic() + 60
    while (told := ask(greedy, "SELECT 1"))[0] != 503:
        assert time.monotonic() < deadline
    share = MAX_REQUESTS_OF_A_TENANT
    assert told[1].startswith(
        "Code: 202. DB::Exception: Too many simultaneous queries for user greedy."
        f" Current: {share}, maximum: {share}. (TOO_MANY_SIMULTANEOUS_QUERIES)"
    )
    assert ask(boards, "SELECT 1")[0] == 503
    assert ask(other, "SELECT 1") == ask(server.url, "SELECT 1") == (200, "1\n")
    for connection in half_sent:
        connection.close()
    while ask(greedy, "SELECT 1")[0] != 200:
        assert time.monotonic() < deadline


def test_more_requests_than_places_are_told_so(server: ClickHouseServer) -> None:
    half_sent = half_sent_requests(server, "admin", ADMIN_PASSWORD, MAX_REQUESTS)
    deadline = time.monotonic() + 20
    while ask(server.url, "SELECT 1")[0] != 503:
        assert time.monotonic() < deadline
    for connection in half_sent:
        connection.close()
    while ask(server.url, "SELECT 1")[0] != 200:
        assert time.monotonic() < deadline


def test_a_body_is_not_read_before_the_user_is_known(server: ClickHouseServer) -> None:
    host, port = server.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 401")


def test_the_go_drivers_hello_reports_revision_zero(server: ClickHouseServer) -> None:
    status, text = ask(
        server.url,
        "SELECT displayName(), version(), revision(), timezone()",
        client_protocol_version="54460",
        default_format="Native",
    )
    assert status == 200
    assert text.encode("utf-8", "replace")[:2] == b"\x01\x00"
    assert "revision()\x06UInt32\x00\x00\x00\x00\x00" in text


def test_get_reads_and_never_writes(server: ClickHouseServer) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(
            f"{server.address}/?user=admin&password={ADMIN_PASSWORD}&query=CREATE+DATABASE+x"
        )
    assert "READONLY" in refused.value.read().decode()


@pytest.mark.parametrize("path", ["/ping", "/"])
def test_it_says_that_it_is_there(server: ClickHouseServer, path: str) -> None:
    with urllib.request.urlopen(f"{server.address}{path}") as answer:
        assert answer.read() == b"Ok.\n"


def test_readers_come_and_go_without_a_restart(directory: Path, server: ClickHouseServer) -> None:
    url = server.url_of("new", "made-up")
    assert ask(url, "SELECT 1")[0] == 401
    write_readers(directory, {"new": Reader("made-up", "acme")})
    assert ask(url, "SELECT 1") == (200, "1\n")
    write_readers(directory, {})
    assert ask(url, "SELECT 1")[0] == 401


def test_a_broken_reader_file_locks_nobody_out(directory: Path, server: ClickHouseServer) -> None:
    write_readers(directory, {"known": Reader("made-up", "acme")})
    assert ask(server.url_of("known", "made-up"), "SELECT 1")[0] == 200
    (directory / "readers.json").write_text("{")
    assert ask(server.url_of("known", "made-up"), "SELECT 1")[0] == 200
    assert ask(server.url, "SELECT 1")[0] == 200


def test_a_long_query_does_not_hold_up_others(server: ClickHouseServer) -> None:
    slow = threading.Thread(
        target=ask,
        args=(server.url, "SELECT count() FROM numbers(2000000000) WHERE number % 7 = 1"),
    )
    slow.start()
    client = server.connect()
    assert client.query("SELECT 1").result_rows == [(1,)]
    assert slow.is_alive()
    client.command("KILL QUERY WHERE query LIKE 'SELECT count() FROM numbers%' SYNC")
    slow.join()


def test_data_survives_a_kill_and_the_path_has_one_owner(tmp_path: Path) -> None:
    with running_clickhouse(tmp_path) as first:
        ask(first.url, "CREATE TABLE kept (a UInt8) ORDER BY a")
        ask(first.url, "INSERT INTO kept VALUES (1)")
        first.process._process.kill()
        first.process._process.wait()
    with running_clickhouse(tmp_path) as second:
        assert ask(second.url, "SELECT a FROM kept") == (200, "1\n")
        with (
            pytest.raises(Exception, match="is in use by process"),
            running_clickhouse(tmp_path),
        ):
            pass
