"""The one door: what passes the TLS proxy of the deployment, and what does not."""

import base64
import json
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest

from ingest_api.auth import SiteIdentity
from local.process import free_port
from tests.support.clickhouse_server import ADMIN_PASSWORD, Reader, running_clickhouse
from tests.support.ingest_bodies import SITE, TENANT, batch, event
from tests.support.ingest_process import running_ingest
from tests.support.kafka_broker import broker_at
from tests.support.proxy import RunningProxy, running_proxy

pytestmark = pytest.mark.integration

INGEST, BOARDS, DATA = "ingest.example.com", "boards.example.com", "data.example.com"
HERE = SiteIdentity(TENANT, SITE)


class _Boards(BaseHTTPRequestHandler):
    """In Grafana's place: says by which name it was asked."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.headers["Host"].encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def boards() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Boards)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, boards: int
) -> Iterator[tuple[RunningProxy, str]]:
    """The proxy before a real ingest, broker and ClickHouse; and the token of a site."""
    folder = tmp_path_factory.mktemp("door")
    readers = {"reader_acme": Reader("made-up", TENANT)}
    with (
        broker_at(free_port(), folder / "broker.log") as broker,
        running_clickhouse(folder / "clickhouse", readers) as clickhouse,
        running_ingest(broker.bootstrap, folder, [HERE]) as ingest,
        running_proxy(
            folder,
            ingest=ingest.port,
            grafana=boards,
            clickhouse=urlsplit(clickhouse.address).port or 0,
        ) as proxy,
    ):
        yield proxy, ingest.tokens[HERE]


@pytest.fixture(scope="module")
def proxy(stack: tuple[RunningProxy, str]) -> RunningProxy:
    return stack[0]


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


def test_a_batch_passes_with_the_tls_of_old_pbxs_too(stack: tuple[RunningProxy, str]) -> None:
    proxy, token = stack
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    body = json.dumps(batch(event())).encode()
    answer = proxy.ask(INGEST, "/v1/events", body, headers, newest=ssl.TLSVersion.TLSv1_2)
    assert (answer.status, json.loads(answer.text)["accepted"]) == (202, 1)
    assert "max-age" in answer.headers["strict-transport-security"]


def test_without_a_token_nothing_is_taken(proxy: RunningProxy) -> None:
    assert proxy.ask(INGEST, "/v1/events", b"{}").status == 401


@pytest.mark.parametrize("path", ["/", "/metrics", "/readyz", "/healthz", "/docs", "/openapi.json"])
def test_what_is_for_operators_is_not_outside(proxy: RunningProxy, path: str) -> None:
    assert proxy.ask(INGEST, path).status == 404


def test_boards_are_reached_by_their_name_and_their_metrics_are_not(proxy: RunningProxy) -> None:
    assert proxy.ask(BOARDS, "/d/cc-now").text == BOARDS
    assert proxy.ask(BOARDS, "/metrics").status == 404


def test_an_analyst_asks_as_a_reader(proxy: RunningProxy) -> None:
    answer = proxy.ask(DATA, "/", b"SELECT 1 + 1", basic("reader_acme", "made-up"))
    assert (answer.status, answer.text) == (200, "2\n")


@pytest.mark.parametrize(
    "user", ["admin", "operator", "streams", "boards", "reader", "readers", ""]
)
def test_nobody_else_has_a_door_to_the_database(proxy: RunningProxy, user: str) -> None:
    answer = proxy.ask(DATA, "/", b"SELECT 1", basic(user, ADMIN_PASSWORD))
    assert answer.status == 401
    assert "reader_NAME" in answer.text


def test_another_name_in_other_places_changes_nothing(proxy: RunningProxy) -> None:
    admin = {"X-ClickHouse-User": "admin", "X-ClickHouse-Key": ADMIN_PASSWORD}
    forbidden = b"SELECT count() FROM callcentre.site_tokens"
    assert proxy.ask(DATA, "/", forbidden, admin).status == 401
    reader = basic("reader_acme", "made-up") | admin
    assert proxy.ask(DATA, "/", forbidden, reader).status != 200
    assert proxy.ask(DATA, "/?database=callcentre", b"SELECT 1", reader).status == 200
    for keys in (
        f"user=admin&password={ADMIN_PASSWORD}",
        "user=admin",
        f"password={ADMIN_PASSWORD}",
    ):
        assert proxy.ask(DATA, f"/?{keys}", b"SELECT 1", reader).status == 401


def test_an_answer_that_is_large_and_a_path_that_is_none(proxy: RunningProxy) -> None:
    reader = basic("reader_acme", "made-up")
    rows = proxy.ask(DATA, "/", b"SELECT number FROM numbers(200000) FORMAT TSV", reader)
    assert (rows.status, rows.text.count("\n")) == (200, 200_000)
    assert proxy.ask(DATA, "/play", None, reader).status == 401
    assert proxy.ask(DATA, "/ping").status == 200
