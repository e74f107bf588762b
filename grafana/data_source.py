"""The ClickHouse data source of every organisation: its plugin, its uid, how it is set up.

No I/O.
"""

from typing import Any

PLUGIN = "grafana-clickhouse-datasource"
PLUGIN_VERSION = "4.20.0"
"""What is installed and written into targets; older ones would be migrated in the browser."""

DATA_SOURCE_UID = "clickhouse"
"""The same in every organisation, so that one board serves all."""


def clickhouse_source(*, host: str | None, port: int, is_secure: bool, user: str) -> dict[str, Any]:
    """The data source as Grafana's API and its files take it, but for the password."""
    return {
        "name": "ClickHouse",
        "uid": DATA_SOURCE_UID,
        "type": PLUGIN,
        "access": "proxy",
        "isDefault": True,
        "jsonData": {
            "host": host,
            "port": port,
            "protocol": "http",
            "secure": is_secure,
            "username": user,
            "defaultDatabase": "callcentre",
            "dialTimeout": "10",
            # The plugin makes max_execution_time of it, which readers may set up to 60.
            "queryTimeout": "30",
            "connMaxLifetime": "5",
            "maxIdleConns": "4",
            "maxOpenConns": "4",
            "forwardGrafanaHeaders": True,
        },
    }
