"""A Grafana of the demo's own, if one is on this machine: settings, provisioning, people.

Nothing is fetched: neither Grafana nor its ClickHouse plugin comes with us (docs/grafana.md says
how to get them). It listens on loopback only, keeps its files in the demo's folder, and is told of
the demo's customers by the same `sync` as any other.
"""

import json
import os
import secrets
import shutil
from collections.abc import Iterable, Mapping
from configparser import ConfigParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from grafana.data_source import PLUGIN
from grafana.operator_organisation import LANGUAGE, PASSWORD_VARIABLE, Surroundings, files
from local.addresses import bare
from local.process import LOOPBACK
from local.prometheus import PrometheusPlan
from tenants.config import GrafanaAccess
from tenants.grafana_api import GrafanaApi
from tenants.grafana_boards import DASHBOARDS

ADMIN = "admin"
ROLES = {"viewer": "Viewer", "manager": "Editor"}
"""Of the people of each customer: who looks, and a manager who may also make boards."""

_DEFAULTS = Path("conf") / "defaults.ini"
_PACKAGED_HOME = Path("/usr/share/grafana")
_PACKAGED_PLUGINS = Path("/var/lib/grafana/plugins")


class GrafanaMissingError(Exception):
    """No Grafana can be started here; the text says what to do."""


class Installation(NamedTuple):
    """A Grafana on this machine: its program, its files, and the folder of its plugins."""

    program: Path
    home: Path
    plugins: Path


class GrafanaPlan(NamedTuple):
    """How it is to be started. `state` is the demo's folder for it.

    `prometheus` is started beside it; None if there is none.
    """

    installation: Installation
    state: Path
    port: int
    admin_password: str
    clickhouse_url: str
    prometheus: PrometheusPlan | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def access(self) -> GrafanaAccess:
        """Its administrator, as `sync` needs it."""
        return GrafanaAccess(self.url, ADMIN, self.admin_password, bare(self.clickhouse_url))


class Person(NamedTuple):
    """Somebody of a customer who may log in."""

    login: str
    password: str
    role: str


def find(environment: Mapping[str, str]) -> Installation:
    """The Grafana of `GRAFANA_HOME`, else of the PATH, with the plugins of `GRAFANA_PLUGINS`.

    Raises GrafanaMissingError in one line.
    """
    program, home = _program(environment)
    named = environment.get("GRAFANA_PLUGINS", "")
    places = [Path(named)] if named else [home / "data" / "plugins", _PACKAGED_PLUGINS]
    for place in places:
        if (place / PLUGIN).is_dir():
            return Installation(program, home, place)
    where = f"{named} has no" if named else "it has no"
    raise GrafanaMissingError(
        f"{program} is there, but {where} {PLUGIN}: name the folder that holds it in"
        " GRAFANA_PLUGINS"
    )


def command(plan: GrafanaPlan) -> list[str]:
    """The command line; programs of the older name have no subcommand."""
    program = plan.installation.program
    subcommand = [] if program.name == "grafana-server" else ["server"]
    return [
        str(program),
        *subcommand,
        f"--homepath={plan.installation.home}",
        f"--config={plan.state / 'grafana.ini'}",
    ]


def environment(plan: GrafanaPlan) -> dict[str, str]:
    """What the program is told besides, for secrets are in no file."""
    return {
        "GF_SECURITY_ADMIN_PASSWORD": plan.admin_password,
        PASSWORD_VARIABLE: urlsplit(plan.clickhouse_url).password or "",
    }


def write_files(plan: GrafanaPlan) -> None:
    """The settings, and the provisioning of the operator's organisation."""
    plan.state.mkdir(parents=True, mode=0o700, exist_ok=True)
    with (plan.state / "grafana.ini").open("w", encoding="utf-8") as file:
        _settings(plan).write(file)
    place = urlsplit(plan.clickhouse_url)
    around = Surroundings(
        host=place.hostname or LOOPBACK,
        port=place.port or 8123,
        user=place.username or "default",
        boards=str(DASHBOARDS / LANGUAGE),
        is_secure=place.scheme == "https",
        prometheus_url=plan.prometheus.url if plan.prometheus else "",
    )
    for name, content in files(around).items():
        path = plan.state / "provisioning" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # JSON is YAML, too.
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def add_people(api: GrafanaApi, organisations: Mapping[str, int]) -> list[Person]:
    """A viewer and a manager in each customer's organisation, each with a password of its own."""
    people = []
    for tenant, organisation in organisations.items():
        for name, role in ROLES.items():
            person = Person(f"{tenant}-{name}", secrets.token_urlsafe(9), role)
            _add(api, person, organisation)
            people.append(person)
    return people


def _add(api: GrafanaApi, person: Person, organisation: int) -> None:
    body = {
        "name": person.login,
        "login": person.login,
        "password": person.password,
        "OrgId": organisation,
    }
    user = int(api.post("/admin/users", body)["id"])
    api.patch(f"/orgs/{organisation}/users/{user}", {"role": person.role})


def _program(environment: Mapping[str, str]) -> tuple[Path, Path]:
    named = environment.get("GRAFANA_HOME", "")
    if named:
        home = Path(named).absolute()
        for name in ("grafana", "grafana-server"):
            if (home / "bin" / name).is_file() and (home / _DEFAULTS).is_file():
                return home / "bin" / name, home
        raise GrafanaMissingError(f"GRAFANA_HOME={named} has no bin/grafana and conf/defaults.ini")
    for home in _homes(environment.get("PATH", os.defpath)):
        for name in ("grafana", "grafana-server"):
            if (home / "bin" / name).is_file():
                return home / "bin" / name, home
    raise GrafanaMissingError(
        "none is on this machine: put `grafana` on the PATH or name its folder in GRAFANA_HOME, and"
        f" the folder that holds {PLUGIN} in GRAFANA_PLUGINS (docs/grafana.md)"
    )


def _homes(path: str) -> Iterable[Path]:
    """Where the files of a Grafana on the PATH may be: beside it, or where packages put them."""
    for name in ("grafana", "grafana-server"):
        found = shutil.which(name, path=path)
        if found is not None:
            for home in (Path(found).resolve().parents[1], _PACKAGED_HOME):
                if (home / _DEFAULTS).is_file():
                    yield home


def _settings(plan: GrafanaPlan) -> ConfigParser:
    """Quiet, on loopback, with all files in the demo's folder."""
    settings = ConfigParser(interpolation=None)
    settings.read_dict(
        {
            "paths": {
                "data": plan.state / "data",
                "logs": plan.state / "logs",
                "plugins": plan.installation.plugins,
                "provisioning": plan.state / "provisioning",
            },
            "server": {"http_addr": LOOPBACK, "http_port": plan.port, "root_url": f"{plan.url}/"},
            "analytics": {
                "reporting_enabled": "false",
                "check_for_updates": "false",
                "check_for_plugin_updates": "false",
                "feedback_links_enabled": "false",
            },
            "plugins": {
                "preinstall_disabled": "true",
                "plugin_admin_enabled": "false",
                # One that was built from its source is not signed.
                "allow_loading_unsigned_plugins": PLUGIN,
            },
            "news": {"news_feed_enabled": "false"},
            "security": {"admin_user": ADMIN, "disable_gravatar": "true"},
            # A new user goes to the organisation that is named only if this is on.
            "users": {"default_language": LANGUAGE, "auto_assign_org": "true"},
            "dashboards": {"min_refresh_interval": "1s"},
            "date_formats": {"full_date": "DD/MM/YYYY HH:mm:ss", "interval_hour": "DD/MM HH:mm"},
            "snapshots": {"external_enabled": "false"},
            "log": {"mode": "console", "level": "warn"},
        }
    )
    return settings
