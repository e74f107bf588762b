"""What `sync` and `verify` must do to a Grafana; run against the stand-in and a real one."""

import dataclasses
import json
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from grafana.data_source import PLUGIN_VERSION
from tenants.__main__ import main
from tenants.config import GrafanaAccess
from tenants.grafana_api import GrafanaApi, connected
from tenants.grafana_organisation import organisations
from tenants.grafana_verify import Verified, verify_grafana
from tenants.registry import Registry
from tenants.schema_objects import read_objects
from tests.support.clickhouse_server import ClickHouseServer

ZONES = {"a": ("America/Sao_Paulo", "pt-BR"), "b": ("America/New_York", "en-US")}
STATEMENT = "SELECT uniqExact(tenant_id), any(tenant_id) = '{}' FROM callcentre.v_sites"


class Answer(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclasses.dataclass
class GrafanaUnderTest:
    """A Grafana, a ClickHouse it reaches, and two customers of a name that nobody has."""

    access: GrafanaAccess
    server: ClickHouseServer
    readers: Path
    capsys: pytest.CaptureFixture[str]
    mark: str

    def tenant(self, letter: str) -> str:
        return f"{letter}-{self.mark}"

    def name(self, letter: str) -> str:
        return f"Customer {letter} ({self.tenant(letter)})"

    def types(self, *words: str) -> Answer:
        environment = {
            "CLICKHOUSE_URL": self.server.url,
            "CLICKHOUSE_READERS_FILE": str(self.readers),
            "INGEST_PUBLIC_URL": "https://ingest.example.com",
            "GRAFANA_URL": self.access.url,
            "GRAFANA_ADMIN_USER": self.access.user,
            "GRAFANA_ADMIN_PASSWORD": self.access.password,
        }
        code = main(list(words), environment)
        return Answer(code, *self.capsys.readouterr())

    def syncs(self) -> Any:
        answer = self.types("sync", "--json")
        assert answer.code == 0, answer.err
        return answer.json

    def verified(self) -> Verified:
        """The part of `verify` that asks Grafana; the rest takes long, and has tests of its own."""
        with closing(self.server.connect()) as client:
            return verify_grafana(Registry(client), self.access, read_objects(client))

    def add(self, *letters: str) -> None:
        for letter in letters:
            zone, language = ZONES[letter]
            words = ("--time-zone", zone, "--language", language, "--name", f"Customer {letter}")
            assert self.types("add", self.tenant(letter), *words).code == 0

    def clear(self) -> None:
        """Disables the customers, and takes their organisations away."""
        for letter in ZONES:
            self.types("disable", self.tenant(letter))
        with connected(self.access) as api:
            for organisation, name in organisations(api).items():
                if name.endswith(f"-{self.mark})"):
                    api.delete(f"/orgs/{organisation}")

    @contextmanager
    def inside(self, name: str) -> Iterator[GrafanaApi]:
        """The API within the organisation of this name."""
        with connected(self.access) as api:
            (organisation,) = (key for key, each in organisations(api).items() if each == name)
            yield api.within(organisation)

    def numbers(self, api: GrafanaApi, statement: str) -> list[Any]:
        """The first row of an answer that came the way of a board."""
        query = {
            "refId": "A", "datasource": {"uid": "clickhouse"}, "rawSql": statement, "format": 1,
            "editorType": "sql", "queryType": "table", "pluginVersion": PLUGIN_VERSION,
        }  # fmt: skip
        answer = api.post("/ds/query", {"queries": [query], "from": "now-1h", "to": "now"})
        (frame,) = answer["results"]["A"]["frames"]
        return [column[0] for column in frame["data"]["values"]]


def new_mark() -> str:
    return uuid.uuid4().hex[:6]


class GrafanaBehaviour:
    """Subclasses give the fixture `grafana`, with customers of its own for each test."""

    def test_each_customer_gets_its_organisation_and_a_second_run_changes_nothing(
        self, grafana: GrafanaUnderTest
    ) -> None:
        grafana.add("a", "b")
        first = grafana.syncs()
        assert (
            f"grafana {grafana.tenant('a')}: organisation {grafana.name('a')}" in (first["changes"])
        )
        second = grafana.syncs()
        assert second["changes"] == []
        assert second["counts"]["changed in Grafana"] == 0
        assert second["counts"]["unchanged there"] == first["counts"]["changed in Grafana"]
        with grafana.inside(grafana.name("a")) as api:
            preferences = api.get("/org/preferences")
            board = api.get("/dashboards/uid/cc-now")
            folder = api.get("/folders/call-centre")
        assert preferences["timezone"] == "America/Sao_Paulo"
        assert preferences["language"] == "pt-BR"
        assert preferences["homeDashboardUID"] == "cc-now"
        assert (board["dashboard"]["title"], board["meta"]["folderUid"]) == ("Agora", "call-centre")
        assert folder["title"] == "Central de atendimento"
        with grafana.inside(grafana.name("b")) as api:
            assert api.get("/dashboards/uid/cc-now")["dashboard"]["title"] == "Now"
            path = "/v1/provisioning/folder/call-centre/rule-groups/call-centre-today"
            (rule,) = api.get(path)["rules"]
        assert rule["title"] == "Service level today under target"
        assert "toStartOfDay(now(), 'America/New_York')" in rule["data"][0]["model"]["rawSql"]

    def test_boards_read_their_own_customers_rows_alone_and_what_does_not_is_found(
        self, grafana: GrafanaUnderTest
    ) -> None:
        grafana.add("a", "b")
        grafana.syncs()
        for letter in ("a", "b"):
            tenant = grafana.tenant(letter)
            with grafana.inside(grafana.name(letter)) as api:
                assert grafana.numbers(api, STATEMENT.format(tenant)) == [1, 1]
        verified = grafana.verified()
        assert verified.failures == ()
        assert verified.tried > 60

        with grafana.inside(grafana.name("b")) as api:
            stray = {
                "name": "Stray", "uid": "stray", "type": "grafana-clickhouse-datasource",
                "access": "proxy", "jsonData": {"username": f"reader_{grafana.tenant('a')}"},
            }  # fmt: skip
            api.post("/datasources", stray)
        content = json.loads(grafana.readers.read_text())
        content["readers"][f"reader_{grafana.tenant('a')}/grafana"]["tenant"] = grafana.tenant("b")
        grafana.readers.write_text(json.dumps(content))
        failures = grafana.verified().failures
        statement = f"SELECT countIf(tenant_id != '{grafana.tenant('a')}') FROM callcentre.tenants"
        assert (
            f"Grafana, reader_{grafana.tenant('a')}/grafana: {statement}: an answer instead of the"
            " number 0"
        ) in failures
        assert (
            f"Grafana, organisation {grafana.name('b')}: data source Stray logs in as"
            f" reader_{grafana.tenant('a')}"
        ) in failures

    def test_hours_mute_and_contacts_are_told_until_they_are_taken_back(
        self, grafana: GrafanaUnderTest
    ) -> None:
        grafana.add("a")
        tenant = grafana.tenant("a")
        grafana.types("hours", "set", tenant, "mon-fri=08:00-18:00")
        grafana.types("hours", "set", tenant, "mon-sun=00:00-24:00", "--queue", "vip")
        grafana.types("contact", "set", tenant, "--email", "b@example.com", "a@example.com")
        grafana.syncs()
        assert grafana.syncs()["changes"] == []
        with grafana.inside(grafana.name("a")) as api:
            (timing,) = api.get("/v1/provisioning/mute-timings")
            policies = api.get("/v1/provisioning/policies")
            points = api.get("/v1/provisioning/contact-points")
        monday, *_, sunday = timing["time_intervals"]
        assert monday["times"] == [
            {"start_time": "00:00", "end_time": "08:00"},
            {"start_time": "18:00", "end_time": "24:00"},
        ]
        assert sunday["times"] == [{"start_time": "00:00", "end_time": "24:00"}]
        assert monday["location"] == "America/Sao_Paulo"
        assert policies["receiver"] == "call-centre-managers"
        assert [route.get("mute_time_intervals") for route in policies["routes"]] == [
            None,
            ["call-centre-closed"],
        ]
        (ours,) = (point for point in points if point["name"] == "call-centre-managers")
        assert ours["settings"]["addresses"] == "a@example.com;b@example.com"

        grafana.types("hours", "set", tenant, "none")
        grafana.types("contact", "set", tenant)
        grafana.syncs()
        assert grafana.syncs()["changes"] == []
        with grafana.inside(grafana.name("a")) as api:
            assert api.get("/v1/provisioning/mute-timings") == []
            assert api.get("/v1/provisioning/policies")["receiver"] != "call-centre-managers"

    def test_what_was_changed_by_hand_is_put_back(self, grafana: GrafanaUnderTest) -> None:
        grafana.add("a")
        grafana.syncs()
        with grafana.inside(grafana.name("a")) as api:
            board = api.get("/dashboards/uid/cc-now")["dashboard"]
            changed = board | {"title": "Mine", "id": None}
            body = {"dashboard": changed, "folderUid": "call-centre", "overwrite": True}
            api.post("/dashboards/db", body)
            api.patch("/org/preferences", {"timezone": "utc"})
        assert grafana.syncs()["changes"] == [
            f"grafana {grafana.tenant('a')}: board Agora",
            f"grafana {grafana.tenant('a')}: preferences",
        ]

    def test_a_new_name_is_the_same_organisation(self, grafana: GrafanaUnderTest) -> None:
        grafana.add("a")
        grafana.syncs()
        grafana.types("add", grafana.tenant("a"), "--name", "Renamed")
        name = f"Renamed ({grafana.tenant('a')})"
        assert grafana.syncs()["changes"] == [
            f"grafana {grafana.tenant('a')}: organisation {name}",
        ]
        with grafana.inside(name) as api:
            assert api.get("/dashboards/uid/cc-now")

    def test_a_lost_data_source_gets_a_new_password(self, grafana: GrafanaUnderTest) -> None:
        grafana.add("a")
        grafana.syncs()
        with grafana.inside(grafana.name("a")) as api:
            api.delete("/datasources/uid/clickhouse")
        changes = grafana.syncs()["changes"]
        assert changes == [
            f"changed reader reader_{grafana.tenant('a')}/grafana",
            f"grafana {grafana.tenant('a')}: data source",
        ]
        with grafana.inside(grafana.name("a")) as api:
            assert grafana.numbers(api, "SELECT count() FROM callcentre.v_tenants") == [1]

    def test_a_disabled_customer_keeps_its_organisation_and_users_and_sees_nothing(
        self, grafana: GrafanaUnderTest
    ) -> None:
        grafana.add("a")
        grafana.types("hours", "set", grafana.tenant("a"), "mon-fri=08:00-18:00")
        grafana.types("contact", "set", grafana.tenant("a"), "--email", "a@example.com")
        grafana.syncs()
        grafana.types("disable", grafana.tenant("a"))
        grafana.syncs()
        assert grafana.syncs()["changes"] == []
        with grafana.inside(grafana.name("a")) as api:
            assert api.find("/datasources/uid/clickhouse") is None
            assert api.find("/folders/call-centre") is None
            assert api.find("/dashboards/uid/cc-now") is None
            assert api.get("/v1/provisioning/mute-timings") == []
            assert api.get("/org/users")
        grafana.types("enable", grafana.tenant("a"))
        grafana.syncs()
        with grafana.inside(grafana.name("a")) as api:
            assert grafana.numbers(api, "SELECT count() FROM callcentre.v_tenants") == [1]
