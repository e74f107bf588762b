"""A ClickHouse of a test's own: the embedded service in its own process, on a free port."""

import json
import os
import re
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit

from clickhouse_connect.driver.client import Client

from local.process import Child
from streams.storage.connection import connect
from streams.storage.migrate import migrate
from tests.support.migrated_store import copy_migrated_store

ADMIN_PASSWORD = "made-up-admin-password"
_STARTS_WITHIN_S = 60.0
_ADDRESS = re.compile(r"^clickhouse: (http://\S+)$", re.MULTILINE)


class Reader(NamedTuple):
    """A user who may read one tenant's rows."""

    password: str
    tenant: str


class ClickHouseServer(NamedTuple):
    """A running service; `address` has no user in it."""

    address: str
    process: Child

    @property
    def url(self) -> str:
        """The address with the admin in it, as `CLICKHOUSE_URL` holds it."""
        return self.url_of("admin", ADMIN_PASSWORD)

    def url_of(self, user: str, password: str) -> str:
        return self.address.replace("://", f"://{user}:{password}@")

    def connect(self) -> Client:
        """A client of the admin."""
        return connect(self.url)


@contextmanager
def running_clickhouse(
    directory: Path,
    readers: Mapping[str, Reader] | None = None,
    *,
    port: int = 0,
    is_migrated: bool = True,
    forgets_old_rows: bool = False,
) -> Iterator[ClickHouseServer]:
    """A service with its data in `directory`, by default with today's schema.

    A directory that was used before is opened again; another begins with a copy of the store that
    this run of tests migrated. `port` 0 takes a free one. Tests may use fixed dates, unless it
    `forgets_old_rows` by their TTL as a real one does: that one is migrated from nothing.
    """
    store = directory / "store"
    if is_migrated and not forgets_old_rows and not store.exists():
        copy_migrated_store(store, _make_migrated)
    directory.mkdir(parents=True, exist_ok=True)
    write_readers(directory, readers or {})
    log = directory / "service.log"
    log.unlink(missing_ok=True)
    command = (
        *(sys.executable, "-m", "local.clickhouse", "--port", str(port)),
        *("--path", str(store), "--user-file", str(directory / "readers.json")),
    )
    environment = {"CLICKHOUSE_ADMIN_PASSWORD": ADMIN_PASSWORD, "PYTHONUNBUFFERED": "1"}
    with Child("clickhouse", command, log, environment) as process:
        process.wait_until(lambda: _ADDRESS.search(log.read_text()) is not None, _STARTS_WITHIN_S)
        found = _ADDRESS.search(log.read_text())
        assert found is not None
        server = ClickHouseServer(found[1], process)
        if is_migrated:
            client = server.connect()
            migrate(client)
            if not forgets_old_rows:
                keep_old_rows(client)
            client.close()
        yield server


def _make_migrated(directory: Path) -> None:
    with running_clickhouse(directory, is_migrated=False) as server:
        client = server.connect()
        migrate(client)
        keep_old_rows(client)
        client.close()


def keep_old_rows(client: Client) -> None:
    """Takes the TTL off every table, so that facts of fixed dates stay."""
    tables = client.query(
        "SELECT name FROM system.tables WHERE database = 'callcentre' AND engine_full LIKE '%TTL%'"
    ).result_rows
    for (table,) in tables:
        client.command(f"ALTER TABLE callcentre.{table} REMOVE TTL")


def write_readers(directory: Path, readers: Mapping[str, Reader]) -> None:
    """Replaces the service's file of readers, as an operator's program would: in one step."""
    text = json.dumps({"readers": {name: reader._asdict() for name, reader in readers.items()}})
    new = directory / "readers.json.new"
    new.write_text(text)
    os.replace(new, directory / "readers.json")  # noqa: PTH105 - the atomic one


def ask(url: str, statement: str, **keys: str) -> tuple[int, str]:
    """Status and text of a POST of the statement, as curl would send it."""

    parts = urlsplit(url)
    address = f"{parts.scheme}://{parts.hostname}:{parts.port}/?{urlencode(keys)}"
    request = urllib.request.Request(address, statement.encode())
    request.add_header("X-ClickHouse-User", parts.username or "")
    request.add_header("X-ClickHouse-Key", parts.password or "")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")
