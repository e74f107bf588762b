"""The ingest API as it is run, started while the registry of tenants is away."""

import json
import os
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError

import pytest

from ingest_api.auth import token_digest
from local.addresses import answers
from local.process import LOOPBACK, Child, free_port
from tests.support.ingest_bodies import SITE, TENANT, body

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

TOKEN = "a-made-up-token-of-the-registry"
UP_WITHIN_S = 60


class Ingest(NamedTuple):
    url: str
    child: Child

    def post(self, token: str) -> tuple[int, dict[str, str], bytes]:
        request = urllib.request.Request(f"{self.url}/v1/events", body())
        request.add_header("Authorization", f"Bearer {token}")
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def metric(self, name: str) -> float:
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


@pytest.fixture(scope="module")
def ingest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ingest]:
    folder = tmp_path_factory.mktemp("ingest")
    copy = folder / "tokens.json"
    known = {"sha256": token_digest(TOKEN), "tenant": TENANT, "site": SITE, "valid_until_ms": None}
    copy.write_text(json.dumps({"tokens": [known]}))
    os.utime(copy, (copy.stat().st_atime, copy.stat().st_mtime - 7_200))
    port = free_port()
    environment = settings(copy)
    command = [sys.executable, "-m", "ingest_api", "serve", "--port", str(port)]
    with Child("ingest", command, folder / "ingest.log", environment) as child:
        url = f"http://{LOOPBACK}:{port}"
        child.wait_until(lambda: answers(f"{url}/healthz"), UP_WITHIN_S)
        yield Ingest(url, child)


def test_who_was_known_is_let_in_and_nobody_else(ingest: Ingest) -> None:
    # There is no broker: whoever is let in is told to come again.
    status, headers, _ = ingest.post(TOKEN)
    assert status == 503
    assert int(headers["retry-after"]) >= 1
    assert ingest.post("unknown")[0] == 401


def test_the_metrics_tell_how_old_that_knowledge_is(ingest: Ingest) -> None:
    assert ingest.metric("ingest_tokens") == 1
    assert 7_200 <= ingest.metric("ingest_token_registry_age_seconds") < 9_000
    assert ingest.metric("ingest_token_registry_failures_total") >= 1


def test_the_log_tells_it_once_and_no_secret(ingest: Ingest) -> None:
    log = ingest.child.log.read_text()
    assert log.count('"token_registry_away"') == 1
    assert TOKEN not in log
    assert "made-up@" not in log


def test_without_a_copy_it_does_not_start_and_says_why(tmp_path: Path) -> None:
    environment = settings(tmp_path / "none.json")
    command = [sys.executable, "-m", "ingest_api", "serve", "--port", str(free_port())]
    with Child("ingest", command, tmp_path / "ingest.log", environment) as child:
        child.wait_until(lambda: child.exit_code is not None, UP_WITHIN_S)
        assert child.exit_code == 2
        assert "the token registry is away, and there is no copy of it yet" in child.log.read_text()


def settings(copy: Path) -> dict[str, str]:
    """A registry and a broker at addresses where nobody answers."""
    return {
        "KAFKA_BOOTSTRAP": f"{LOOPBACK}:{free_port()}",
        "CLICKHOUSE_URL": f"http://ingest:made-up@{LOOPBACK}:{free_port()}",
        "INGEST_TOKENS_COPY": str(copy),
        "INGEST_TOKENS_FILE": "",
    }
