"""`sync` with a Grafana: each enabled customer's organisation as the registry and our files say.

Passwords. The boards of a customer read as a user of their own, with the eyes of its reader.
Grafana tells no password, and nobody else has it: it is made here, given to ClickHouse as its
digest and to Grafana in clear, and its digest's beginning stands beside it in Grafana. While that
is the registry's, nothing is written; else a new one is made (docs/adr/0062).
"""

import dataclasses
from collections.abc import Mapping

from clickhouse_connect.driver.client import Client

from grafana.language import language_of
from tenants.config import GrafanaAccess, TenantsConfig
from tenants.credentials import digest, new_secret
from tenants.errors import NotPossibleError
from tenants.grafana_alerts import Telling, sync_rules, sync_telling, withdraw_telling
from tenants.grafana_api import GrafanaApi, connected
from tenants.grafana_boards import customers_boards
from tenants.grafana_changes import Changes
from tenants.grafana_organisation import (
    DIGEST_SHOWN,
    Place,
    data_source,
    data_source_digest,
    join,
    organisation_name,
    organisations,
    sync_boards,
    sync_data_source,
    sync_folder,
    sync_preferences,
    withdraw,
)
from tenants.outcome import Outcome
from tenants.records import AlertContacts, BusinessHours, GrafanaOrganisation, Tenant
from tenants.registry import Registry
from tenants.sync_access import sync


def sync_with_grafana(
    client: Client, registry: Registry, config: TenantsConfig, access: GrafanaAccess
) -> Outcome:
    """ClickHouse's readers and Grafana's organisations; the doors of ClickHouse move first.

    Raises NotPossibleError naming what to mend; what was done until then holds, and the next run
    goes on from there.
    """
    changes = Changes()
    with connected(access) as api:
        api.check()
        tenants = registry.records(Tenant)
        enabled = [tenant for tenant in tenants if tenant.is_enabled]
        ids = _organisations(api, registry, enabled, changes)
        passwords = _new_passwords(api, registry, ids)
        readers = sync(client, registry, config)
        for tenant in enabled:
            place = Place(tenant, api.within(ids[tenant.tenant_id]), changes)
            _sync_one(place, registry, access, passwords)
        for tenant in tenants:
            if not tenant.is_enabled:
                _withdraw_one(tenant, api, registry, changes)
    counts = {
        "changed in Grafana": len(changes.told),
        "unchanged there": changes.unchanged,
    }
    return dataclasses.replace(readers, changes=(*readers.changes, *changes.told), counts=counts)


def find_organisation(record: GrafanaOrganisation, present: Mapping[int, str]) -> int | None:
    """The id of the organisation that was made for the customer; None if it is not there.

    The id alone does not do: another Grafana has the same ids for others.
    """
    is_there = bool(record.name) and present.get(record.organisation_id) == record.name
    return record.organisation_id if is_there else None


def _organisations(
    api: GrafanaApi, registry: Registry, enabled: list[Tenant], changes: Changes
) -> dict[str, int]:
    """The id of each customer's organisation, which is made, named and joined where need be."""
    present = organisations(api)
    found = {}
    for tenant in enabled:
        record = _record(registry, tenant.tenant_id)
        name = organisation_name(tenant)
        by_name = next((known for known, each in present.items() if each == name), None)
        organisation = find_organisation(record, present) or by_name
        what = f"grafana {tenant.tenant_id}: organisation {name}"
        is_same = organisation is not None and present[organisation] == name
        if changes.must(what, is_so_already=is_same):
            if organisation is None:
                organisation = int(api.post("/orgs", {"name": name})["orgId"])
            else:
                api.put(f"/orgs/{organisation}", {"name": name})
        assert organisation is not None
        join(api, organisation)
        registry.put(dataclasses.replace(record, organisation_id=organisation, name=name))
        found[tenant.tenant_id] = organisation
    return found


def _new_passwords(api: GrafanaApi, registry: Registry, ids: Mapping[str, int]) -> dict[str, str]:
    """A new password for each customer whose data source has none, or not the registry's."""
    made = {}
    for tenant_id, organisation in ids.items():
        record = _record(registry, tenant_id)
        shown = data_source_digest(api.within(organisation))
        if not record.sha256 or shown != record.sha256[:DIGEST_SHOWN]:
            made[tenant_id] = new_secret()
            registry.put(dataclasses.replace(record, sha256=digest(made[tenant_id])))
    return made


def _sync_one(
    place: Place, registry: Registry, access: GrafanaAccess, passwords: Mapping[str, str]
) -> None:
    tenant_id = place.tenant.tenant_id
    record = _record(registry, tenant_id)
    telling = Telling(
        registry.records(AlertContacts, tenant_id), registry.records(BusinessHours, tenant_id)
    )
    try:
        wanted = data_source(place.tenant, access.clickhouse_url, record.sha256)
        sync_data_source(place, wanted, passwords.get(tenant_id))
        sync_folder(place)
        sync_boards(place, customers_boards(language_of(place.tenant.language)))
        sync_preferences(place)
        sync_rules(place)
        sync_telling(place, telling)
    except NotPossibleError as error:
        raise NotPossibleError(f"{tenant_id}: {error}") from error


def _withdraw_one(tenant: Tenant, api: GrafanaApi, registry: Registry, changes: Changes) -> None:
    record = _record(registry, tenant.tenant_id)
    organisation = find_organisation(record, organisations(api))
    if organisation is None:
        return
    join(api, organisation)
    place = Place(tenant, api.within(organisation), changes)
    withdraw_telling(place)
    withdraw(place)
    registry.put(dataclasses.replace(record, sha256="", applied_sha256=""))


def _record(registry: Registry, tenant_id: str) -> GrafanaOrganisation:
    return registry.find(GrafanaOrganisation, tenant_id) or GrafanaOrganisation(tenant_id)
