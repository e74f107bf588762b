"""What the demo starts a Grafana with; tests/system/test_demo_grafana.py tries the real thing."""

import json
import stat
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.grafana import (
    GrafanaMissingError,
    GrafanaPlan,
    Installation,
    add_people,
    command,
    environment,
    find,
    write_files,
)
from tenants.grafana_api import connected
from tests.support.grafana_stand_in import PASSWORD, GrafanaStandIn

PLUGIN = "grafana-clickhouse-datasource"


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def home_with(folder: Path, *, name: str = "grafana", has_plugin: bool = True) -> Path:
    program(folder / "bin" / name)
    (folder / "conf").mkdir()
    (folder / "conf" / "defaults.ini").touch()
    if has_plugin:
        (folder / "data" / "plugins" / PLUGIN).mkdir(parents=True)
    return folder


def plan_in(tmp_path: Path, **fields: Any) -> GrafanaPlan:
    home = home_with(tmp_path / "home")
    values = {
        "installation": Installation(home / "bin" / "grafana", home, home / "data" / "plugins"),
        "state": tmp_path / "state",
        "port": 3999,
        "admin_password": PASSWORD,
        "clickhouse_url": "http://admin:made-up-clickhouse@127.0.0.1:8999",
    }
    return GrafanaPlan(**{**values, **fields})


def test_a_grafana_is_found_where_it_is_named(tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", has_plugin=False)
    plugins = tmp_path / "plugins"
    (plugins / PLUGIN).mkdir(parents=True)
    found = find({"GRAFANA_HOME": str(home), "GRAFANA_PLUGINS": str(plugins), "PATH": ""})
    assert found == Installation(home / "bin" / "grafana", home, plugins)


def test_a_grafana_on_the_path_is_found_with_its_files(tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", name="grafana-server")
    link = tmp_path / "bin" / "grafana-server"
    link.parent.mkdir()
    link.symlink_to(home / "bin" / "grafana-server")
    found = find({"PATH": str(link.parent)})
    assert found == Installation(home / "bin" / "grafana-server", home, home / "data" / "plugins")


def test_without_a_grafana_one_line_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(GrafanaMissingError) as told:
        find({"PATH": str(tmp_path)})
    assert "GRAFANA_HOME" in str(told.value)
    assert "GRAFANA_PLUGINS" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_home_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(GrafanaMissingError, match=r"has no bin/grafana and conf/defaults\.ini"):
        find({"GRAFANA_HOME": str(tmp_path)})


def test_a_grafana_without_the_plugin_is_told(tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", has_plugin=False)
    with pytest.raises(GrafanaMissingError, match=f"has no {PLUGIN}: name the folder"):
        find({"GRAFANA_HOME": str(home), "GRAFANA_PLUGINS": str(tmp_path)})


def test_the_command_line_is_that_of_the_program_there_is(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    home, ini = plan.installation.home, tmp_path / "state" / "grafana.ini"
    files = [f"--homepath={home}", f"--config={ini}"]
    assert command(plan) == [str(home / "bin" / "grafana"), "server", *files]
    older = plan.installation._replace(program=home / "bin" / "grafana-server")
    assert command(plan._replace(installation=older)) == [str(older.program), *files]


def test_it_listens_on_loopback_and_asks_nobody_outside(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    write_files(plan)
    settings = ConfigParser(interpolation=None)
    settings.read(tmp_path / "state" / "grafana.ini")
    assert settings["server"]["http_addr"] == "127.0.0.1"
    assert settings["server"]["http_port"] == "3999"
    for name in ("reporting_enabled", "check_for_updates", "check_for_plugin_updates"):
        assert settings["analytics"][name] == "false"
    assert settings["plugins"]["preinstall_disabled"] == "true"
    assert settings["news"]["news_feed_enabled"] == "false"
    assert settings["dashboards"]["min_refresh_interval"] == "1s"
    assert settings["users"]["default_language"] == "pt-BR"
    folders = {settings["paths"][name] for name in ("data", "logs", "provisioning")}
    assert {Path(folder).parent for folder in folders} == {tmp_path / "state"}
    assert settings["paths"]["plugins"] == str(plan.installation.plugins)


def test_no_secret_is_in_a_file_and_the_folder_is_its_owners(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    write_files(plan)
    texts = [path.read_text() for path in plan.state.rglob("*") if path.is_file()]
    assert len(texts) == 4
    assert not any("made-up" in text for text in texts)
    assert environment(plan) == {
        "GF_SECURITY_ADMIN_PASSWORD": PASSWORD,
        "CLICKHOUSE_BOARDS_PASSWORD": "made-up-clickhouse",
    }
    assert stat.S_IMODE(plan.state.stat().st_mode) == 0o700


def test_the_operators_organisation_is_provisioned_from_this_checkout(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    write_files(plan)
    folder = plan.state / "provisioning"
    (source,) = json.loads((folder / "datasources/call-centre.yaml").read_text())["datasources"]
    assert source["jsonData"]["port"] == 8999
    assert source["jsonData"]["username"] == "admin"
    (provider,) = json.loads((folder / "dashboards/call-centre.yaml").read_text())["providers"]
    assert (Path(provider["options"]["path"]) / "cc-now.json").is_file()
    assert json.loads((folder / "alerting/managers.yaml").read_text())["groups"]


def test_each_customer_has_a_viewer_and_a_manager_who_may_log_in(tmp_path: Path) -> None:
    server = GrafanaStandIn()
    organisations = {name: server.add_organisation(name).id for name in ("demo", "neighbour")}
    with connected(plan_in(tmp_path).access, httpx.MockTransport(server)) as api:
        people = add_people(api, organisations)
    assert [(person.login, person.role) for person in people] == [
        ("demo-viewer", "Viewer"),
        ("demo-manager", "Editor"),
        ("neighbour-viewer", "Viewer"),
        ("neighbour-manager", "Editor"),
    ]
    assert server.named("demo").members == {"demo-viewer": "Viewer", "demo-manager": "Editor"}
    assert {person.login: person.password for person in people}.items() <= server.passwords.items()
    assert len({person.password for person in people}) == 4
