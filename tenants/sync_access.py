"""`sync`: brings the server's readers in line with the registry. Run twice it changes nothing."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from tenants.access_plan import statements, wanted_access
from tenants.access_state import normalised, read_access
from tenants.config import TenantsConfig
from tenants.errors import NotPossibleError
from tenants.outcome import Outcome
from tenants.reader_access import boards_name, reader_name
from tenants.readers_file import others, read_readers, write_readers
from tenants.records import GrafanaOrganisation, ReaderCredential, Tenant
from tenants.registry import Registry
from tenants.schema_objects import read_objects

Credential = ReaderCredential | GrafanaOrganisation
"""Who logs in: the customer's reader, or its boards."""


def sync(client: Client, registry: Registry, config: TenantsConfig) -> Outcome:
    """Users, grants, policies and limits on a server; the file of readers of an embedded service.

    Raises NotPossibleError if a statement is refused; those before it hold, and the next run goes
    on from there.
    """
    enabled = {tenant.tenant_id for tenant in registry.records(Tenant) if tenant.is_enabled}
    credentials: dict[str, Credential] = {
        reader_name(credential.tenant_id): credential
        for credential in registry.records(ReaderCredential)
        if credential.tenant_id in enabled
    }
    credentials |= {
        boards_name(organisation.tenant_id): organisation
        for organisation in registry.records(GrafanaOrganisation)
        if organisation.tenant_id in enabled and organisation.sha256
    }
    if config.readers_file is not None:
        return Outcome(_sync_file(config.readers_file, credentials))
    changes = _sync_server(client, config.operators, credentials)
    for credential in credentials.values():
        registry.put(dataclasses.replace(credential, applied_sha256=credential.sha256))
    return Outcome(changes)


def _sync_file(file: Path, credentials: Mapping[str, Credential]) -> tuple[str, ...]:
    present = read_readers(file)
    wanted = others(present) | {
        name: {"sha256": credential.sha256, "tenant": credential.tenant_id}
        for name, credential in credentials.items()
    }
    if wanted == present:
        return ()
    write_readers(file, wanted)
    names = sorted(present.keys() | wanted.keys())
    return tuple(
        f"{'removed' if name not in wanted else 'changed' if name in present else 'made'}"
        f" reader {name}"
        for name in names
        if present.get(name) != wanted.get(name)
    )


def _sync_server(
    client: Client, operators: tuple[str, ...], credentials: Mapping[str, Credential]
) -> tuple[str, ...]:
    myself = str(client.command("SELECT currentUser()"))
    wanted = wanted_access(
        read_objects(client),
        {myself, *operators},
        {name: credential.sha256 for name, credential in credentials.items()},
    )
    as_written = normalised(client, {policy.condition for policy in wanted.policies})
    wanted = wanted._replace(
        policies=frozenset(
            policy._replace(condition=as_written[policy.condition]) for policy in wanted.policies
        )
    )
    given = {name: credential.applied_sha256 for name, credential in credentials.items()}
    changes = []
    for statement in statements(wanted, read_access(client, given)):
        try:
            client.command(statement.sql)
        except ClickHouseError as error:
            raise NotPossibleError(_why(statement.told, error)) from error
        changes.append(statement.told)
    return tuple(changes)


def _why(told: str, error: ClickHouseError) -> str:
    text = str(error)
    if "ACCESS_STORAGE" in text:
        return (
            "this server keeps no users of its own: if it is the embedded service, set"
            " CLICKHOUSE_READERS_FILE to its file of readers"
        )
    if "ACCESS_DENIED" in text:
        return f"not {told}: the user of CLICKHOUSE_URL lacks access management"
    if "settings_constraints_replace_previous" in text:
        return (
            f"not {told}: the server's configuration must set settings_constraints_replace_previous"
        )
    # The text of other errors repeats the statement, and with it a digest.
    code = getattr(error, "code", None)
    return f"not {told}: ClickHouse refused it with code {code}"
