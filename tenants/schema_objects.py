"""Which tables and views there are on the server in use, and which of them readers may see."""

from collections.abc import Mapping
from typing import NamedTuple

from clickhouse_connect.driver.client import Client

from tenants.connection import DATABASE
from tenants.errors import NotPossibleError
from tenants.reader_access import OPERATORS_ONLY

OUR_WORDS = frozenset(
    (
        *("channel", "status", "outcome", "ended_by", "transfer", "state", "offer_result"),
        *("service_level_variant", "language", "kind", "connector"),
    )
)
"""Columns whose words are ours, the same for all tenants: they alone may have a dictionary, which
the rows of a part share."""

_VIEW = "View"
_FEED = "MaterializedView"


class SchemaObjects(NamedTuple):
    """Names in the database, each kind in order.

    `tenant_tables` hold rows of tenants and need policies; of them and the `views` readers are
    granted those in `open`. Everything in `closed` is refused to them. `texts` are the columns of
    each table of tenants with words that are not ours.
    """

    tenant_tables: tuple[str, ...]
    views: tuple[str, ...]
    closed: tuple[str, ...]
    texts: Mapping[str, tuple[str, ...]] = {}

    @property
    def open(self) -> tuple[str, ...]:
        """What readers may select from."""
        names = (*self.tenant_tables, *self.views)
        return tuple(name for name in names if name not in OPERATORS_ONLY)


def read_objects(client: Client) -> SchemaObjects:
    """What the server has. Raises NotPossibleError if the schema is not there yet."""
    rows = client.query(
        "SELECT name, engine, name IN"
        " (SELECT table FROM system.columns WHERE database = {database:String}"
        " AND name = 'tenant_id') AS has_tenant"
        " FROM system.tables WHERE database = {database:String} ORDER BY name",
        parameters={"database": DATABASE},
    ).result_rows
    if not rows:
        raise NotPossibleError("the schema is not there: run `python -m streams migrate` first")
    views = tuple(name for name, engine, _ in rows if engine == _VIEW)
    tables = tuple(
        name for name, engine, has_tenant in rows if has_tenant and engine not in (_VIEW, _FEED)
    )
    known = SchemaObjects(tables, views, (), _texts(client, tables))
    return known._replace(closed=tuple(name for name, *_ in rows if name not in known.open))


def _texts(client: Client, tables: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    rows = client.query(
        "SELECT table, groupArray(name) FROM (SELECT table, name FROM system.columns"
        " WHERE database = {database:String} AND type IN ('String', 'LowCardinality(String)')"
        " AND default_kind != 'ALIAS' AND name NOT IN {ours:Array(String)}"
        " ORDER BY table, position) GROUP BY table ORDER BY table",
        parameters={"database": DATABASE, "ours": sorted(OUR_WORDS)},
    ).result_rows
    return {table: tuple(names) for table, names in rows if table in tables}
