"""The parts of the pipeline, each in its real process, for the benches that need them."""

import json
import re
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ingest_api.auth import new_token, token_digest
from ingest_api.token_file import TokenEntry, add_token
from local.addresses import answers
from local.collector_settings import CollectorSettings, write_settings
from local.process import LOOPBACK, Child, free_port
from streams.storage.connection import connect
from streams.storage.migrate import migrate

UP_WITHIN_S = 60.0
_ADDRESS = re.compile(r"^clickhouse: (http://\S+)$", re.MULTILINE)


class ClickHouse(NamedTuple):
    """A running embedded engine with the schema; `url` is the admin's."""

    process: Child
    url: str
    reader_urls: Mapping[str, str]
    """By tenant: the address of one who may read its rows."""


@contextmanager
def clickhouse(folder: Path, tenants: tuple[str, ...] = ()) -> Iterator[ClickHouse]:
    """The embedded engine with data under `folder`, and a reader for each of `tenants`."""
    password = secrets.token_urlsafe(12)
    readers = {
        f"reader-{number}": {"password": secrets.token_urlsafe(12), "tenant": tenant}
        for number, tenant in enumerate(tenants)
    }
    users = folder / "readers.json"
    users.write_text(json.dumps({"readers": readers}))
    # A port of its own, so that one that is started again is found where it was.
    path = f"--path={folder / 'clickhouse'}"
    command = ["local.clickhouse", path, f"--port={free_port()}"]
    if readers:
        command.append(f"--user-file={users}")
    environment = {"CLICKHOUSE_ADMIN_PASSWORD": password}
    with started("clickhouse", command, folder, environment) as child:
        child.wait_until(lambda: _ADDRESS.search(child.log.read_text()) is not None, UP_WITHIN_S)
        found = _ADDRESS.search(child.log.read_text())
        assert found is not None
        child.wait_until(lambda: answers(f"{found[1]}/ping"), UP_WITHIN_S)
        url = _with_user(found[1], "admin", password)
        client = connect(url)
        migrate(client)
        client.close()
        reader_urls = {
            reader["tenant"]: _with_user(found[1], name, reader["password"])
            for name, reader in readers.items()
        }
        yield ClickHouse(child, url, reader_urls)


class Ingest(NamedTuple):
    """A running ingest API, and the token of each site."""

    process: Child
    url: str
    tokens: Mapping[str, str]


@contextmanager
def ingest(folder: Path, kafka: str, tenant: str, sites: list[str]) -> Iterator[Ingest]:
    """The ingest API in front of a broker that has the topics."""
    tokens = {site: new_token() for site in sites}
    for site, token in tokens.items():
        entry = TokenEntry(sha256=token_digest(token), tenant=tenant, site=site)
        add_token(folder / "tokens.json", entry)
    port = free_port()
    environment = {"KAFKA_BOOTSTRAP": kafka, "INGEST_TOKENS_FILE": str(folder / "tokens.json")}
    command = ["ingest_api", "serve", f"--port={port}"]
    with started("ingest", command, folder, environment) as child:
        url = f"http://{LOOPBACK}:{port}"
        child.wait_until(lambda: answers(f"{url}/readyz"), UP_WITHIN_S)
        yield Ingest(child, url, tokens)


def worker(folder: Path, kafka: str, clickhouse_url: str, metrics_port: int = 0) -> Child:
    """A stream worker, just started; its topics are to be there. Port 0: no metrics."""
    environment = {
        "KAFKA_BOOTSTRAP": kafka,
        "CLICKHOUSE_URL": clickhouse_url,
        "STREAMS_METRICS_PORT": str(metrics_port),
    }
    return started("worker", ["streams", "worker"], folder, environment)


def collector(folder: Path, site: str, ami_port: int, ami_secret: str, to: Ingest) -> Child:
    """A collector of the AMI user `collector`, just started."""
    settings = CollectorSettings(
        site,
        folder / site,
        ami_port,
        "collector",
        ami_secret,
        to.url,
        to.tokens[site],
        secrets.token_urlsafe(24),
    )
    path = write_settings(settings)
    return started(f"collector-{site}", ["agent", "run", f"--config={path}"], folder, {})


def started(name: str, module: list[str], folder: Path, environment: dict[str, str]) -> Child:
    """One of our modules in a process of its own, its log under `folder`."""
    return Child(name, [sys.executable, "-m", *module], folder / f"{name}.log", environment)


def _with_user(address: str, name: str, password: str) -> str:
    return address.replace("://", f"://{name}:{password}@")
