"""The demo with a real Grafana and its ClickHouse plugin, where `GRAFANA_HOME` names one."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from grafana.data_source import PLUGIN_VERSION

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]

ROOT = Path(__file__).parents[2]
OWN_ROWS = "SELECT uniqExact(tenant_id), any(tenant_id) = '{}' FROM callcentre.v_queue_windows"


@pytest.fixture(scope="module")
def grafana() -> Iterator[dict[str, Any]]:
    """Address and people of the Grafana of a running demo."""
    if not os.environ.get("GRAFANA_HOME"):
        pytest.skip("No Grafana to start: GRAFANA_HOME=… GRAFANA_PLUGINS=… make test-integration")
    with subprocess.Popen(
        [sys.executable, "-m", "local", "demo", "--no-wallboard", "--json", "--speed=20"],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k not in ("KAFKA_BOOTSTRAP", "CLICKHOUSE_URL")},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["grafana"]
        finally:
            process.send_signal(signal.SIGINT)


def client_of(grafana: dict[str, Any], login: str) -> httpx.Client:
    login_and_password = (login, grafana["people"][login])
    return httpx.Client(base_url=f"{grafana['url']}/api", auth=login_and_password, timeout=30)


@pytest.mark.parametrize(
    ("tenant", "zone", "title"),
    [("demo", "America/Sao_Paulo", "Agora"), ("neighbour", "America/New_York", "Now")],
)
def test_a_viewer_sees_the_boards_and_the_rows_of_one_customer(
    grafana: dict[str, Any], tenant: str, zone: str, title: str
) -> None:
    query = {
        "refId": "A", "datasource": {"uid": "clickhouse"}, "rawSql": OWN_ROWS.format(tenant),
        "format": 1, "editorType": "sql", "queryType": "table", "pluginVersion": PLUGIN_VERSION,
    }  # fmt: skip
    with client_of(grafana, f"{tenant}-viewer") as client:
        organisation = client.get("/user").json()["orgId"]
        assert client.get("/dashboards/uid/cc-now").json()["dashboard"]["title"] == title
        answer = client.post("/ds/query", json={"queries": [query], "from": "now-1h", "to": "now"})
    # Only administrators may read what an organisation prefers.
    with client_of(grafana, "admin") as client:
        headers = {"X-Grafana-Org-Id": str(organisation)}
        assert client.get("/org/preferences", headers=headers).json()["timezone"] == zone
    values = answer.raise_for_status().json()["results"]["A"]["frames"][0]["data"]["values"]
    assert [column[0] for column in values] == [1, 1]


def test_the_alert_rules_of_a_customer_are_evaluated_without_errors(
    grafana: dict[str, Any],
) -> None:
    with client_of(grafana, "demo-manager") as client:
        answer = client.get("/prometheus/grafana/api/v1/rules").raise_for_status().json()
    rules = [rule for group in answer["data"]["groups"] for rule in group["rules"]]
    assert len(rules) == 5
    assert {rule["health"] for rule in rules} <= {"ok", "unknown", "nodata"}
