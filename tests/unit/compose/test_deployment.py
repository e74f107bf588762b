"""The Compose file and deploy/ against the code: settings, commands, ports, users, grants."""

import re
from pathlib import Path

import pytest
import yaml

from ingest_api import config as ingest_config
from ingest_api.__main__ import main as ingest_main
from ingest_api.polling import command as polling
from local.process import ROOT
from streams import config as streams_config
from streams.__main__ import main as streams_main
from streams.storage.schema_files import read_schema
from tenants import config as tenants_config
from tenants.arguments import parser as tenants_parser
from tenants.reader_access import OPERATORS_ONLY
from tests.support.compose import (
    DEPLOY,
    SERVICES,
    WORKERS,
    clickhouse_xml,
    environment,
    kafka_properties,
    made_up_values,
    mounts,
    stage,
)

VALUES = made_up_values()
CADDYFILE = (DEPLOY / "caddy" / "Caddyfile").read_text()
SCRAPED = {
    job["job_name"]: job
    for job in yaml.safe_load((ROOT / "prometheus" / "prometheus.yml").read_text())[
        "scrape_configs"
    ]
}


class Asked(dict[str, str]):
    """An environment that remembers what was asked for."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
        self.names.add(key)
        return super().get(key, default)


# --- Settings ------------------------------------------------------------------------------------


def test_ingest_is_told_what_it_asks_for_and_nothing_else(tmp_path: Path) -> None:
    told = Asked(environment("ingest", VALUES))
    kept = Path(told["INGEST_TOKENS_COPY"])
    assert str(kept.parent) in {mount.target for mount in mounts() if mount.service == "ingest"}
    told["INGEST_TOKENS_COPY"] = str(tmp_path / kept.name)
    config = ingest_config.config_from(told)
    assert isinstance(config.tokens, ingest_config.RegistryPlace)
    assert set(told) <= told.names
    assert config.chat_keys_file == Path("/run/secrets/chat_keys")
    assert "chat_keys" in SERVICES["ingest"]["secrets"]


@pytest.mark.parametrize("name", WORKERS)
def test_workers_are_told_what_they_ask_for_and_nothing_else(name: str) -> None:
    told = Asked(environment(name, VALUES))
    config = streams_config.config_from(told)
    assert set(told) <= told.names
    assert config.metrics_host == "0.0.0.0"


def test_who_asks_the_platforms_is_told_what_it_asks_for_and_nothing_else() -> None:
    told = Asked(environment("poll", VALUES))
    config = polling.config_from(told)
    assert set(told) <= told.names
    assert SCRAPED["poll"]["dns_sd_configs"][0]["port"] == config.metrics_port
    assert f"127.0.0.1:{config.metrics_port}/metrics" in str(SERVICES["poll"]["healthcheck"])
    assert str(config.cursors_file.parent) in {
        mount.target for mount in mounts() if mount.service == "poll"
    }
    assert {config.accounts_file, config.chat_keys_file} == {
        Path("/run/secrets") / secret for secret in SERVICES["poll"]["secrets"]
    }


def test_topics_are_made_with_the_partitions_that_workers_expect() -> None:
    told = Asked(environment("topics", VALUES))
    made = streams_config.topics_config_from(told)
    assert set(told) <= told.names
    assert made == streams_config.topics_config_from(environment("streams", VALUES))


def test_the_registry_is_told_what_it_asks_for_and_nothing_else() -> None:
    told = Asked(environment("sync", VALUES))
    config = tenants_config.config_from(told)
    assert set(told) <= told.names
    assert config.grafana is not None
    assert config.grafana.clickhouse_url == "http://clickhouse:8123"
    assert config.ingest_url == "https://ingest.example.com"
    assert environment("migrate", VALUES) == {"CLICKHOUSE_URL": config.clickhouse_url}


def test_by_hand_every_command_has_its_settings() -> None:
    told = environment("tools", VALUES)
    tenants_config.config_from(told)
    streams_config.config_from(told)


# --- Commands ------------------------------------------------------------------------------------


def test_commands_are_those_of_the_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert stage("tools")["ENTRYPOINT"] == ["python", "-m"]
    assert SERVICES["sync"]["command"] == ["tenants", "sync"]
    tenants_parser().parse_args(["sync"])
    words = [SERVICES[name]["command"] for name in ("topics", "migrate")]
    workers = [stage("streams")["CMD"], SERVICES["chats"]["command"]]
    assert all(words[:2] == ["python", "-m"] for words in workers)
    for module, *rest in [*words, *(words[2:] for words in workers)]:
        assert module == "streams"
        with pytest.raises(SystemExit, match="0"):
            streams_main([*rest, "--help"], {})
    module, *rest = stage("ingest")["CMD"][2:]
    assert module == "ingest_api"
    with pytest.raises(SystemExit, match="0"):
        ingest_main([*rest, "--help"])
    assert capsys.readouterr().err == ""


# --- Ports ---------------------------------------------------------------------------------------


def test_ports_are_the_same_wherever_they_are_named() -> None:
    ingest = stage("ingest")["CMD"][-1]
    assert f"127.0.0.1:{ingest}/healthz" in " ".join(stage("ingest")["HEALTHCHECK"])
    assert f"name ingest\n\t\t\t\tport {ingest}\n" in CADDYFILE
    assert SCRAPED["ingest"]["dns_sd_configs"][0]["port"] == int(ingest)
    for name in WORKERS:
        port = environment(name, VALUES)["STREAMS_METRICS_PORT"]
        assert f"127.0.0.1:{port}/metrics" in " ".join(stage("streams")["HEALTHCHECK"])
        assert SCRAPED[name]["dns_sd_configs"][0]["port"] == int(port)
    server = clickhouse_xml("config.xml").findtext("prometheus/port")
    assert SCRAPED["clickhouse"]["static_configs"][0]["targets"] == [f"clickhouse:{server}"]


def test_who_is_scraped_and_told_is_a_service() -> None:
    for name, job in SCRAPED.items():
        found = [each["names"] for each in job.get("dns_sd_configs", ())]
        for targets in (*found, *(each["targets"] for each in job.get("static_configs", ()))):
            assert {target.partition(":")[0] for target in targets} <= {name, "localhost"}
        assert name in SERVICES
    upstreams = set(re.findall(r"reverse_proxy (\w+):\d+", CADDYFILE))
    assert upstreams == {"grafana", "clickhouse"}


def test_the_proxy_is_given_every_name_it_uses() -> None:
    assert set(re.findall(r"\{\$(\w+)\}", CADDYFILE)) == set(environment("proxy", VALUES))


# --- Kafka ---------------------------------------------------------------------------------------


def test_the_broker_is_where_its_clients_look_and_makes_no_topic_by_itself() -> None:
    properties = kafka_properties()
    for name in ("ingest", *WORKERS, "topics", "tools"):
        address = environment(name, VALUES)["KAFKA_BOOTSTRAP"]
        assert properties["advertised.listeners"] == f"PLAINTEXT://{address}"
    assert properties["auto.create.topics.enable"] == "false"
    assert properties["log.dirs"] in {m.target for m in mounts() if m.service == "kafka"}


# --- ClickHouse ----------------------------------------------------------------------------------

USERS = clickhouse_xml("users.xml").find("users")


def users() -> set[str]:
    """Users of ours; the server's own is taken away."""
    assert USERS is not None
    found = {user.tag for user in USERS if "remove" not in user.attrib}
    assert {user.tag for user in USERS} - found == {"default"}
    return found


def user_of(service: str) -> tuple[str, str]:
    """Name and password by which a service logs in at ClickHouse."""
    address = environment(service, VALUES)["CLICKHOUSE_URL"]
    found = re.fullmatch(r"http://(\w+):(\w+)@clickhouse:8123", address)
    assert found is not None
    return found.group(1), found.group(2)


def test_programs_log_in_as_users_that_are_there_with_the_passwords_they_were_given() -> None:
    given = environment("clickhouse", VALUES)
    assert USERS is not None
    for service in ("ingest", *WORKERS, "migrate", "sync", "tools"):
        name, password = user_of(service)
        entry = USERS.find(f"{name}/password")
        assert entry is not None
        assert given[entry.attrib["from_env"]] == password
    entries = {user: USERS.find(f"{user}/password") for user in users()}
    passwords = {entry.attrib["from_env"] for entry in entries.values() if entry is not None}
    assert len(passwords) == len(users())
    assert passwords == {name for name in given if name.endswith("_PASSWORD")}


def test_sync_lets_our_own_users_see_every_row() -> None:
    named = tenants_config.config_from(environment("sync", VALUES)).operators
    assert {*named, user_of("sync")[0]} == users()


def granted(user: str, verb: str) -> set[str]:
    """Tables and views of ours that a user is granted, or that are taken from it."""
    assert USERS is not None
    queries = [query.text or "" for query in USERS.findall(f"{user}/grants/query")]
    found = (re.fullmatch(rf"{verb} SELECT ON callcentre\.(\S+)", query) for query in queries)
    return {match.group(1) for match in found if match}


def test_ingest_may_read_what_tells_it_the_tokens_and_nothing_else() -> None:
    asked = {
        name
        for path in (ROOT / "ingest_api").rglob("*.py")
        for name in re.findall(r"FROM callcentre\.(\w+)", path.read_text())
    }
    views = {
        name: statement
        for file in read_schema().views
        for statement in file.statements
        for name in re.findall(r"VIEW callcentre\.(\w+)", statement)
    }
    behind = {table for name in asked for table in re.findall(r"callcentre\.(\w+)", views[name])}
    assert len(asked) > 1
    assert granted("ingest", "GRANT") == asked | behind


def test_the_operators_boards_are_closed_to_what_readers_are_closed_to() -> None:
    assert granted("boards", "GRANT") == {"*"}
    assert granted("boards", "REVOKE") == OPERATORS_ONLY


def test_no_board_asks_for_what_is_closed_to_it() -> None:
    views = {
        name: set(re.findall(r"(?:FROM|JOIN) callcentre\.(\w+)", statement))
        for file in read_schema().views
        for statement in file.statements
        for name in re.findall(r"VIEW callcentre\.(\w+)", statement)
    }
    reached: set[str] = set()
    found = {
        name
        for path in (ROOT / "grafana" / "provisioning").rglob("*.json")
        for name in re.findall(r"callcentre\.(\w+)", path.read_text())
    }
    assert len(found) > 20
    while found:
        reached |= found
        found = {name for view in found for name in views.get(view, set())} - reached
    assert not reached & OPERATORS_ONLY


def test_no_digest_of_a_secret_is_open_to_readers() -> None:
    tables = {
        name
        for file in read_schema().migrations
        for statement in file.statements
        for name in re.findall(r"CREATE TABLE IF NOT EXISTS callcentre\.(\w+)", statement)
        if re.search(r"^\s*\w*sha256 ", statement, re.MULTILINE)
    }
    assert "reader_credentials" in tables
    assert tables <= OPERATORS_ONLY


def test_grafana_logs_in_as_a_user_who_only_reads() -> None:
    provisioning = ROOT / "grafana" / "provisioning" / "datasources"
    (source,) = (
        source
        for path in provisioning.glob("*.y*ml")
        for source in yaml.safe_load(path.read_text())["datasources"]
        if source["type"] == "grafana-clickhouse-datasource"
    )
    user = source["jsonData"]["username"]
    assert (source["jsonData"]["host"], source["jsonData"]["port"]) == ("clickhouse", 8123)
    assert USERS is not None
    assert USERS.findtext(f"{user}/profile") == "call_centre_boards"
    assert clickhouse_xml("users.xml").findtext("profiles/call_centre_boards/readonly") == "1"
    variable = source["secureJsonData"]["password"].lstrip("$").strip("{}")
    assert variable in environment("grafana", VALUES)


def test_what_row_policies_need_is_set() -> None:
    """As docs/adr/0050 asks of a server."""
    improvements = clickhouse_xml("config.xml").find("access_control_improvements")
    assert improvements is not None
    assert {entry.tag: entry.text for entry in improvements} == {
        "users_without_row_policies_can_read_rows": "false",
        "select_from_system_db_requires_grant": "true",
        "select_from_information_schema_requires_grant": "true",
        "settings_constraints_replace_previous": "true",
    }
