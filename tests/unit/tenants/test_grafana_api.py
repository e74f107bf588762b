"""What goes wrong with a Grafana is told in one sentence that names what to mend."""

import dataclasses
import json
from pathlib import Path

import httpx
import pytest

from grafana.language import Language
from tenants.config import GrafanaAccess, config_from
from tenants.errors import NotPossibleError, WrongInputError
from tenants.grafana_api import GrafanaApi, connected
from tenants.grafana_boards import Board, customers_boards
from tenants.grafana_changes import Changes
from tenants.grafana_organisation import (
    Place,
    administrator,
    data_source,
    join,
    leave,
    organisation_name,
    organisations,
    sync_boards,
    sync_data_source,
    sync_folder,
)
from tenants.grafana_sync import find_organisation
from tenants.records import GrafanaOrganisation, Tenant
from tests.support.grafana_stand_in import ADMIN, PASSWORD, GrafanaStandIn

ACCESS = GrafanaAccess("http://grafana.example.com", ADMIN, PASSWORD, "http://clickhouse:8123")
ACME = Tenant("acme", "Acme", "America/Sao_Paulo", "pt-BR")


def problem(server: GrafanaStandIn, access: GrafanaAccess = ACCESS) -> str:
    with (
        connected(access, httpx.MockTransport(server)) as api,
        pytest.raises(NotPossibleError) as told,
    ):
        api.check()
    return str(told.value)


def test_a_grafana_that_will_do_is_not_complained_of() -> None:
    with connected(ACCESS, httpx.MockTransport(GrafanaStandIn("13.0.1+security-01"))) as api:
        api.check()


def test_an_old_grafana_is_told() -> None:
    assert problem(GrafanaStandIn("12.2.9")) == "Grafana 12.2.9 is too old: at least 12.3 is needed"


def test_a_missing_or_old_plugin_is_told() -> None:
    assert problem(GrafanaStandIn(plugin=None)).startswith(
        "Grafana has no plugin grafana-clickhouse-datasource: install it"
    )
    assert problem(GrafanaStandIn(plugin="3.3.0")) == (
        "grafana-clickhouse-datasource 3.3.0 is too old: at least 4.0 is needed"
    )


def test_a_wrong_password_is_told_without_it() -> None:
    told = problem(GrafanaStandIn(), dataclasses.replace(ACCESS, password="made-up-wrong"))
    assert told == "Grafana refused GRAFANA_ADMIN_USER or GRAFANA_ADMIN_PASSWORD"


def test_who_does_not_administer_the_server_is_told() -> None:
    server = GrafanaStandIn()
    server.administrators.clear()
    assert problem(server).startswith("GRAFANA_ADMIN_USER is no administrator of the server")


def test_nobody_there_is_told() -> None:
    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Connection refused", request=request)

    with (
        connected(ACCESS, httpx.MockTransport(nobody)) as api,
        pytest.raises(NotPossibleError) as told,
    ):
        api.check()
    assert str(told.value) == (
        "nobody answers at GRAFANA_URL=http://grafana.example.com: Connection refused"
    )


def test_another_server_at_the_address_is_told() -> None:
    def page(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text="<html>")

    with (
        connected(ACCESS, httpx.MockTransport(page)) as api,
        pytest.raises(NotPossibleError, match="is no Grafana: set GRAFANA_URL"),
    ):
        api.check()


def test_a_refusal_is_told_with_grafanas_own_words() -> None:
    server = GrafanaStandIn()
    place = place_in(server)
    wanted = data_source(ACME, "http://clickhouse:8123", "0" * 64)
    place.api.post("/datasources", wanted | {"uid": "other", "secureJsonData": {}})
    with pytest.raises(NotPossibleError) as told:
        sync_data_source(place, wanted, "made-up")
    assert str(told.value) == (
        "Grafana refused POST /datasources with 409: data source with the same name already exists"
    )


def place_in(server: GrafanaStandIn) -> Place:
    client = httpx.Client(
        base_url=f"{ACCESS.url}/api",
        auth=(ACCESS.user, ACCESS.password),
        transport=httpx.MockTransport(server),
    )
    return Place(ACME, GrafanaApi(ACCESS.url, client, 1), Changes())


def test_a_setting_that_somebody_added_to_a_data_source_goes() -> None:
    server = GrafanaStandIn()
    place = place_in(server)
    wanted = data_source(ACME, "http://clickhouse:8123", "0" * 64)
    sync_data_source(place, wanted, "made-up")
    source = server.organisations[1].sources["clickhouse"]
    source["jsonData"] = source["jsonData"] | {"customSettings": []}
    sync_data_source(place, wanted, None)
    assert "customSettings" not in server.organisations[1].sources["clickhouse"]["jsonData"]
    assert server.organisations[1].secrets["clickhouse"] == {"password": "made-up"}
    assert place.changes.told == ["grafana acme: data source", "grafana acme: data source"]


def test_a_data_source_has_what_the_plugin_needs_and_no_password() -> None:
    wanted = data_source(ACME, "https://clickhouse.example.com", "abcdef" * 10 + "0123")
    assert wanted["type"] == "grafana-clickhouse-datasource"
    assert wanted["uid"] == "clickhouse"
    settings = wanted["jsonData"]
    assert (settings["host"], settings["port"], settings["secure"]) == (
        "clickhouse.example.com", 8443, True,
    )  # fmt: skip
    assert (settings["protocol"], settings["username"]) == ("http", "reader_acme/grafana")
    assert (settings["maxOpenConns"], settings["forwardGrafanaHeaders"]) == ("4", True)
    assert settings["passwordDigest"] == "abcdefabcdefabcd"
    assert "secureJsonData" not in wanted


def test_a_board_that_is_no_longer_committed_goes_and_one_of_somebody_else_stays() -> None:
    server = GrafanaStandIn()
    place = place_in(server)
    sync_folder(place)
    boards = [Board(uid, uid.title(), {"uid": uid, "title": uid}, "1") for uid in ("a", "b")]
    sync_boards(place, boards)
    own = {"dashboard": {"uid": "own", "title": "Own"}, "folderUid": "call-centre"}
    place.api.post("/dashboards/db", own)
    sync_boards(place, boards[:1])
    assert sorted(server.organisations[1].boards) == ["a", "own"]
    server.writes.clear()
    sync_boards(place, boards[:1])
    assert server.writes == []


def test_an_id_counts_only_together_with_the_name_it_was_given() -> None:
    record = GrafanaOrganisation("acme", 2, "Acme (acme)")
    assert find_organisation(record, {1: "Main Org.", 2: "Acme (acme)"}) == 2
    assert find_organisation(record, {2: "Rival (rival)"}) is None
    assert find_organisation(GrafanaOrganisation("acme"), {0: ""}) is None


def test_names_of_organisations_are_unique_as_names_of_customers_are_not() -> None:
    assert organisation_name(ACME) == "Acme (acme)"
    assert organisation_name(dataclasses.replace(ACME, display_name="acme")) == "acme"


def test_a_visit_leaves_the_organisation_as_it_was() -> None:
    server = GrafanaStandIn()
    foreign = server.add_organisation("Foreign")
    looked_at = server.add_organisation("Looked at")
    looked_at.members[ADMIN] = "Viewer"
    with connected(ACCESS, httpx.MockTransport(server)) as api:
        me = administrator(api)
        for organisation in (foreign, looked_at):
            role = join(api, organisation.id, me)
            assert organisation.members == {ADMIN: "Admin"}
            leave(api, organisation.id, me, role)
    assert foreign.members == {}
    assert looked_at.members == {ADMIN: "Viewer"}


def test_all_organisations_are_found_however_many_pages_they_are() -> None:
    server = GrafanaStandIn()
    for number in range(1000):
        server.add_organisation(f"number {number}")
    with connected(ACCESS, httpx.MockTransport(server)) as api:
        assert len(organisations(api)) == 1001


def test_the_operators_boards_are_no_customers(tmp_path: Path) -> None:
    folder = tmp_path / "en"
    (folder / "operator").mkdir(parents=True)
    for path in (folder / "a.json", folder / "operator" / "platform.json"):
        path.write_text(json.dumps({"uid": path.stem, "title": "A", "id": 3}))
    (board,) = customers_boards(Language.ENGLISH, tmp_path)
    assert (board.uid, board.model) == ("a", {"uid": "a", "title": "A"})


def test_an_installation_without_boards_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotPossibleError, match="there are no boards in"):
        customers_boards(Language.ENGLISH, tmp_path)
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "a.json").write_text("[]")
    with pytest.raises(NotPossibleError, match=r"a\.json is no board"):
        customers_boards(Language.ENGLISH, tmp_path)


STRONG = "long-made-up-password"
CLICKHOUSE = {"CLICKHOUSE_URL": "http://admin:long-made-up-password@clickhouse:8123"}


def test_grafana_is_left_alone_unless_it_is_named() -> None:
    assert config_from(CLICKHOUSE).grafana is None


def test_the_password_may_stand_in_a_file_and_is_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("long-made-up-password-of-file\n")
    named = {
        "GRAFANA_URL": "https://grafana.example.com/",
        "GRAFANA_ADMIN_PASSWORD_FILE": str(file),
    }
    access = config_from(CLICKHOUSE | named).grafana
    assert access is not None
    assert (access.url, access.user, access.password, access.clickhouse_url) == (
        "https://grafana.example.com", "admin", "long-made-up-password-of-file", "http://clickhouse:8123",
    )  # fmt: skip
    assert "made-up" not in repr(access)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, "neither GRAFANA_ADMIN_PASSWORD nor GRAFANA_ADMIN_PASSWORD_FILE"),
        ({"GRAFANA_URL": "grafana:3000"}, "GRAFANA_URL must look like"),
        ({"GRAFANA_URL": "http://a:b@grafana"}, "GRAFANA_URL must look like"),
        ({"GRAFANA_ADMIN_PASSWORD_FILE": "/nowhere"}, "/nowhere cannot be read"),
        (
            {"GRAFANA_ADMIN_PASSWORD": STRONG, "GRAFANA_CLICKHOUSE_URL": "clickhouse"},
            "GRAFANA_CLICKHOUSE_URL must look like",
        ),
    ],
)
def test_a_wrong_setting_is_named(more: dict[str, str], told: str) -> None:
    with pytest.raises(WrongInputError, match=told):
        config_from({**CLICKHOUSE, "GRAFANA_URL": "http://grafana:3000", **more})
