"""The operator's own organisation, which Grafana sets up from files: it watches every customer.

Customers' organisations are made by `python -m tenants sync` from the same boards and rules.
No I/O.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from grafana.alerting import FOLDER_UID, OPERATOR_ORGANISATION, rule_files
from grafana.data_source import clickhouse_source
from grafana.language import Language

LANGUAGE = Language.PORTUGUESE
ZONE = "America/Sao_Paulo"
"""One zone for the todays of all customers' alerts; boards take each customer's own."""

FOLDER_TITLE = "Central de atendimento"
PASSWORD_VARIABLE = "CLICKHOUSE_BOARDS_PASSWORD"  # noqa: S105 - the name of a variable


class Surroundings(NamedTuple):
    """What differs from one machine to the other.

    `boards` is the folder of the boards in one language, as Grafana sees it. `user` reads all
    customers' rows; the password is in the environment. No `prometheus_url`: there is none.
    """

    host: str
    port: int
    user: str
    boards: str
    is_secure: bool = False
    prometheus_url: str = ""


COMPOSE = Surroundings(
    host="clickhouse",
    port=8123,
    user="boards",
    boards=f"/etc/grafana/provisioning/dashboards/{LANGUAGE}",
    prometheus_url="http://prometheus:9090",
)


def files(around: Surroundings) -> Mapping[str, dict[str, Any]]:
    """What each file under `provisioning/` is to hold, by its path there."""
    return {
        "datasources/call-centre.yaml": _data_sources(around),
        "dashboards/call-centre.yaml": _boards(around),
        "alerting/managers.yaml": rule_files(LANGUAGE, ZONE, FOLDER_TITLE),
    }


def _data_sources(around: Surroundings) -> dict[str, Any]:
    clickhouse = {
        **clickhouse_source(
            host=around.host, port=around.port, is_secure=around.is_secure, user=around.user
        ),
        "orgId": OPERATOR_ORGANISATION,
        "editable": False,
        "secureJsonData": {"password": f"${PASSWORD_VARIABLE}"},
    }
    prometheus = {
        "name": "Prometheus",
        "uid": "prometheus",
        "orgId": OPERATOR_ORGANISATION,
        "type": "prometheus",
        "access": "proxy",
        "editable": False,
        "url": around.prometheus_url,
        "jsonData": {"httpMethod": "POST", "timeInterval": "15s"},
    }
    sources = [clickhouse, prometheus] if around.prometheus_url else [clickhouse]
    return {"apiVersion": 1, "prune": True, "datasources": sources}


def _boards(around: Surroundings) -> dict[str, Any]:
    return {
        "apiVersion": 1,
        "providers": [
            {
                "name": "call-centre",
                "orgId": OPERATOR_ORGANISATION,
                "folder": FOLDER_TITLE,
                "folderUid": FOLDER_UID,
                "type": "file",
                "disableDeletion": False,
                "allowUiUpdates": False,
                "updateIntervalSeconds": 30,
                "options": {"path": around.boards},
            }
        ],
    }
