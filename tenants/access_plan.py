"""The access rules of a server that keeps its users itself, and the statements that bring them.

Pure: the wanted and the present rules in, statements out; none if they are the same. The embedded
service has no users of its own and is not concerned (docs/adr/0050).

- One role carries the grants, on tables and views by name, never on the database.
- Three policies on every table of tenants: `readers` see the rows of the tenant in their own name,
  `operators` all, `everyone` none. A table with a policy shows no row to whom no policy speaks for,
  however the server is set.
- One profile, on every reader: read only, with limits.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from tenants.connection import DATABASE
from tenants.reader_access import PROBE_SEPARATOR, READER_PREFIX
from tenants.schema_objects import SchemaObjects

ROLE = "call_centre_reader"
PROFILE = "call_centre_reader"

EVERYBODY = "ALL"

OWN_ROWS = (
    f"startsWith(currentUser(), '{READER_PREFIX}') AND tenant_id != '' AND tenant_id ="
    f" splitByChar('{PROBE_SEPARATOR}', substring(currentUser(), {len(READER_PREFIX) + 1}))[1]"
)
"""The condition of readers. Its right side is one constant for a statement, so it is also what the
primary key is searched by."""

SYSTEM_TABLES = (
    "collations",
    "data_type_families",
    "databases",
    "formats",
    "functions",
    "keywords",
    "numbers",
    "one",
    "settings",
    "table_engines",
    "table_functions",
    "time_zones",
)
"""The same for everybody, or the reader's own; clients and Grafana's editor ask them."""

SYSTEM_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "columns": (
        "comment",
        "database",
        "default_expression",
        "default_kind",
        "name",
        "position",
        "table",
        "type",
    ),
    "tables": ("comment", "database", "engine", "is_temporary", "name"),
}
"""Names and types only: the other columns tell of all tenants' sizes."""


class Grant(NamedTuple):
    """SELECT on a table, or on one column of it; `column` is empty for the whole."""

    database: str
    table: str
    column: str = ""


class Policy(NamedTuple):
    """A row policy on a table of ours: who it speaks for, and the rows they see."""

    table: str
    name: str
    condition: str
    speaks_for: frozenset[str]


class Setting(NamedTuple):
    """A setting of the profile; empty texts are not given."""

    name: str
    value: str
    least: str = ""
    most: str = ""
    writability: str = ""


class ReaderUser(NamedTuple):
    """A user. `sha256` is the digest of the password it was last given, empty if unknown."""

    sha256: str
    profiles: frozenset[str] = frozenset((PROFILE,))
    roles: frozenset[str] = frozenset((ROLE,))
    has_own_grants: bool = False


class Access(NamedTuple):
    """All rules that are ours. `profile` is None if there is none."""

    has_role: bool
    grants: frozenset[Grant]
    policies: frozenset[Policy]
    profile: frozenset[Setting] | None
    users: Mapping[str, ReaderUser]


class Statement(NamedTuple):
    """What is sent to the server, and what is told of it: never a digest."""

    sql: str
    told: str


LIMITS = frozenset(
    (
        Setting("readonly", "1", writability="CONST"),
        # clickhouse-go sets it on every request, in proportion to its own time-out.
        Setting("max_execution_time", "30", "1", "60", "CHANGEABLE_IN_READONLY"),
        Setting("max_memory_usage", "2000000000", writability="CONST"),
        Setting("max_concurrent_queries_for_user", "32", writability="CONST"),
        # Both look at rows, or remember them, before a policy has been applied.
        Setting("use_skip_indexes", "0", writability="CONST"),
        Setting("use_query_condition_cache", "0", writability="CONST"),
        # Grafana's ad-hoc filters; they are joined to the policies with AND.
        Setting("additional_table_filters", "", writability="CHANGEABLE_IN_READONLY"),
    )
)


def wanted_access(
    objects: SchemaObjects, operators: Iterable[str], digests: Mapping[str, str]
) -> Access:
    """The rules there are to be: `digests` are the readers' passwords by user name."""
    grants = {Grant(DATABASE, name) for name in objects.open}
    grants |= {Grant("system", name) for name in SYSTEM_TABLES}
    grants |= {
        Grant("system", table, name) for table, all_ in SYSTEM_COLUMNS.items() for name in all_
    }
    policies = {
        policy
        for table in objects.tenant_tables
        for policy in (
            Policy(table, "operators", "1", frozenset(operators)),
            Policy(table, "readers", OWN_ROWS, frozenset((ROLE,))),
            Policy(table, "everyone", "0", frozenset((EVERYBODY,))),
        )
    }
    users = {name: ReaderUser(digest) for name, digest in digests.items()}
    return Access(
        has_role=True,
        grants=frozenset(grants),
        policies=frozenset(policies),
        profile=LIMITS,
        users=users,
    )


def statements(wanted: Access, present: Access) -> list[Statement]:
    """What turns the present rules into the wanted ones; doors are shut before any is opened."""
    return [
        *_shutting(wanted, present),
        *_role_and_profile(wanted, present),
        *_policies(wanted, present),
        *_granting(wanted, present),
        *_users(wanted, present),
    ]


def create_user(name: str, sha256: str, valid_until: str = "") -> list[Statement]:
    """A reader; `valid_until` is its end in UTC as `2030-01-31 12:00:00`, empty for none."""
    end = f" VALID UNTIL '{valid_until}'" if valid_until else ""
    return [
        Statement(
            f"CREATE USER {quoted(name)} IDENTIFIED WITH sha256_hash BY '{sha256}'{end}"
            f" DEFAULT DATABASE {DATABASE} SETTINGS PROFILE '{PROFILE}'",
            f"made user {name}",
        ),
        Statement(f"GRANT {ROLE} TO {quoted(name)}", f"granted {ROLE} to {name}"),
    ]


def drop_user(name: str) -> Statement:
    """Ends a reader."""
    return Statement(f"DROP USER IF EXISTS {quoted(name)}", f"removed user {name}")


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _shutting(wanted: Access, present: Access) -> Iterator[Statement]:
    for name in sorted(present.users.keys() - wanted.users.keys()):
        yield drop_user(name)
    for grant in sorted(present.grants - wanted.grants):
        yield Statement(f"REVOKE {_select_on(grant)} FROM {ROLE}", f"revoked {_told(grant)}")


def _role_and_profile(wanted: Access, present: Access) -> Iterator[Statement]:
    if not present.has_role:
        yield Statement(f"CREATE ROLE {ROLE}", f"made role {ROLE}")
    if wanted.profile is not None and wanted.profile != present.profile:
        verb = "CREATE" if present.profile is None else "ALTER"
        rules = ", ".join(_setting(setting) for setting in sorted(wanted.profile))
        yield Statement(
            f"{verb} SETTINGS PROFILE {quoted(PROFILE)} SETTINGS {rules}",
            f"{'made' if present.profile is None else 'changed'} profile {PROFILE}",
        )


def _policies(wanted: Access, present: Access) -> Iterator[Statement]:
    there = {(policy.table, policy.name) for policy in present.policies}
    # By name: operators keep their rows before everyone else loses them.
    for policy in sorted(wanted.policies - present.policies, key=_operators_first):
        verb = "ALTER" if (policy.table, policy.name) in there else "CREATE"
        speaks_for = ", ".join(
            name if name == EVERYBODY else quoted(name) for name in sorted(policy.speaks_for)
        )
        yield Statement(
            f"{verb} ROW POLICY {policy.name} ON {DATABASE}.{quoted(policy.table)}"
            f" FOR SELECT USING {policy.condition} AS PERMISSIVE TO {speaks_for}",
            f"{'changed' if verb == 'ALTER' else 'made'} policy {policy.name} on {policy.table}",
        )


def _operators_first(policy: Policy) -> tuple[str, bool, str]:
    return policy.table, policy.name != "operators", policy.name


def _granting(wanted: Access, present: Access) -> Iterator[Statement]:
    for grant in sorted(wanted.grants - present.grants):
        yield Statement(f"GRANT {_select_on(grant)} TO {ROLE}", f"granted {_told(grant)}")


def _users(wanted: Access, present: Access) -> Iterator[Statement]:
    for name in sorted(wanted.users):
        want, have = wanted.users[name], present.users.get(name)
        if have is None:
            yield from create_user(name, want.sha256)
            continue
        if have.has_own_grants:
            yield Statement(
                f"REVOKE ALL ON *.* FROM {quoted(name)}", f"revoked what {name} had of its own"
            )
        for role in sorted(have.roles - want.roles):
            yield Statement(
                f"REVOKE {quoted(role)} FROM {quoted(name)}", f"revoked {role} from {name}"
            )
        if have.profiles != want.profiles:
            yield Statement(
                f"ALTER USER {quoted(name)} SETTINGS PROFILE '{PROFILE}'", f"gave {name} its limits"
            )
        if have.sha256 != want.sha256:
            yield Statement(
                f"ALTER USER {quoted(name)} IDENTIFIED WITH sha256_hash BY '{want.sha256}'",
                f"gave {name} its password",
            )
        if want.roles - have.roles:
            yield Statement(f"GRANT {ROLE} TO {quoted(name)}", f"granted {ROLE} to {name}")


def _select_on(grant: Grant) -> str:
    column = f"({quoted(grant.column)})" if grant.column else ""
    return f"SELECT{column} ON {quoted(grant.database)}.{quoted(grant.table)}"


def _told(grant: Grant) -> str:
    return f"{grant.database}.{grant.table}{f' ({grant.column})' if grant.column else ''}"


def _setting(setting: Setting) -> str:
    parts = [quoted(setting.name)]
    for word, value in (("=", setting.value), ("MIN", setting.least), ("MAX", setting.most)):
        if value:
            parts.append(f"{word} {value}")
    return " ".join([*parts, setting.writability])
