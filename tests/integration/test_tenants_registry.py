"""The registry's commands against a ClickHouse, as an operator types them."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from agent.config import load
from ingest_api.auth import token_digest
from tenants.__main__ import main
from tenants.records import Record, Site
from tenants.registry import Registry
from tests.support.clickhouse_server import ClickHouseServer, ask
from tests.support.grafana_behaviour import Answer
from tests.support.grafana_stand_in import PASSWORD as GRAFANA_PASSWORD
from tests.support.grafana_stand_in import GrafanaStandIn, serving

pytestmark = pytest.mark.integration

ADDED = ["--time-zone", "America/Sao_Paulo", "--language", "pt-BR"]


class Operator:
    """Types commands; each answer is as a shell would show it."""

    def __init__(
        self,
        server: ClickHouseServer,
        client: Client,
        readers: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.server = server
        self.client = client
        self.readers = readers
        self._capsys = capsys

    def types(self, *words: str, **more: str) -> Answer:
        environment = {
            **more,
            "CLICKHOUSE_URL": self.server.url,
            "CLICKHOUSE_READERS_FILE": str(self.readers),
            "INGEST_PUBLIC_URL": "https://ingest.example.com",
        }
        code = main(list(words), environment)
        return Answer(code, *self._capsys.readouterr())

    def rows(self, statement: str) -> list[Any]:
        return list(self.client.query(statement).result_rows)


@pytest.fixture(scope="module")
def client(server: ClickHouseServer) -> Iterator[Client]:
    with closing(server.connect()) as connected:
        yield connected


@pytest.fixture
def operator(
    server: ClickHouseServer, client: Client, directory: Path, capsys: pytest.CaptureFixture[str]
) -> Operator:
    return Operator(server, client, directory / "readers.json", capsys)


def added(operator: Operator, tenant: str, *more: str) -> Any:
    answer = operator.types("add", tenant, *ADDED, *more, "--json")
    assert answer.code == 0, answer.err
    return answer.json


def test_add_shows_settings_that_a_collector_takes(operator: Operator, tmp_path: Path) -> None:
    told = added(operator, "shows", "--site", "hq")
    file = tmp_path / "collector.ini"
    file.write_text(told["collector_ini"])
    config = load(str(file), {"COLLECTOR_AMI_SECRET": "made-up"})
    assert config.site == "hq"
    assert config.ingest_url == "https://ingest.example.com"
    assert config.ingest_token == told["secrets"]["token"]
    assert config.privacy_key.decode() == told["secrets"]["privacy_key"]


def test_a_wrong_password_is_told(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    url = operator.server.url_of("admin", "another-made-up-one")
    assert main(["list"], {"CLICKHOUSE_URL": url}) == 1
    told = capsys.readouterr().err
    assert "refuses the user or the password of CLICKHOUSE_URL" in told
    assert "another-made-up-one" not in told


def test_adding_twice_changes_nothing_and_shows_no_secret(operator: Operator) -> None:
    added(operator, "twice")
    answer = operator.types("add", "twice", *ADDED)
    assert answer.code == 0
    assert answer.out.startswith("nothing changed\nnote: secrets that are not shown here")
    again = added(operator, "twice")
    assert (again["changed"], again["changes"]) == (False, [])
    assert "secrets" not in again
    assert "collector_ini" not in again


def test_an_addition_that_was_cut_short_is_run_again(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Registry.put

    def interrupted_at_the_site(registry: Registry, record: Record) -> bool:
        if isinstance(record, Site):
            raise KeyboardInterrupt
        return put(registry, record)

    with monkeypatch.context() as patched:
        patched.setattr(Registry, "put", interrupted_at_the_site)
        answer = operator.types("add", "cut", *ADDED)
    assert (answer.code, answer.out) == (130, "")
    assert answer.err == "interrupted: run it again, it goes on from where it was\n"
    again = added(operator, "cut")
    assert {"token", "privacy_key"} == set(again["secrets"])
    # The reader's password was made and never shown.
    assert "reader rotate" in again["notes"][1]


def test_no_secret_is_stored(operator: Operator) -> None:
    secrets = added(operator, "secret")["secrets"]
    operator.types("sync")
    stored = "".join(
        str(operator.rows(f"SELECT * FROM callcentre.{table}"))
        for table in ("tenants", "sites", "site_tokens", "reader_credentials")
    )
    stored += operator.readers.read_text()
    for name in ("token", "privacy_key", "reader_password"):
        assert secrets[name] not in stored
    assert "reader_secret" in stored


def test_add_changes_what_is_given_of_a_tenant_that_is_there(operator: Operator) -> None:
    added(operator, "changes")
    answer = operator.types("add", "changes", "--answer-limit", "30s", "--name", "Céu Azul")
    assert answer.code == 0
    assert answer.out.splitlines()[0] == (
        "tenant changes: display_name Céu Azul (was changes), answer_limit_s 30 (was 20)"
    )
    shown = operator.types("show", "changes", "--json").json
    assert (shown["display_name"], shown["answer_limit_s"]) == ("Céu Azul", 30)
    assert shown["time_zone"] == "America/Sao_Paulo"


def test_a_cut_short_add_is_simply_run_again(operator: Operator) -> None:
    added(operator, "cut")
    for table in ("sites", "site_tokens", "reader_credentials"):
        operator.client.command(f"DELETE FROM callcentre.{table} WHERE tenant_id = 'cut'")
    again = added(operator, "cut")
    assert set(again["secrets"]) == {"reader", "reader_password", "token", "privacy_key"}


def test_a_second_site_leaves_the_key_to_be_filled_in(operator: Operator) -> None:
    added(operator, "second")
    told = operator.types("site", "add", "second", "pbx-02", "--json").json
    assert set(told["secrets"]) == {"token"}
    assert "\nkey =\n" in told["collector_ini"]
    assert operator.types("site", "add", "second", "pbx-02").out == "nothing changed\n"


def valid(operator: Operator, tenant: str) -> list[Any]:
    return operator.rows(
        "SELECT site, isNull(valid_until) FROM callcentre.usable_tokens"
        f" WHERE tenant_id = '{tenant}' ORDER BY ALL"
    )


def test_a_rotated_token_overlaps_and_rotating_twice_makes_one(operator: Operator) -> None:
    added(operator, "rotates")
    first = operator.types("token", "rotate", "rotates", "pbx-01", "--json").json
    assert first["changed"]
    assert valid(operator, "rotates") == [("pbx-01", 0), ("pbx-01", 1)]
    second = operator.types("token", "rotate", "rotates", "pbx-01")
    assert second.code == 0
    assert second.out.startswith("nothing changed")
    assert operator.types("token", "rotate", "rotates", "pbx-01", "--again").code == 0
    assert valid(operator, "rotates") == [("pbx-01", 0), ("pbx-01", 0), ("pbx-01", 1)]


def test_a_token_rotated_without_overlap_ends_at_once(operator: Operator) -> None:
    added(operator, "stolen")
    operator.types("token", "rotate", "stolen", "pbx-01", "--overlap", "0s")
    assert valid(operator, "stolen") == [("pbx-01", 1)]


def test_disabled_tenants_and_sites_have_no_usable_tokens(operator: Operator) -> None:
    added(operator, "disabled")
    operator.types("site", "add", "disabled", "pbx-02")
    assert operator.types("disable", "disabled", "--site", "pbx-02").code == 0
    assert valid(operator, "disabled") == [("pbx-01", 1)]
    operator.types("disable", "disabled")
    assert valid(operator, "disabled") == []
    assert operator.types("disable", "disabled").out == "nothing changed\n"
    operator.types("enable", "disabled")
    assert valid(operator, "disabled") == [("pbx-01", 1)]


def settings(operator: Operator, tenant: str) -> list[Any]:
    return operator.rows(
        "SELECT queue, display_name, answer_limit_s, short_abandon_s, service_level_variant,"
        f" service_level_target FROM callcentre.v_queue_settings WHERE tenant_id = '{tenant}'"
        " ORDER BY queue"
    )


def test_a_queue_has_what_it_was_given_and_else_the_tenants(operator: Operator) -> None:
    added(operator, "queues", "--answer-limit", "30s", "--sl-target", "90%")
    operator.client.command(
        "INSERT INTO callcentre.queue_windows (tenant_id, queue, window_start, version)"
        " VALUES ('queues', 'sales', now(), 1), ('unregistered', 'sales', now(), 1)"
    )
    words = ("queue", "set", "queues", "suporte", "--name", "Suporte técnico", "--answer-limit")
    answer = operator.types(*words, "45s")
    assert "no queue 'suporte' was seen yet; seen were: sales" in answer.out
    assert settings(operator, "queues") == [
        ("sales", "sales", 30, 5, "excluding_short", 0.9),
        ("suporte", "Suporte técnico", 45, 5, "excluding_short", 0.9),
    ]
    assert operator.types(*words, "45s").out.startswith("nothing changed")
    operator.types(*words, "default")
    assert settings(operator, "queues")[1] == (
        "suporte", "Suporte técnico", 30, 5, "excluding_short", 0.9,
    )  # fmt: skip
    operator.types("queue", "set", "queues", "suporte", "--name", "default")
    assert [row[0] for row in settings(operator, "queues")] == ["sales"]
    assert settings(operator, "unregistered") == [("sales", "sales", 20, 5, "excluding_short", 0.8)]


def test_agents_have_their_person_and_team_and_else_their_name(operator: Operator) -> None:
    added(operator, "agents")
    operator.client.command(
        "INSERT INTO callcentre.agent_states (tenant_id, site, channel, agent_key, agent_name,"
        " state, pause_reason, started_at, state_since, version) VALUES"
        " ('agents', 'pbx-01', 'voice', 'sip/1', 'Ana', 'paused', 'lunch', now(), now() - 100, 1),"
        " ('agents', 'pbx-01', 'voice', 'sip/2', 'Bia', 'paused', '', now(), now() - 100, 1)"
    )
    words = ("agent", "set", "agents", "pbx-01", "sip/1", "--person", "Ana Lima", "--team", "Azul")
    assert operator.types(*words).code == 0
    assert operator.types(*words).out == "nothing changed\n"
    people = "SELECT agent_key, person, team FROM callcentre.v_agents_registry ORDER BY agent_key"
    assert operator.rows(people) == [("sip/1", "Ana Lima", "Azul"), ("sip/2", "Bia", "")]
    pauses = "SELECT limit_s, is_over_limit FROM callcentre.v_pauses_now ORDER BY agent_key"
    operator.types("pause-limit", "set", "agents", "lunch", "1m")
    assert operator.rows(pauses) == [(60, True), (None, False)]
    operator.types("pause-limit", "set", "agents", "*", "15m")
    assert operator.rows(pauses) == [(60, True), (900, False)]
    assert operator.types("pause-limit", "set", "agents", "*", "15m").out == "nothing changed\n"
    operator.types("pause-limit", "set", "agents", "lunch", "none")
    assert operator.rows(pauses) == [(900, False), (900, False)]


def test_hours_are_set_as_a_whole_and_taken_back(operator: Operator) -> None:
    added(operator, "hours")
    week = ("hours", "set", "hours", "mon-fri=08:00-12:00,13:00-18:00", "sat=22:00-02:00")
    assert operator.types(*week).code == 0
    assert operator.types(*week).out == "nothing changed\n"
    stored = "SELECT weekday, opens_minute, closes_minute FROM callcentre.v_business_hours"
    rows = operator.rows(stored)
    assert (len(rows), rows[0], rows[-1]) == (12, (1, 480, 720), (7, 0, 120))
    shown = operator.types("show", "hours", "--json").json["hours"]
    assert shown == [
        {"queue": "", "week": "mon-fri=08:00-12:00,13:00-18:00 sat=22:00-24:00 sun=00:00-02:00"}
    ]
    operator.types("hours", "set", "hours", "none")
    assert operator.rows(stored) == []


def test_limits_of_a_bottleneck_are_the_queues_or_the_tenants(operator: Operator) -> None:
    added(operator, "limits", "--waiting-limit", "7", "--wait-limit", "90s")
    operator.types("queue", "set", "limits", "vip", "--waiting-limit", "2")
    operator.types("queue", "set", "limits", "sales", "--name", "Vendas")
    rows = operator.rows(
        "SELECT queue, waiting_limit, longest_wait_limit_s FROM callcentre.v_queue_settings"
        " WHERE tenant_id = 'limits' ORDER BY queue"
    )
    assert rows == [("sales", 7, 90), ("vip", 2, 90)]
    assert "queue vip: at most 2 waiting" in operator.types("show", "limits").out


def test_contacts_are_replaced_as_a_whole(operator: Operator) -> None:
    added(operator, "contacts")
    words = ("contact", "set", "contacts", "--email", "b@example.com", "a@example.com")
    assert "run `python -m tenants sync`" in operator.types(*words).out
    assert operator.types(*words).out == "nothing changed\n"
    shown = operator.types("show", "contacts", "--json").json["contacts"]
    assert shown == {"email": ["a@example.com", "b@example.com"]}
    webhook = ("contact", "set", "contacts", "--webhook", "https://hooks.example.com/x?key=1")
    assert operator.types(*webhook).out.splitlines()[0] == (
        "alerts of contacts by email: nobody any more"
    )
    operator.types("contact", "set", "contacts")
    assert operator.types("show", "contacts", "--json").json["contacts"] == {}


def test_list_and_show_tell_people_and_programs(operator: Operator) -> None:
    added(operator, "listed", "--name", "Listed Ltda")
    operator.types("queue", "set", "listed", "vip", "--sl-target", "95%")
    assert "listed" in operator.types("list").out
    (mine,) = [each for each in operator.types("list", "--json").json
               if each["tenant_id"] == "listed"]  # fmt: skip
    assert mine["sites"] == ["pbx-01"]
    lines = operator.types("show", "listed").out.splitlines()
    assert lines[0] == "listed: Listed Ltda"
    assert lines[2] == (
        "  answered within 20 s, short below 5 s, 80% excluding_short; at most 10 waiting or 2m"
    )
    assert lines[-1] == "queue vip: 95%"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["add", "a/b", *ADDED], 2, "tenant 'a/b': a name has 1 to 64 letters"),
        (["add", "new", "--language", "pt-BR"], 2, "--time-zone must be given"),
        (["add", "new", "--time-zone", "America/Sao_Paolo"], 2, "mean America/Sao_Paulo"),
        (["add", "new", *ADDED[:2], "--language", "fr"], 2, "use one of pt-BR, en-US"),
        (["add", "new", *ADDED, "--sl-target", "80"], 2, "such as 80%"),
        (["add", "new", *ADDED, "--ingest-url", "http://x.example"], 2, "must be https"),
        (["show", "nobody"], 1, "there is no tenant 'nobody'; there are: "),
        (["token", "rotate", "nobody", "pbx-01"], 1, "there is no tenant 'nobody'"),
        (["site", "add", "nobody", "pbx-01"], 1, "there is no tenant 'nobody'"),
        (["queue", "set", "nobody", "q", "--name", "x"], 1, "there is no tenant 'nobody'"),
        (["queue", "set", "nobody", "q"], 2, "nothing to set"),
        (["add", "new", *ADDED, "--waiting-limit", "0"], 2, "write a number from 1 to 10000"),
        (["contact", "set", "nobody", "--email", "ana"], 2, "write it as name@example.com"),
        (["contact", "set", "nobody", "--webhook", "http://x.example"], 2, "must be https"),
        (["contact", "set", "nobody"], 1, "there is no tenant 'nobody'"),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence(
    operator: Operator, words: list[str], code: int, told: str
) -> None:
    answer = operator.types(*words)
    assert answer.code == code
    assert told in answer.err
    assert answer.out == ""


def test_a_token_without_an_address_is_refused_before_anything_is_written(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["add", "placeless", *ADDED], {"CLICKHOUSE_URL": operator.server.url}) == 2
    assert "Give --ingest-url" in capsys.readouterr().err
    assert "placeless" not in operator.types("list").out


def test_an_unknown_site_is_told_with_those_there_are(operator: Operator) -> None:
    added(operator, "sites")
    answer = operator.types("token", "rotate", "sites", "pbx-09")
    assert (answer.code, answer.err) == (1, "sites has no site 'pbx-09'; it has: pbx-01\n")


def test_sync_lets_readers_in_and_run_again_changes_nothing(operator: Operator) -> None:
    password = added(operator, "reads")["secrets"]["reader_password"]
    url = operator.server.url_of("reader_reads", password)
    statement = "SELECT tenant_id FROM callcentre.v_tenants"
    assert ask(url, statement)[0] == 401
    assert "made reader reader_reads" in operator.types("sync").out
    assert ask(url, statement) == (200, "reads\n")
    assert operator.types("sync").out == "nothing changed\n"
    new = operator.types("reader", "rotate", "reads", "--json").json["secrets"]["reader_password"]
    assert operator.types("sync").out == "changed reader reader_reads\n"
    assert ask(url, statement)[0] == 401
    url = operator.server.url_of("reader_reads", new)
    assert ask(url, statement) == (200, "reads\n")
    operator.types("disable", "reads")
    assert operator.types("sync").out == "removed reader reader_reads\n"
    assert ask(url, statement)[0] == 401


def test_sync_leaves_readers_that_are_not_the_registrys(operator: Operator) -> None:
    content = json.loads(operator.readers.read_text())
    content["readers"]["wallboard"] = {"password": "made-up", "tenant": "reads"}
    operator.readers.write_text(json.dumps(content))
    added(operator, "beside")
    operator.types("sync")
    readers = json.loads(operator.readers.read_text())["readers"]
    assert {"wallboard", "reader_beside"} <= set(readers)
    assert operator.readers.stat().st_mode & 0o777 == 0o600


def leave_only(operator: Operator, *tenants: str) -> None:
    """Verifying takes some hundred statements a tenant."""
    for tenant in operator.types("list", "--json").json:
        if tenant["tenant_id"] not in tenants and tenant["is_enabled"]:
            operator.types("disable", tenant["tenant_id"])


def test_verify_finds_tenants_apart_and_leaves_no_user_behind(operator: Operator) -> None:
    added(operator, "apart")
    leave_only(operator, "apart")
    with serving(GrafanaStandIn()) as url:
        grafana = {"GRAFANA_URL": url, "GRAFANA_ADMIN_PASSWORD": GRAFANA_PASSWORD}
        assert operator.types("sync", **grafana).code == 0
        before = operator.readers.read_text()
        answer = operator.types("verify", **grafana)
    assert answer.code == 0, answer.err
    assert answer.out.startswith("1 tenants are apart, in Grafana too: ")
    assert operator.readers.read_text() == before


def test_verify_fails_loudly_when_a_reader_is_another_tenants(
    operator: Operator, tmp_path: Path
) -> None:
    added(operator, "mixed")
    password = added(operator, "up")["secrets"]["reader_password"]
    operator.types("sync")
    content = json.loads(operator.readers.read_text())
    content["readers"]["reader_up"]["tenant"] = "mixed"
    operator.readers.write_text(json.dumps(content))
    leave_only(operator, "up")
    passwords = tmp_path / "passwords.json"
    passwords.write_text(json.dumps({"up": password}))
    answer = operator.types("verify", "--passwords", str(passwords))
    assert answer.code == 1
    assert answer.err.startswith("TENANTS ARE NOT APART:\n")
    assert "SELECT countIf(tenant_id != 'up') FROM callcentre.tenants: an answer" in answer.err
    assert "mixed" not in answer.err


def test_sync_of_a_server_without_users_names_the_setting(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sync"], {"CLICKHOUSE_URL": operator.server.url}) == 1
    assert "set CLICKHOUSE_READERS_FILE" in capsys.readouterr().err


def test_a_chat_account_gets_an_address_that_is_shown_once(operator: Operator) -> None:
    added(operator, "chats")
    told = operator.types("channel", "add-helena", "chats", "--json").json
    address = told["secrets"]["webhook_url"]
    assert address.startswith("https://ingest.example.com/v1/webhooks/helena/")
    assert any("Ajustes > Integrações > Webhooks" in note for note in told["notes"])
    secret = address.rpartition("/")[2]
    usable = "SELECT site, connector, sha256 FROM callcentre.usable_webhooks"
    assert operator.rows(f"{usable} WHERE tenant_id = 'chats'") == [
        ("whatsapp-01", "helena", token_digest(secret))
    ]
    again = operator.types("channel", "add-helena", "chats", "--json").json
    assert (again["changed"], again.get("secrets")) == (False, None)
    assert secret not in str(operator.rows("SELECT * FROM callcentre.webhook_secrets"))
    shown = operator.types("show", "chats").out
    assert "chat account whatsapp-01: helena, asked at https://api.wts.chat" in shown


def test_an_address_is_renewed_with_overlap_and_ends_with_its_account(operator: Operator) -> None:
    added(operator, "renews")
    operator.types("channel", "add-chatwoot", "renews", "--account", "site-chat")
    rotated = operator.types("channel", "rotate", "renews", "site-chat")
    assert rotated.code == 0
    usable = "SELECT count(), countIf(valid_until IS NULL) FROM callcentre.usable_webhooks"
    usable += " WHERE tenant_id = 'renews'"
    assert operator.rows(usable) == [(2, 1)]
    operator.types("channel", "rotate", "renews", "site-chat", "--overlap", "0s")
    assert operator.rows(usable) == [(1, 1)]
    operator.types("disable", "renews", "--site", "site-chat")
    assert operator.rows(usable) == [(0, 0)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["add-helena", "refused", "--account", "pbx-01"], "telephone exchange"),
        (["add-helena", "refused", "--base-url", "http://api.wts.chat"], "must be https"),
        (
            ["add-helena", "refused", "--base-url", "https://api.wts.chat/chat"],
            "leave the path out",
        ),
        (["add-helena", "nobody"], "there is no tenant"),
        (["rotate", "refused", "whatsapp-09"], "it has: none"),
    ],
)
def test_a_channel_that_cannot_be_is_told_why(
    operator: Operator, words: list[str], told: str
) -> None:
    operator.types("add", "refused", *ADDED)
    answer = operator.types("channel", *words)
    assert answer.code in (1, 2)
    assert told in answer.err
