"""An ingest API on a real HTTP port: keeps what it accepts and answers as the test says."""

import contextlib
import gzip
import json
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

TOKEN = "made-up token"
WAIT_S = 60.0

Batch = dict[str, Any]


class Planned(NamedTuple):
    """An answer other than accepting: its status and headers."""

    status: int
    headers: dict[str, str]


class FakeIngest:
    """What was posted. `batches` are the accepted ones, `requests` counts all."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.requests = 0
        self.connections = 0
        self.url = ""
        self.refuses: Callable[[Batch], int | Planned | None] = lambda _batch: None
        self._planned: deque[Planned] = deque()
        self._changed = threading.Condition()

    @property
    def events(self) -> list[dict[str, Any]]:
        """All accepted events, in the order they came."""
        return [event for batch in self.batches for event in batch["events"]]

    def plan(self, status: int, **headers: str) -> None:
        """The next request not yet planned for is answered with this status, and not kept."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._planned.append(Planned(status, named))

    def wait_for(self, is_there: Callable[[list[dict[str, Any]]], bool]) -> None:
        """Returns as soon as the accepted events are so; fails after ten seconds."""
        with self._changed:
            assert self._changed.wait_for(lambda: is_there(self.events), WAIT_S), self.events

    def wait_for_event(self, name: str, count: int = 1) -> dict[str, Any]:
        """The event of that name that came as the `count`-th."""
        self.wait_for(lambda events: sum(e["name"] == name for e in events) >= count)
        return [event for event in self.events if event["name"] == name][count - 1]

    def answer(self, token: str, batch: Batch) -> Planned:
        """Decides on one request; accepted ones are kept."""
        with self._changed:
            decided = self._decide(token, batch)
            if decided.status == 202:
                self.batches.append(batch)
            self.requests += 1
            self._changed.notify_all()
            return decided

    def _decide(self, token: str, batch: Batch) -> Planned:
        if self._planned:
            return self._planned.popleft()
        if token != f"Bearer {TOKEN}":
            return Planned(401, {})
        refused = self.refuses(batch) or 202
        return refused if isinstance(refused, Planned) else Planned(refused, {})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Else the end of an answer waits 40 ms for the acknowledgement of its beginning.
    disable_nagle_algorithm = True
    ingest: FakeIngest

    def setup(self) -> None:
        super().setup()
        self.ingest.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        answer = self.ingest.answer(self.headers["Authorization"], json.loads(body))
        text = b'{"refused": []}'
        if "Date" in answer.headers:
            self.send_response_only(answer.status)
        else:
            self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Nothing: the test looks at what was kept."""


@contextlib.contextmanager
def fake_ingest(certificate: Path | None = None) -> Iterator[FakeIngest]:
    """A running server, with TLS if a certificate (with its key in the same file) is given."""
    ingest = FakeIngest()
    handler = type("Handler", (_Handler,), {"ingest": ingest})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "http" if certificate is None else "https"
    ingest.url = f"{scheme}://127.0.0.1:{server.server_port}"
    # Short, since the server looks only that often whether it should stop.
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield ingest
    finally:
        server.shutdown()
        server.server_close()
        thread.join(WAIT_S)
