"""The one place that knows grafana-foundation-sdk, whose interface is a preview.

What the pages use of it is named here, with the two queries it lacks: one for the ClickHouse data
source, one that takes the answer of another panel. `encoded` and `decoded` are the way to JSON and
back; a key that is lost on it is unknown to Grafana.
"""

import json
import warnings
from typing import Any, Self

from grafana.data_source import DATA_SOURCE_UID, PLUGIN, PLUGIN_VERSION

with warnings.catch_warnings():
    # Classic dashboards are what file provisioning takes; the SDK would rather see newer ones made.
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.cog import plugins, runtime
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.variants import Dataquery
    from grafana_foundation_sdk.models import (
        bargauge,
        common,
        dashboard,
        prometheus,
        stat,
        statetimeline,
        table,
        timeseries,
    )

__all__ = (
    "CLICKHOUSE",
    "PROMETHEUS",
    "SCHEMA_VERSIONS",
    "ClickHouseQuery",
    "Dataquery",
    "SharedQuery",
    "bargauge",
    "common",
    "dashboard",
    "decoded",
    "encoded",
    "plain",
    "prometheus_query",
    "stat",
    "statetimeline",
    "table",
    "timeseries",
)

SCHEMA_VERSIONS = range(39, 43)
"""Of classic dashboards, which file provisioning takes; newer Grafanas convert them on loading."""

_SHARED_TYPE = "datasource"

CLICKHOUSE = common.DataSourceRef(type_val=PLUGIN, uid=DATA_SOURCE_UID)
"""The customer's own data source: the same uid in every organisation."""

PROMETHEUS = common.DataSourceRef(type_val="prometheus", uid="prometheus")
"""Only the operator's organisation has it."""

SHARED = common.DataSourceRef(type_val=_SHARED_TYPE, uid="-- Dashboard --")
"""Grafana's own: what another panel of the page was answered."""


class ClickHouseQuery(Dataquery):
    """One statement. `is_series`: one time column and numbers, in order of time; else a table."""

    def __init__(self, sql: str, *, ref_id: str = "A", is_series: bool = False) -> None:
        """`sql` may hold the macros and variables that the plugin expands."""
        self.sql = sql
        self.ref_id = ref_id
        self.is_series = is_series

    def to_json(self) -> dict[str, object]:
        """As the plugin stores it."""
        return {
            "datasource": CLICKHOUSE,
            "editorType": "sql",
            "format": 0 if self.is_series else 1,
            "pluginVersion": PLUGIN_VERSION,
            "queryType": "timeseries" if self.is_series else "table",
            "rawSql": self.sql,
            "refId": self.ref_id,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The query of a stored target."""
        return cls(data["rawSql"], ref_id=data["refId"], is_series=data["format"] == 0)


class SharedQuery(Dataquery):
    """What another panel of the same page was answered: its query is asked once for both."""

    def __init__(self, panel_id: int) -> None:
        """`panel_id` is the panel that asks."""
        self.panel_id = panel_id

    def to_json(self) -> dict[str, object]:
        """As Grafana stores it."""
        return {"datasource": SHARED, "panelId": self.panel_id, "refId": "A"}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The query of a stored target."""
        return cls(data["panelId"])


def prometheus_query(
    expression: str, *, legend: str = "", ref_id: str = "A", is_instant: bool = False
) -> Dataquery:
    """One PromQL expression; `legend` may name labels as `{{label}}`."""
    return prometheus.Dataquery(
        expr=expression,
        legend_format=legend,
        ref_id=ref_id,
        instant=is_instant,
        range_val=not is_instant,
        format_val=prometheus.PromQueryFormat.TABLE
        if is_instant
        else prometheus.PromQueryFormat.TIME_SERIES,
        datasource=PROMETHEUS,
    )


def plain(model: object) -> Any:
    """Any model of the SDK as plain JSON values."""
    return json.loads(json.dumps(model, cls=JSONEncoder))


def encoded(board: dashboard.Dashboard) -> dict[str, Any]:
    """The board as plain JSON values."""
    values: dict[str, Any] = _where_people_see_them(plain(board))
    return values


def _where_people_see_them(values: Any) -> Any:
    """Without the word by which links and annotations go into a menu.

    The SDK writes it always, as if it were the only place.
    """
    if isinstance(values, dict):
        return {
            key: _where_people_see_them(value)
            for key, value in values.items()
            if (key, value) != ("placement", "inControlsMenu")
        }
    return (
        [_where_people_see_them(value) for value in values] if isinstance(values, list) else values
    )


def decoded(values: dict[str, Any]) -> dashboard.Dashboard:
    """The board that these JSON values stand for, as far as the SDK knows their keys."""
    plugins.register_default_plugins()
    for kind, query in ((PLUGIN, ClickHouseQuery), (_SHARED_TYPE, SharedQuery)):
        runtime.Runtime().register_dataquery_variant(runtime.DataqueryConfig(kind, query.from_json))
    return dashboard.Dashboard.from_json(values)
