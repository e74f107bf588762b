"""The registry in ClickHouse: reading records, and writing those that differ from what is there.

Rows are upserts: a changed record is a new row with a higher version, a removed one a row that
takes it back. Two operators who change the same record at once: the later one holds.
"""

import dataclasses
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from clickhouse_connect.driver.client import Client

from tenants.connection import DATABASE
from tenants.errors import NotPossibleError
from tenants.hours import Interval
from tenants.records import Record, Site, Tenant

R = TypeVar("R", bound=Record)


class Registry:
    """The registry behind one connection; `clock` gives seconds since 1970."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.time) -> None:
        """Nothing is read yet."""
        self._client = client
        self._clock = clock

    def now(self) -> datetime:
        """This moment, to the millisecond as it can be stored."""
        return datetime.fromtimestamp(int(self._clock() * 1000) / 1000, UTC)

    def records(self, kind: type[R], tenant_id: str | None = None) -> list[R]:
        """All records of a kind, or one customer's, in the order of their keys. May be empty."""
        columns = [field.name for field in dataclasses.fields(kind)]
        where = "" if tenant_id is None else " WHERE tenant_id = {tenant_id:String}"
        rows = self._client.query(
            f"SELECT {', '.join(columns)} FROM {DATABASE}.{kind.TABLE} FINAL{where}"  # noqa: S608 - our names
            f" ORDER BY {', '.join(kind.KEY)}",
            parameters=None if tenant_id is None else {"tenant_id": tenant_id},
        ).result_rows
        return [kind(*map(_from_column, row)) for row in rows]

    def find(self, kind: type[R], *key: str) -> R | None:
        """The record with this key; None if there is none."""
        found = (record for record in self.records(kind, key[0]) if _key(record) == key)
        return next(found, None)

    def tenant(self, tenant_id: str) -> Tenant:
        """The customer. Raises NotPossibleError if there is none."""
        found = self.find(Tenant, tenant_id)
        if found is None:
            known = ", ".join(tenant.tenant_id for tenant in self.records(Tenant)) or "none"
            raise NotPossibleError(f"there is no tenant {tenant_id!r}; there are: {known}")
        return found

    def site(self, tenant_id: str, site: str) -> Site:
        """The site. Raises NotPossibleError if there is none, or no such customer."""
        self.tenant(tenant_id)
        found = self.find(Site, tenant_id, site)
        if found is None:
            known = ", ".join(entry.site for entry in self.records(Site, tenant_id)) or "none"
            raise NotPossibleError(f"{tenant_id} has no site {site!r}; it has: {known}")
        return found

    def put(self, record: Record) -> bool:
        """Writes the record unless it is there already; whether anything was written."""
        if self.find(type(record), *_key(record)) == record:
            return False
        self._write(record, is_deleted=False)
        return True

    def remove(self, record: Record) -> bool:
        """Takes the record with this one's key back; whether there was one."""
        found = self.find(type(record), *_key(record))
        if found is None:
            return False
        self._write(found, is_deleted=True)
        return True

    def time_zones(self) -> Sequence[str]:
        """The zones that the server can compute with."""
        rows = self._client.query("SELECT time_zone FROM system.time_zones").result_rows
        return [zone for (zone,) in rows]

    def queues_seen(self, tenant_id: str) -> list[str]:
        """The customer's queues that ever had a window, in order."""
        rows = self._client.query(
            f"SELECT DISTINCT queue FROM {DATABASE}.queues_seen"  # noqa: S608 - our names
            " WHERE tenant_id = {tenant_id:String} ORDER BY queue",
            parameters={"tenant_id": tenant_id},
        ).result_rows
        return [queue for (queue,) in rows]

    def _write(self, record: Record, *, is_deleted: bool) -> None:
        values = {
            **{field.name: getattr(record, field.name) for field in dataclasses.fields(record)},
            "version": self._next_version(record),
            "is_deleted": int(is_deleted),
        }
        self._client.insert(
            record.TABLE, [list(values.values())], column_names=list(values), database=DATABASE
        )

    def _next_version(self, record: Record) -> int:
        """Above every version of this key, removed ones too, even if the clock was set back."""
        condition = " AND ".join(f"{name} = {{{name}:String}}" for name in record.KEY)
        ((newest,),) = self._client.query(
            f"SELECT max(version) FROM {DATABASE}.{record.TABLE} WHERE {condition}",  # noqa: S608 - our names
            parameters=dict(zip(record.KEY, _key(record), strict=True)),
        ).result_rows
        return max(int(self._clock() * 1000), int(newest) + 1)


def _key(record: Record) -> tuple[str, ...]:
    return tuple(getattr(record, name) for name in record.KEY)


def _from_column(value: Any) -> Any:
    """The driver gives moments without their zone, and named tuples as mappings."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    if isinstance(value, list):
        return tuple(Interval(**each) if isinstance(each, dict) else each for each in value)
    return value
