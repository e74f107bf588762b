"""An independent program that posts the events of its own sites straight to the API.

It knows what it sent and what was answered 202, retries until it was, and is no polite client: it
cuts its own connections, repeats batches that had arrived, and overlaps them.
"""

import gzip
import http.client
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing

from agent import capture
from agent.envelope import encode_batch, encode_event
from agent.redaction import Redaction
from agent.transcript import Transcript
from local.pbx.call_centre import generate
from local.process import LOOPBACK
from tests.chaos.record import Record, read_body

_ACCEPTED = 202
_PATH = "/v1/events"
_TIMEOUT_S = 10.0
_RETRY_S = (0.1, 0.8)
_HOUR_S = 3_600.0
_LEAST_EVENTS_PER_HOUR = 4_500
_MOST_EVENTS = 400
_SHARE = 0.04
_THREADS = 3
_PRIVACY_KEY = b"made-up tenant key"


def shift_of(site: str, events: int, seed: int) -> list[str]:
    """The first `events` events of a generated shift that is over, numbered, in the wire form."""
    hours = 1 + events // _LEAST_EVENTS_PER_HOUR
    start_ms = (time.time_ns() // 1_000_000) - round((hours + 1) * _HOUR_S * 1000)
    day = generate(seed, start_ms, hours * _HOUR_S, site=site)
    chunks = (capture.Chunk(at, packet) for at, packet in day)
    told = capture.events([chunks], Transcript(Redaction("last4", _PRIVACY_KEY)))
    texts = [encode_event(sequence, event) for sequence, event in enumerate(told, 1)]
    return texts[:events]


class Poster:
    """Posts the shifts of its sites, spread over a time, in threads of its own."""

    def __init__(
        self, shifts: Mapping[str, Sequence[str]], tokens: Mapping[str, str], port: int, seed: int
    ) -> None:
        """Sends nothing yet. `shifts` are the events of each site in order."""
        self.record = Record()
        self.faults: Counter[str] = Counter()
        self._shifts = shifts
        self._tokens = tokens
        self._port = port
        self._seed = seed
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, seconds: float) -> None:
        """Post everything within about `seconds`."""
        sites = list(self._shifts)
        for number in range(_THREADS):
            share = sites[number::_THREADS]
            self._threads.append(
                threading.Thread(target=self._post_all, args=(share, seconds), name="poster")
            )
        for thread in self._threads:
            thread.start()

    def wait(self, within_s: float) -> bool:
        """Whether everything was answered 202 in time."""
        deadline = time.monotonic() + within_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        """Give up, if it is not done."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _post_all(self, sites: Sequence[str], seconds: float) -> None:
        chance = random.Random(f"poster {self._seed} {sites}")
        place = dict.fromkeys(sites, 0)
        total = sum(len(self._shifts[site]) for site in sites)
        begin, sent = time.monotonic(), 0
        while place and not self._stop.is_set():
            site = chance.choice(list(place))
            first = place[site]
            end = first + chance.randint(1, _MOST_EVENTS)
            if chance.random() < _SHARE:
                first = max(0, first - chance.randint(1, 50))
                self.faults["POST overlapping the one before"] += 1
            events = self._shifts[site][first:end]
            self._post_until_accepted(site, events, chance)
            sent += end - place[site]
            place[site] = end
            if end >= len(self._shifts[site]):
                del place[site]
            ahead_s = begin + seconds * sent / total - time.monotonic()
            self._stop.wait(max(0.0, ahead_s))

    def _post_until_accepted(self, site: str, events: Sequence[str], chance: random.Random) -> None:
        body = encode_batch(site, f"spool-of-{site}", time.time_ns() // 1_000_000, list(events))
        while not self._stop.is_set():
            if chance.random() < _SHARE:
                self._cut(site, body, chance)
            elif self._post(site, body, chance):
                if chance.random() >= _SHARE:
                    return
                self.faults["POST repeated after 202"] += 1
            else:
                self._stop.wait(chance.uniform(*_RETRY_S))

    def _post(self, site: str, body: bytes, chance: random.Random) -> bool:
        headers = self._headers(site)
        batch = read_body(body)
        self.record.heard(batch)
        if chance.random() < 0.5:
            body = gzip.compress(body, 1)
            headers["Content-Encoding"] = "gzip"
        with closing(http.client.HTTPConnection(LOOPBACK, self._port, timeout=_TIMEOUT_S)) as to:
            try:
                to.request("POST", _PATH, body, headers)
                status = to.getresponse().status
            except (OSError, http.client.HTTPException):
                self.faults["POST without an answer, tried again"] += 1
                return False
        if status != _ACCEPTED:
            self.faults[f"POST answered {status}, tried again"] += 1
            return False
        self.record.answered(batch)
        return True

    def _cut(self, site: str, body: bytes, chance: random.Random) -> None:
        """Send a part of the body and be gone."""
        head = "".join(f"{name}: {value}\r\n" for name, value in self._headers(site).items())
        request = f"POST {_PATH} HTTP/1.1\r\nHost: {LOOPBACK}\r\nContent-Length: {len(body)}\r\n"
        part = body[: chance.randrange(len(body))]
        try:
            with socket.create_connection((LOOPBACK, self._port), _TIMEOUT_S) as connection:
                connection.sendall(f"{request}{head}\r\n".encode() + part)
        except OSError:
            return  # ingest is being started again
        self.faults["POST cut in the middle of a batch"] += 1

    def _headers(self, site: str) -> dict[str, str]:
        token = self._tokens[site]
        return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
