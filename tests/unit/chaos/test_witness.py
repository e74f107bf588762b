"""The proxy between collectors and ingest: it passes on what is said, and breaks it when told."""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.chaos.record import Record
from tests.chaos.witness import Fate, Witness

BODY = json.dumps(
    {"site": "pbx-01", "spool": "spool-a", "events": [{"sequence": 1, "kind": "ami", "name": "x"}]}
).encode()


class Ingest(BaseHTTPRequestHandler):
    """Answers 202 to all that comes whole and remembers the bodies."""

    bodies: list[bytes]

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        self.bodies.append(body)
        self.send_response(202)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def ingest() -> Iterator[ThreadingHTTPServer]:
    Ingest.bodies = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Ingest) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def post(witness: Witness) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", witness.port, timeout=30)) as connection:
        connection.request("POST", "/v1/events", BODY)
        return connection.getresponse().status


def witness_of(ingest: ThreadingHTTPServer, share: float, seed: int = 1) -> Witness:
    return Witness(Record(), ingest.server_address[1], seed, share)


def test_a_post_passes_and_is_written_down(ingest: ThreadingHTTPServer) -> None:
    with witness_of(ingest, share=0.0).running() as witness:
        assert post(witness) == 202
    assert Ingest.bodies == [BODY]
    assert witness.record.accepted_count() == 1


def test_nothing_passes_from_a_site_that_is_held_back(ingest: ThreadingHTTPServer) -> None:
    with witness_of(ingest, share=0.0).running() as witness:
        witness.hold_back("pbx-01")
        with pytest.raises((http.client.HTTPException, OSError)):
            post(witness)
        assert Ingest.bodies == []
        assert witness.record.accepted_count() == 0
        witness.let_through("pbx-01")
        assert post(witness) == 202


def test_every_fault_happens_and_each_is_counted(ingest: ThreadingHTTPServer) -> None:
    answered = lost = 0
    with witness_of(ingest, share=1 / 3).running() as witness:
        while len(witness.faults) < 3:
            try:
                answered += post(witness) == 202
            except (http.client.HTTPException, OSError):
                lost += 1
    faults = witness.faults
    assert lost == faults[Fate.CUT_IN_BODY] + faults[Fate.CUT_BEFORE_ANSWER]
    assert answered == faults[Fate.SENT_TWICE]
    assert len(Ingest.bodies) == faults[Fate.CUT_BEFORE_ANSWER] + 2 * answered
