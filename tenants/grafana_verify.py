"""The part of `verify` that asks Grafana: each organisation's boards see its own customer's rows.

What is asked goes the way of a board: organisation, data source, plugin, ClickHouse. And no data
source anywhere else may log in as a customer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from grafana.data_source import DATA_SOURCE_UID, PLUGIN, PLUGIN_VERSION
from tenants.config import GrafanaAccess
from tenants.grafana_api import GrafanaApi, connected
from tenants.grafana_organisation import (
    Administrator,
    administrator,
    join,
    leave,
    organisations,
)
from tenants.grafana_sync import find_organisation
from tenants.isolation_checks import Check, Expected, grafana_checks
from tenants.reader_access import READER_PREFIX, boards_name, reader_name
from tenants.records import GrafanaOrganisation, Tenant
from tenants.registry import Registry
from tenants.schema_objects import SchemaObjects

_AT_ONCE = 10
_TABLE = 1
_ACCEPTED = frozenset((207, 400, 500))
"""What the answer of several statements has if one of them is refused."""


class Verified(NamedTuple):
    """How many questions were asked, and what failed, as sentences."""

    tried: int
    failures: tuple[str, ...]


def verify_grafana(registry: Registry, access: GrafanaAccess, objects: SchemaObjects) -> Verified:
    """Asks for every enabled customer, and looks at the data sources of every organisation.

    Raises NotPossibleError if Grafana cannot be asked.
    """
    failures: list[str] = []
    tried = 0
    with connected(access) as api:
        api.check()
        me = administrator(api)
        present = organisations(api)
        homes = _homes(registry, present)
        for tenant_id, home in homes.items():
            if home is None:
                failures.append(
                    f"{tenant_id}: no organisation in Grafana; run `python -m tenants sync`"
                )
                continue
            every = tuple(grafana_checks(tenant_id, objects))
            tried += len(every)
            with visiting(api, home, me) as inside:
                failures += _failures(tenant_id, inside, every)
        customers = {home: tenant_id for tenant_id, home in homes.items()}
        for organisation, name in present.items():
            tried += 1
            with visiting(api, organisation, me) as inside:
                failures += _foreign_logins(name, customers.get(organisation), inside)
    return Verified(tried, tuple(failures))


def _homes(registry: Registry, present: Mapping[int, str]) -> dict[str, int | None]:
    """The organisation of each enabled customer; None if it has none."""
    records = {record.tenant_id: record for record in registry.records(GrafanaOrganisation)}
    return {
        tenant.tenant_id: find_organisation(
            records.get(tenant.tenant_id, GrafanaOrganisation(tenant.tenant_id)), present
        )
        for tenant in registry.records(Tenant)
        if tenant.is_enabled
    }


@contextmanager
def visiting(api: GrafanaApi, organisation: int, me: Administrator) -> Iterator[GrafanaApi]:
    """The organisation's own API; if we had to join for it, we leave."""
    role = join(api, organisation, me)
    try:
        yield api.within(organisation)
    finally:
        leave(api, organisation, me, role)


def _failures(tenant_id: str, api: GrafanaApi, every: Sequence[Check]) -> Iterator[str]:
    for start in range(0, len(every), _AT_ONCE):
        some = every[start : start + _AT_ONCE]
        for check, came in zip(some, _ask(api, [each.statement for each in some]), strict=True):
            if not _is_met(check.expected, came):
                told = "a refusal" if came is None else "an answer"
                yield (
                    f"Grafana, {boards_name(tenant_id)}: {check.statement}: {told} instead of"
                    f" {check.expected.value}"
                )


def _ask(api: GrafanaApi, statements: Iterable[str]) -> list[float | None]:
    """The one number each statement gives, None for a refusal."""
    queries = [
        {
            "refId": f"Q{number}",
            "datasource": {"type": PLUGIN, "uid": DATA_SOURCE_UID},
            "editorType": "sql",
            "format": _TABLE,
            "queryType": "table",
            "pluginVersion": PLUGIN_VERSION,
            "rawSql": statement,
            "intervalMs": 1000,
            "maxDataPoints": 100,
        }
        for number, statement in enumerate(statements)
    ]
    body = {"queries": queries, "from": "now-1h", "to": "now"}
    results = api.post("/ds/query", body, accepted=_ACCEPTED).get("results", {})
    return [_number(results.get(query["refId"], {})) for query in queries]


def _number(result: Mapping[str, Any]) -> float | None:
    if result.get("error") or not result.get("frames"):
        return None
    values = result["frames"][0]["data"]["values"]
    return float(values[0][0]) if values and values[0] else None


def _is_met(expected: Expected, came: float | None) -> bool:
    if came is None:
        return expected in (Expected.REFUSED, Expected.ZERO_OR_REFUSED)
    return expected is not Expected.REFUSED and came == (1 if expected is Expected.ONE else 0)


def _foreign_logins(name: str, tenant_id: str | None, api: GrafanaApi) -> Iterator[str]:
    """Data sources of an organisation that log in as a customer whose organisation it is not."""
    own = set() if tenant_id is None else {boards_name(tenant_id), reader_name(tenant_id)}
    for source in api.get("/datasources"):
        user = str((source.get("jsonData") or {}).get("username", ""))
        if source["type"] == PLUGIN and user.startswith(READER_PREFIX) and user not in own:
            yield f"Grafana, organisation {name}: data source {source['name']} logs in as {user}"
