"""Reads a server's present access rules, as far as they are ours."""

# ruff: noqa: S608 - only names of ours go into the statements

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clickhouse_connect.driver.client import Client

from tenants.access_plan import (
    EVERYBODY,
    PROFILE,
    ROLE,
    Access,
    Grant,
    Policy,
    ReaderUser,
    Setting,
)
from tenants.connection import DATABASE
from tenants.reader_access import READER_PREFIX

POLICIES = ("everyone", "operators", "readers")


def read_access(client: Client, digests: Mapping[str, str]) -> Access:
    """The rules there are. `digests` are those last given to the users, who do not tell their own.

    Users are ours if they have the role, or a name in `digests`; a name alone may be anybody's.
    """
    return Access(
        has_role=bool(_rows(client, f"SELECT 1 FROM system.roles WHERE name = '{ROLE}'")),
        grants=_grants(client),
        policies=_policies(client),
        profile=_profile(client),
        users=_users(client, digests),
    )


def normalised(client: Client, conditions: Iterable[str]) -> dict[str, str]:
    """Each condition as the server writes it, so that equal ones compare equal."""
    return {
        condition: str(
            client.query(
                "SELECT formatQuerySingleLine(concat('SELECT ', {condition:String}))",
                parameters={"condition": condition},
            ).result_rows[0][0]
        ).removeprefix("SELECT ")
        for condition in conditions
    }


def _grants(client: Client) -> frozenset[Grant]:
    # Partial revokes and other rights than SELECT are none of ours; nobody grants them by `sync`.
    rows = _rows(
        client,
        "SELECT database, table, ifNull(column, '') FROM system.grants"
        f" WHERE role_name = '{ROLE}' AND access_type = 'SELECT' AND NOT is_partial_revoke"
        " AND database IS NOT NULL AND table IS NOT NULL",
    )
    return frozenset(Grant(*row) for row in rows)


def _policies(client: Client) -> frozenset[Policy]:
    names = ", ".join(f"'{name}'" for name in POLICIES)
    rows = _rows(
        client,
        "SELECT table, short_name, formatQuerySingleLine(concat('SELECT ', select_filter)),"
        f" if(apply_to_all, ['{EVERYBODY}'], apply_to_list) FROM system.row_policies"
        f" WHERE database = '{DATABASE}' AND short_name IN ({names}) AND NOT is_restrictive"
        " AND empty(apply_to_except)",
    )
    return frozenset(
        Policy(table, name, condition.removeprefix("SELECT "), frozenset(speaks_for))
        for table, name, condition, speaks_for in rows
    )


def _profile(client: Client) -> frozenset[Setting] | None:
    if not _rows(client, f"SELECT 1 FROM system.settings_profiles WHERE name = '{PROFILE}'"):
        return None
    rows = _rows(
        client,
        "SELECT setting_name, ifNull(value, ''), ifNull(min, ''), ifNull(max, ''),"
        " ifNull(toString(writability), '') FROM system.settings_profile_elements"
        f" WHERE profile_name = '{PROFILE}' AND setting_name IS NOT NULL",
    )
    return frozenset(Setting(*row) for row in rows)


def _users(client: Client, digests: Mapping[str, str]) -> dict[str, ReaderUser]:
    names = _rows(
        client, f"SELECT name FROM system.users WHERE startsWith(name, '{READER_PREFIX}')"
    )
    roles = _rows(client, "SELECT user_name, granted_role_name FROM system.role_grants")
    profiles = _rows(
        client,
        "SELECT user_name, inherit_profile FROM system.settings_profile_elements"
        " WHERE inherit_profile IS NOT NULL",
    )
    granted = {user for (user,) in _rows(client, "SELECT user_name FROM system.grants")}
    found = {}
    for (name,) in names:
        user = ReaderUser(
            digests.get(name, ""),
            frozenset(profile for owner, profile in profiles if owner == name),
            frozenset(role for owner, role in roles if owner == name),
            name in granted,
        )
        if name in digests or ROLE in user.roles:
            found[name] = user
    return found


def _rows(client: Client, statement: str) -> Sequence[Sequence[Any]]:
    return client.query(statement).result_rows
