"""Passing users for `verify`: made for one run, with the rights of the tenants' readers.

They see exactly what the readers see, because the rules are made for both (access_plan.OWN_ROWS).
Whatever happens they are taken away again; on a server they also end by themselves.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from clickhouse_connect.driver.client import Client

from tenants.access_plan import create_user, drop_user, quoted
from tenants.connection import DATABASE
from tenants.credentials import digest, new_secret
from tenants.reader_access import probe_name
from tenants.readers_file import read_readers, write_readers
from tenants.registry import Registry

_LIFETIME = timedelta(minutes=30)


class Login(NamedTuple):
    """A user and its password."""

    user: str
    password: str


@contextmanager
def probes_in_file(file: Path, tenants: Sequence[str]) -> Iterator[Mapping[str, Login]]:
    """A login for each tenant, by the embedded service's file of readers."""
    logins = _logins(tenants)
    added = {
        login.user: {"sha256": digest(login.password), "tenant": tenant_id}
        for tenant_id, login in logins.items()
    }
    write_readers(file, read_readers(file) | added)
    try:
        yield logins
    finally:
        left = {name: each for name, each in read_readers(file).items() if name not in added}
        write_readers(file, left)


@contextmanager
def probes_on_server(
    client: Client, registry: Registry, tenants: Sequence[str]
) -> Iterator[Mapping[str, Login]]:
    """A login for each tenant, as a user of the server."""
    logins = _logins(tenants)
    end = (registry.now() + _LIFETIME).strftime("%Y-%m-%d %H:%M:%S")
    try:
        for login in logins.values():
            for statement in create_user(login.user, digest(login.password), end):
                client.command(statement.sql)
        yield logins
    finally:
        for login in logins.values():
            client.command(drop_user(login.user).sql)


@contextmanager
def user_without_policy(client: Client, tables: Sequence[str]) -> Iterator[Login]:
    """A user of the server with grants on all these tables, for whom no policy speaks."""
    login = Login(f"isolation_probe_{secrets.token_hex(4)}", new_secret())
    name = quoted(login.user)
    try:
        client.command(
            f"CREATE USER {name} IDENTIFIED WITH sha256_hash BY '{digest(login.password)}'"
        )
        for table in tables:
            client.command(f"GRANT SELECT ON {DATABASE}.{quoted(table)} TO {name}")
        yield login
    finally:
        client.command(drop_user(login.user).sql)


def _logins(tenants: Sequence[str]) -> dict[str, Login]:
    mark = secrets.token_hex(4)
    return {tenant_id: Login(probe_name(tenant_id, mark), new_secret()) for tenant_id in tenants}
