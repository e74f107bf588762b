"""`sync` with a Grafana: each enabled customer's organisation as the registry and our files say.

Passwords. The boards of a customer read as a user of their own, with the eyes of its reader.
Grafana tells no password, and nobody else has it: it is made here, given to ClickHouse as its
digest and to Grafana in clear, and its digest's beginning stands beside it in Grafana. While that
is the registry's, nothing is written; else a new one is made (docs/adr/0062).
"""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

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
    administrator,
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
    with connected(access) as api:
        try:
            api.check()
            run = _Run(api, registry, access)
            run.prepare()
        except NotPossibleError as error:
            # Readers do not wait for Grafana: whoever was disabled is out at once.
            sync(client, registry, config)
            raise NotPossibleError(f"{error}; ClickHouse's readers are in line") from error
        readers = sync(client, registry, config)
        run.bring_in_line()
        changes = run.changes
    counts = {"changed in Grafana": len(changes.told), "unchanged there": changes.unchanged}
    return dataclasses.replace(readers, changes=(*readers.changes, *changes.told), counts=counts)


def find_organisation(record: GrafanaOrganisation, present: Mapping[int, str]) -> int | None:
    """The id of the organisation that was made for the customer; None if it is not there.

    The id alone does not do: another Grafana has the same ids for others.
    """
    is_there = bool(record.name) and present.get(record.organisation_id) == record.name
    return record.organisation_id if is_there else None


class _Run:
    """One run: what the registry says, read once, and what was changed."""

    def __init__(self, api: GrafanaApi, registry: Registry, access: GrafanaAccess) -> None:
        self.changes = Changes()
        self._api = api
        self._registry = registry
        self._access = access
        self._tenants = registry.records(Tenant)
        self._records = {each.tenant_id: each for each in registry.records(GrafanaOrganisation)}
        self._contacts = registry.records(AlertContacts)
        self._hours = registry.records(BusinessHours)
        self._passwords: dict[str, str] = {}
        self._me = administrator(api)
        self._present = organisations(api)

    def prepare(self) -> None:
        """The organisations, and a new password where one is needed: ClickHouse has to know it."""
        for tenant in self._enabled():
            organisation = self._organisation(tenant)
            shown = data_source_digest(self._api.within(organisation))
            known = self._record(tenant).sha256
            if not known or shown != known[:DIGEST_SHOWN]:
                password = self._passwords[tenant.tenant_id] = new_secret()
                self._note(tenant, sha256=digest(password))

    def bring_in_line(self) -> None:
        """What is in each organisation; nothing any more in those of disabled customers."""
        for tenant in self._tenants:
            try:
                if tenant.is_enabled:
                    self._fill(tenant)
                else:
                    self._empty(tenant)
            except NotPossibleError as error:
                raise NotPossibleError(f"{tenant.tenant_id}: {error}") from error

    def _enabled(self) -> Iterator[Tenant]:
        return (tenant for tenant in self._tenants if tenant.is_enabled)

    def _record(self, tenant: Tenant) -> GrafanaOrganisation:
        return self._records.get(tenant.tenant_id, GrafanaOrganisation(tenant.tenant_id))

    def _note(self, tenant: Tenant, **fields: Any) -> None:
        """Into the registry, where something is new."""
        old = self._record(tenant)
        new = dataclasses.replace(old, **fields)
        if new != old:
            self._registry.put(new)
            self._records[tenant.tenant_id] = new

    def _organisation(self, tenant: Tenant) -> int:
        """The customer's organisation, which is made, named and joined where need be."""
        name = organisation_name(tenant)
        by_name = next((key for key, each in self._present.items() if each == name), None)
        found = find_organisation(self._record(tenant), self._present) or by_name
        is_same = found is not None and self._present[found] == name
        what = f"grafana {tenant.tenant_id}: organisation {name}"
        if self.changes.must(what, is_so_already=is_same):
            if found is None:
                found = int(self._api.post("/orgs", {"name": name})["orgId"])
            else:
                self._api.put(f"/orgs/{found}", {"name": name})
            self._present[found] = name
        assert found is not None
        join(self._api, found, self._me)
        self._note(tenant, organisation_id=found, name=name)
        return found

    def _place(self, tenant: Tenant, organisation: int) -> Place:
        return Place(tenant, self._api.within(organisation), self.changes)

    def _fill(self, tenant: Tenant) -> None:
        record = self._record(tenant)
        place = self._place(tenant, record.organisation_id)
        wanted = data_source(tenant, self._access.clickhouse_url, record.sha256)
        sync_data_source(place, wanted, self._passwords.get(tenant.tenant_id))
        sync_folder(place)
        sync_boards(place, customers_boards(language_of(tenant.language)))
        sync_preferences(place)
        sync_rules(place)
        contacts = [each for each in self._contacts if each.tenant_id == tenant.tenant_id]
        hours = [each for each in self._hours if each.tenant_id == tenant.tenant_id]
        sync_telling(place, Telling(contacts, hours))

    def _empty(self, tenant: Tenant) -> None:
        organisation = find_organisation(self._record(tenant), self._present)
        if organisation is None:
            return
        join(self._api, organisation, self._me)
        place = self._place(tenant, organisation)
        withdraw_telling(place)
        withdraw(place)
        self._note(tenant, sha256="", applied_sha256="")
