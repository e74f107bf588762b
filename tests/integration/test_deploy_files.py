"""Each file of prometheus/ and deploy/ is given to the program that it is for."""

import json
import os
import re
import sys
from pathlib import Path

import pytest
from prometheus_client import start_http_server

from ingest_api.auth import SiteIdentity
from local.process import free_port
from tests.support.alert_rules import PROMETHEUS, TEST_FILES, read_yaml
from tests.support.apache_kafka import ApacheKafka, KafkaMissingError, fetch_jars
from tests.support.compose import (
    DEPLOY,
    SERVICES,
    clickhouse_xml,
    environment,
    kafka_properties,
    made_up_values,
    stage,
)
from tests.support.ingest_process import running_ingest
from tests.support.programs import compose, program, run

pytestmark = pytest.mark.integration

ALERTMANAGER = str(PROMETHEUS / "alertmanager.yml")


# --- Prometheus and Alertmanager -----------------------------------------------------------------


def test_prometheus_loads_its_configuration_and_rules() -> None:
    done = run([program("promtool"), "check", "config", str(PROMETHEUS / "prometheus.yml")])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: path.stem)
def test_rules_fire_when_they_must_and_only_then(path: Path) -> None:
    done = run([program("promtool"), "test", "rules", str(path)])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("since", "told"), [("500x80", []), ("507x80", ["About 7 events"])])
def test_what_was_lost_before_prometheus_was_away_is_not_told_again(
    tmp_path: Path, since: str, told: list[str]
) -> None:
    (group,) = read_yaml(PROMETHEUS / "rules" / "collectors.yml")["groups"]
    # Without the rule that records: promtool would go on with it while Prometheus is away.
    alert = next(rule for rule in group["rules"] if rule.get("alert") == "EventsDropped")
    brief = {**alert, "annotations": {"events": 'About {{ printf "%.0f" $value }} events'}}
    rules = {"groups": [{"name": "collectors", "rules": [brief]}]}
    (tmp_path / "rules.yml").write_text(json.dumps(rules))
    of = {"tenant": "acme", "site": "pbx-01", "reason": "spool_full"}
    labels = ", ".join(f'{name}="{value}"' for name, value in of.items())
    seen = {
        "series": f"site:collector_events_dropped:max{{{labels}}}",
        "values": f"500x120 _x80 {since}",
    }
    wanted = [
        {"exp_labels": {**of, **alert["labels"]}, "exp_annotations": {"events": text}}
        for text in told
    ]
    test = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "15s",
        "tests": [
            {
                "interval": "15s",
                "input_series": [seen],
                "alert_rule_test": [
                    {"eval_time": "52m", "alertname": "EventsDropped", "exp_alerts": wanted}
                ],
            }
        ],
    }
    (tmp_path / "test.yml").write_text(json.dumps(test))
    done = run([program("promtool"), "test", "rules", str(tmp_path / "test.yml")])
    assert done.returncode == 0, done.stdout + done.stderr


def test_alertmanager_loads_its_configuration() -> None:
    done = run([program("amtool"), "check-config", ALERTMANAGER])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("severity", "receivers"), [("critical", "pager,chat"), ("warning", "chat")]
)
def test_who_is_told(severity: str, receivers: str) -> None:
    done = run(
        [
            *(program("amtool"), "config", "routes", "test", f"--config.file={ALERTMANAGER}"),
            *(f"--verify.receivers={receivers}", f"severity={severity}", "alertname=IngestDown"),
        ]
    )
    assert done.returncode == 0, done.stdout + done.stderr


# --- Compose -------------------------------------------------------------------------------------


def test_compose_accepts_its_file() -> None:
    surroundings = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = run([*compose(), "config", "--quiet"], surroundings | made_up_values())
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_compose_names_the_variable_that_is_missing() -> None:
    name = "CLICKHOUSE_STREAMS_PASSWORD"
    values = {other: value for other, value in made_up_values().items() if other != name}
    surroundings = {each: os.environ[each] for each in ("PATH", "HOME") if each in os.environ}
    done = run([*compose(), "config", "--quiet"], surroundings | values)
    assert done.returncode != 0
    assert f"{name} is not set" in done.stderr


# --- Kafka ---------------------------------------------------------------------------------------


def test_kafka_knows_every_setting(tmp_path: Path) -> None:
    try:
        jars = fetch_jars()
    except KafkaMissingError as error:
        pytest.skip(f"no Kafka to ask: {error}")
    listed = run([program("java"), "-cp", f"{jars}/*", "kafka.server.KafkaConfig"])
    known = set(re.findall(r'id="brokerconfigs_([^"]+)"', listed.stdout))
    assert {"process.roles", "log.dirs"} <= known
    # Where listeners are, and of which kind, is not in the broker's own table.
    of_every_listener = {"advertised.listeners", "listeners"}
    assert set(kafka_properties()) - known - of_every_listener == set()
    ApacheKafka(tmp_path, (DEPLOY / "kafka" / "server.properties").read_text())


# --- ClickHouse ----------------------------------------------------------------------------------

_ASKED = {
    "settings": "SELECT name FROM system.settings",
    "server settings": "SELECT name FROM system.server_settings",
    "rights": "SELECT user_name, if(is_partial_revoke, 'not ', '') || access_type,"
    " ifNull(database, '*'), ifNull(table, '*') FROM system.grants"
    " WHERE user_name IN ('boards', 'ingest', 'streams')",
}
_ASKING = """
import json, sys
import chdb
engine = chdb.connect(sys.argv[1])
rows = {name: engine.query(each, "TSV") for name, each in json.loads(sys.argv[2]).items()}
print(json.dumps({name: str(found).splitlines() for name, found in rows.items()}))
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What the embedded engine, started with the deployment's users, answers to `_ASKED`."""
    folder = tmp_path_factory.mktemp("engine")
    text = (DEPLOY / "clickhouse" / "users.xml").read_text()
    # It acts as its own user, and knows no settings of access control.
    itself = "<default><password/><access_management>1</access_management></default>"
    text = text.replace('<default remove="remove"/>', itself)
    text = text.replace("<changeable_in_readonly/>", "")
    text = text.replace("</users>\n", "</users>\n<quotas><default/></quotas>\n")
    users, config = folder / "users.xml", folder / "config.xml"
    users.write_text(text)
    config.write_text(f"<clickhouse><users_config>{users}</users_config></clickhouse>")
    place = f"{folder}/store?config-file={config}"
    surroundings = dict(os.environ) | environment("clickhouse", made_up_values())
    done = run([sys.executable, "-c", _ASKING, place, json.dumps(_ASKED)], surroundings)
    assert done.returncode == 0, done.stderr
    return {name: set(rows) for name, rows in json.loads(done.stdout).items()}


def test_clickhouse_knows_every_setting_of_users(engine: dict[str, set[str]]) -> None:
    profiles = clickhouse_xml("users.xml").find("profiles")
    assert profiles is not None
    used = {setting.tag for profile in profiles for setting in profile} - {"constraints"}
    used |= {setting.tag for rules in profiles.iter("constraints") for setting in rules}
    assert used
    assert used - engine["settings"] == set()


def test_clickhouse_knows_every_setting_of_the_server(engine: dict[str, set[str]]) -> None:
    # Sections that are no single values, and what the embedded engine has no use for.
    sections = {"access_control_improvements", "backups", "listen_host", "logger", "prometheus"}
    sections |= {"interserver_http_port", "mysql_port", "postgresql_port", "timezone"}
    names = {entry.tag for entry in clickhouse_xml("config.xml")}
    used = {name for name in names - sections if not name.endswith("_log")}
    assert used
    assert used - engine["server settings"] == set()


def test_clickhouse_makes_the_users_and_their_rights(engine: dict[str, set[str]]) -> None:
    told = {tuple(row.split("\t")) for row in engine["rights"]}
    assert {row for row in told if row[0] == "streams"} == {
        ("streams", "INSERT", "callcentre", "*"),
        ("streams", "SELECT", "callcentre", "*"),
        ("streams", "SELECT", "system", "settings"),
    }
    assert {access for user, access, *_ in told if user == "boards"} == {"SELECT", "not SELECT"}
    assert ("boards", "not SELECT", "callcentre", "site_tokens") in told
    assert {access for user, access, *_ in told if user == "ingest"} == {"SELECT"}
    assert ("ingest", "SELECT", "callcentre", "usable_tokens") in told
    assert ("ingest", "SELECT", "callcentre", "*") not in told


# --- Health checks -------------------------------------------------------------------------------


def test_ingests_health_check_tells_a_process_that_answers_from_none(tmp_path: Path) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    with running_ingest(nobody, tmp_path, [SiteIdentity("acme", "pbx-01")]) as ingest:
        assert health_of("ingest", "8080", ingest.port) == 0
        ingest.child.stop()
        assert health_of("ingest", "8080", ingest.port) != 0


def test_the_workers_health_check_tells_metrics_that_answer_from_none() -> None:
    port = free_port()
    assert health_of("streams", "9100", port) != 0
    server, thread = start_http_server(port, "127.0.0.1")
    try:
        assert health_of("streams", "9100", port) == 0
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def health_of(target: str, port: str, real_port: int) -> int:
    """The exit code of a target's health check, asked at another port."""
    words = stage(target)["HEALTHCHECK"]
    assert f":{port}/" in words[-1]
    assert target in SERVICES
    return run([*words[:-1], words[-1].replace(f":{port}/", f":{real_port}/")]).returncode
