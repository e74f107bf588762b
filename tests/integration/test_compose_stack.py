"""The whole stack in its containers: a tenant, a batch through the door, and the row at its reader.

Needs Docker with its Compose plugin, a way to the registries of images and to Grafana's plugins,
and some minutes: images are built and fetched first.
"""

import base64
import json
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from testcontainers.compose import DockerCompose

from grafana.data_source import DATA_SOURCE_UID, PLUGIN, PLUGIN_VERSION
from local.process import ROOT, free_port
from tests.support.compose import environment, made_up_values
from tests.support.ingest_bodies import batch, event
from tests.support.programs import compose
from tests.support.proxy import RunningProxy
from tests.support.real_servers import has_docker

pytestmark = [pytest.mark.real, pytest.mark.timeout(1_800)]

VALUES = made_up_values()
INGEST, BOARDS, DATA = (VALUES[f"{name}_HOST"] for name in ("INGEST", "BOARDS", "DATA"))
TENANT = "acme"
_SEEN_WITHIN_S = 60.0

_OVERRIDE = """\
services:
  proxy:
    ports: !override ["127.0.0.1:{port}:443"]
secrets:
  chat_keys: {{file: {folder}/chat_keys.json}}
  chat_webhook_url: {{file: {folder}/chat_webhook_url}}
  pager_routing_key: {{file: {folder}/pager_routing_key}}
"""


class Stack(NamedTuple):
    """The running stack, and what `tenants add` told of the tenant."""

    compose: DockerCompose
    door: RunningProxy
    token: str
    reader_password: str


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Up, with one tenant; afterwards down, volumes included."""
    if not has_docker():
        pytest.skip("the stack was not started: no Docker")
    assert compose() == ["docker", "compose"], "Docker's Compose plugin is missing"
    folder = tmp_path_factory.mktemp("stack")
    for name, text in (
        ("chat_keys.json", "{}"),
        ("chat_webhook_url", "x"),
        ("pager_routing_key", "x"),
    ):
        (folder / name).write_text(text)
    port = free_port()
    override = folder / "override.yml"
    override.write_text(_OVERRIDE.format(port=port, folder=folder))
    settings = VALUES | {"COMPOSE_PROJECT_NAME": f"call-centre-{uuid.uuid4().hex[:8]}"}
    env_file = folder / "env"
    env_file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    running = DockerCompose(
        ROOT,
        compose_file_name=["docker-compose.yml", str(override)],
        env_file=str(env_file),
        build=True,
    )
    with running:
        authority = folder / "root.crt"
        _command(running, "cp", "proxy:/data/caddy/pki/authorities/local/root.crt", str(authority))
        told = json.loads(_tenants(running, "add", TENANT, "--json"))
        _command(running, "run", "--rm", "sync")
        yield Stack(
            running,
            RunningProxy(port, authority),
            told["secrets"]["token"],
            told["secrets"]["reader_password"],
        )


def test_a_batch_posted_through_the_door_is_a_row_at_the_tenants_reader(stack: Stack) -> None:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = json.dumps(batch(event(at=now), sent_at=now)).encode()
    bearer = {"Authorization": f"Bearer {stack.token}", "Content-Type": "application/json"}

    def accepted() -> bool:
        return stack.door.ask(INGEST, "/v1/events", body, bearer).status == 202

    _wait_for(accepted)  # ingest looks at the registry every five seconds
    reader = _basic(f"reader_{TENANT}", stack.reader_password)
    question = b"SELECT queue, status FROM callcentre.v_queue_calls FORMAT TSV"
    _wait_for(lambda: stack.door.ask(DATA, "/", question, reader).text == "support\twaiting\n")


def test_grafana_shows_a_viewer_of_the_tenant_the_same_row(stack: Stack) -> None:
    admin = _basic("admin", VALUES["GRAFANA_ADMIN_PASSWORD"])
    ((organisation, _name),) = (
        (row["id"], row["name"])
        for row in _json(stack, "/api/orgs", None, admin)
        if TENANT in row["name"]
    )
    viewer = {"login": "ana", "password": uuid.uuid4().hex, "OrgId": organisation}
    _json(stack, "/api/admin/users", viewer, admin)
    source = {"type": PLUGIN, "uid": DATA_SOURCE_UID}
    query = {
        "from": "now-1h",
        "to": "now",
        "queries": [
            {
                "refId": "A",
                "datasource": source,
                "editorType": "sql",
                "rawSql": "SELECT toFloat64(count()) AS calls FROM callcentre.v_queue_calls",
                "format": 1,
                "queryType": "table",
                "pluginVersion": PLUGIN_VERSION,
            }
        ],
    }
    found = _json(stack, "/api/ds/query", query, _basic("ana", str(viewer["password"])))
    assert found["results"]["A"]["frames"][0]["data"]["values"] == [[1.0]]


def test_tenants_are_apart_on_this_server(stack: Stack) -> None:
    assert json.loads(_tenants(stack.compose, "verify", "--json"))["isolated"]


def test_prometheus_reaches_everybody_and_no_rule_fails(stack: Stack) -> None:
    def up() -> dict[str, str]:
        return {row["metric"]["job"]: row["value"][1] for row in _query(stack, "up")}

    wanted = {"alertmanager", "chats", "clickhouse", "grafana", "ingest", "prometheus", "streams"}
    _wait_for(lambda: up() == dict.fromkeys(wanted, "1"))


def test_two_workers_share_the_partitions(stack: Stack) -> None:
    _command(stack.compose, "up", "--detach", "--scale", "streams=2", "streams")
    partitions = int(environment("streams", VALUES)["STREAMS_PARTITIONS"])

    def owned() -> list[int]:
        found = _query(stack, 'streams_partitions_owned{job="streams"}')
        return [int(row["value"][1]) for row in found]

    _wait_for(lambda: sorted(owned()) == [partitions // 2] * 2)


def _command(running: DockerCompose, *words: str) -> str:
    done = running._run_command(cmd=[*running.compose_command_property, *words])
    return done.stdout.decode()


def _query(stack: Stack, expression: str) -> list[dict[str, Any]]:
    """What Prometheus answers now."""
    asking = ("promtool", "query", "instant", "--format=json", "http://localhost:9090")
    answer = _command(stack.compose, "exec", "-T", "prometheus", *asking, expression)
    found: list[dict[str, Any]] = json.loads(answer)
    return found


def _tenants(running: DockerCompose, *words: str) -> str:
    return _command(running, "run", "--rm", "-T", "tools", "tenants", *words)


def _json(stack: Stack, path: str, body: dict[str, Any] | None, login: dict[str, str]) -> Any:
    data = None if body is None else json.dumps(body).encode()
    answer = stack.door.ask(BOARDS, path, data, login | {"Content-Type": "application/json"})
    assert answer.status == 200, answer.text
    return json.loads(answer.text)


def _basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


def _wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SEEN_WITHIN_S
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.5)
