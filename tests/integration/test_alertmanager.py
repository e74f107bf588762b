"""Alertmanager with the deployment's configuration: who is told what, and what is told once."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from local.process import LOOPBACK, Child, free_port
from tests.support.alert_rules import PROMETHEUS, read_rules
from tests.support.compose import SERVICES
from tests.support.programs import program, run

pytestmark = pytest.mark.integration

ALERTS = {rule.name: rule for rule in read_rules() if rule.is_alert}
_TOLD_WITHIN_S = 60.0
_UP_WITHIN_S = 60.0


class Receivers:
    """The chat and the pager, on loopback: what they are sent."""

    def __init__(self) -> None:
        self.told: Queue[tuple[str, dict[str, Any]]] = Queue()
        told = self.told

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                told.put((self.path.strip("/"), body))
                self.send_response(202 if self.path == "/pager" else 200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self.address = f"http://{LOOPBACK}:{self.server.server_port}"

    def next(self) -> tuple[str, dict[str, Any]]:
        return self.told.get(timeout=_TOLD_WITHIN_S)


@pytest.fixture
def receivers() -> Iterator[Receivers]:
    made = Receivers()
    thread = Thread(target=made.server.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def alertmanager(tmp_path: Path, receivers: Receivers) -> Iterator[str]:
    """Its address. Other than deployed: it tells at once, and to `receivers`."""
    (tmp_path / "chat").write_text(f"{receivers.address}/chat")
    (tmp_path / "pager").write_text("made-up-key")
    text = (PROMETHEUS / "alertmanager.yml").read_text()
    for theirs, ours in (
        ("group_wait: 20s", "group_wait: 1s"),
        ("templates/*.tmpl", f"{PROMETHEUS}/templates/*.tmpl"),
        ("/run/secrets/chat_webhook_url", f"{tmp_path}/chat"),
        (
            "routing_key_file: /run/secrets/pager_routing_key",
            f"url: {receivers.address}/pager\n        routing_key_file: {tmp_path}/pager",
        ),
    ):
        assert theirs in text, theirs
        text = text.replace(theirs, ours)
    config = tmp_path / "alertmanager.yml"
    config.write_text(text)
    port = free_port()
    command = [
        program("prometheus-alertmanager"),
        f"--config.file={config}",
        f"--storage.path={tmp_path}/kept",
        f"--web.listen-address={LOOPBACK}:{port}",
        "--cluster.listen-address=",
    ]
    address = f"http://{LOOPBACK}:{port}"
    with Child("alertmanager", command, tmp_path / "alertmanager.log") as child:
        child.wait_until(lambda: _answers(f"{address}/-/ready"), _UP_WITHIN_S)
        yield address


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except URLError:
        return False


def fire(address: str, *names: str, **labels: str) -> None:
    """As Prometheus does, all in one request."""
    alerts = [
        {
            "labels": {"alertname": name, **ALERTS[name].labels, **labels},
            "annotations": {"summary": "s", **ALERTS[name].annotations},
        }
        for name in names
    ]
    headers = {"Content-Type": "application/json"}
    request = Request(f"{address}/api/v2/alerts", json.dumps(alerts).encode(), headers)
    with urlopen(request, timeout=10) as answer:
        assert answer.status == 200


def test_its_health_check_tells_one_that_answers_from_none(alertmanager: str) -> None:
    kind, *command = SERVICES["alertmanager"]["healthcheck"]["test"]
    assert kind == "CMD"
    program(command[0])
    here = [word.replace("http://127.0.0.1:9093", alertmanager) for word in command]
    assert here != command
    assert run(here).returncode == 0
    nobody = [word.replace(":9093", f":{free_port()}") for word in command]
    assert run(nobody).returncode != 0


def test_a_warning_is_told_in_the_chat_with_its_runbook(
    alertmanager: str, receivers: Receivers
) -> None:
    fire(alertmanager, "SiteSilent", tenant="acme", site="pbx-01")
    where, told = receivers.next()
    (message,) = told["attachments"]
    assert where == "chat"
    assert message["title"] == "warning: SiteSilent (acme)"
    assert "docs/runbooks/site-silent.md" in message["text"]


def test_what_is_critical_pages_and_is_told_without_what_follows_from_it(
    alertmanager: str, receivers: Receivers
) -> None:
    fire(alertmanager, "ClickHouseDown", "StreamsLag", "TokenRegistryAway", "WriterFailing")
    told = dict(receivers.next() for _ in range(2))
    assert set(told) == {"chat", "pager"}
    assert told["pager"]["payload"]["summary"] == "critical: ClickHouseDown"
    assert told["pager"]["payload"]["severity"] == "critical"
    assert "docs/runbooks/clickhouse-down.md" in str(told["pager"]["payload"])
    assert told["chat"]["attachments"][0]["title"] == "critical: ClickHouseDown"
    # Whatever else was to be told of these would come before what is fired only now.
    fire(alertmanager, "CollectorClockOff", tenant="acme", site="pbx-01")
    _, last = receivers.next()
    assert last["attachments"][0]["title"] == "warning: CollectorClockOff (acme)"
