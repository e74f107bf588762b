"""The operator's provisioning, as Compose mounts it."""

from typing import Any

import yaml

from grafana.data_source import PLUGIN, PLUGIN_VERSION
from grafana.language import Language
from grafana.operator_files import FOLDER, main, stale, texts
from tenants.grafana_organisation import data_source
from tenants.records import Tenant


def content(path: str) -> Any:
    return yaml.safe_load((FOLDER / path).read_text(encoding="utf-8"))


def test_the_committed_files_are_fresh() -> None:
    assert stale() == [], "run `python -m grafana.operator_files` and read the diff"
    assert main(["--check"]) == 0


def test_every_file_names_the_operators_organisation_and_no_other() -> None:
    (provider,) = content("dashboards/call-centre.yaml")["providers"]
    sources = content("datasources/call-centre.yaml")["datasources"]
    groups = content("alerting/managers.yaml")["groups"]
    assert {each["orgId"] for each in (provider, *sources, *groups)} == {1}
    assert {group["folder"] for group in groups} == {provider["folder"]}


def test_the_boards_lie_where_compose_mounts_them() -> None:
    (provider,) = content("dashboards/call-centre.yaml")["providers"]
    mounted = "/etc/grafana/provisioning/"
    path = provider["options"]["path"]
    assert path.startswith(mounted)
    assert list((FOLDER / path.removeprefix(mounted)).glob("*.json"))


def test_the_operators_data_source_is_the_customers_but_for_its_login() -> None:
    clickhouse, prometheus = content("datasources/call-centre.yaml")["datasources"]
    tenant = Tenant("acme", "Acme", "UTC", Language.ENGLISH)
    customers = data_source(tenant, "http://clickhouse:8123", "0" * 64)
    own = ("passwordDigest", "username")
    assert clickhouse["jsonData"] | dict.fromkeys(own) == customers["jsonData"] | dict.fromkeys(own)
    assert clickhouse["jsonData"]["username"] == "boards"
    assert clickhouse["secureJsonData"] == {"password": "$CLICKHOUSE_BOARDS_PASSWORD"}
    for name in ("name", "uid", "type", "access", "isDefault"):
        assert clickhouse[name] == customers[name]
    assert (prometheus["uid"], prometheus["type"]) == ("prometheus", "prometheus")


def test_the_plugin_that_is_installed_is_the_one_targets_are_written_for() -> None:
    settings = (FOLDER.parents[1] / "deploy" / "grafana" / "grafana.ini").read_text("utf-8")
    assert f"\npreinstall_sync = {PLUGIN}@{PLUGIN_VERSION}\n" in settings


def test_no_secret_is_in_them() -> None:
    for text in texts().values():
        assert "password: $CLICKHOUSE_BOARDS_PASSWORD" in text or "password" not in text
