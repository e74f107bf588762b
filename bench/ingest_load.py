"""`python -m bench.ingest_load PORT`: posts batches from many sites, in a process of its own.

Reads a `Plan` as JSON from standard input, and prints a `Tally` as JSON. Each site has one
connection and one batch in flight, as a collector has. The batches of a site differ in everything
that differs on a PBX, and are made before the clock starts.
"""

import asyncio
import sys
import time
from typing import cast

import msgspec
import uvloop

from agent.envelope import encode_batch, encode_event
from agent.event import Event
from local.process import LOOPBACK

AT_MS = 1_773_147_600_000
_QUEUES = ("sales", "support", "billing", "retention")
_EVENTS_MADE_PER_SITE = 2_000
_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length: "


class Plan(msgspec.Struct):
    """What to post: `tokens` by site, so many events a batch, for so many seconds."""

    tokens: dict[str, str]
    events_per_batch: int
    seconds: float


class Tally(msgspec.Struct):
    """What was answered: batches accepted and not, and how long each took, in milliseconds."""

    accepted: int
    not_accepted: int
    took_s: float
    latencies_ms: list[float]


def body(site: str, first: int, events: int) -> bytes:
    """A batch as our collector writes it: callers join queues, from sequence `first` on."""
    texts = []
    for sequence in range(first, first + events):
        uniqueid = f"{AT_MS // 1000 + sequence // 10}.{sequence}"
        fields = {
            "Channel": f"PJSIP/trunk-{sequence:08x}",
            "Uniqueid": uniqueid,
            "Linkedid": uniqueid,
            "CallerIDNum": f"…{sequence % 10_000:04}",
            "CallerHash": f"{sequence * 0x9E3779B97F4A7C15 % (1 << 64):016x}",
            "Queue": _QUEUES[sequence % len(_QUEUES)],
            "Position": str(1 + sequence % 7),
            "Count": str(3 + sequence % 9),
        }
        event = Event(AT_MS + sequence * 97, "ami", "QueueCallerJoin", dict(fields))
        texts.append(encode_event(sequence, event))
    return encode_batch(site, "6f1c9d7e6f0e4c7c9f4e0a9d5c1b2e3f", AT_MS, texts)


class _Site(asyncio.Protocol):
    """One connection that posts, waits for the answer, and posts again until the deadline."""

    def __init__(self, requests: list[bytes], tally: Tally) -> None:
        self._requests = requests
        self._tally = tally
        self._posted = 0
        self._since = 0.0
        self._answer = b""
        self.deadline = 0.0
        self.is_done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def begin(self, deadline: float) -> None:
        self.deadline = deadline
        self._post()

    def _post(self) -> None:
        self._since = time.perf_counter()
        if self._since >= self.deadline:
            self.is_done.set_result(None)
            return
        self._transport.write(self._requests[self._posted % len(self._requests)])
        self._posted += 1

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, end, content = self._answer.partition(_END_OF_HEAD)
        if not end:
            return
        length = head.lower().partition(_LENGTH)[2].partition(b"\r\n")[0]
        if len(content) < int(length):
            return
        self._tally.latencies_ms.append((time.perf_counter() - self._since) * 1e3)
        if head.startswith(b"HTTP/1.1 202 "):
            self._tally.accepted += 1
        else:
            self._tally.not_accepted += 1
        self._answer = b""
        self._post()


async def _post_all(port: int, plan: Plan) -> Tally:
    tally = Tally(0, 0, 0.0, [])
    loop = asyncio.get_running_loop()
    sites = []
    for site, token in plan.tokens.items():
        requests = _requests(site, token, plan.events_per_batch)
        _, connection = await loop.create_connection(
            lambda requests=requests: _Site(requests, tally),  # type: ignore[misc]
            LOOPBACK,
            port,
        )
        sites.append(connection)
    started = time.perf_counter()
    for connection in sites:
        connection.begin(started + plan.seconds)
    await asyncio.gather(*(connection.is_done for connection in sites))
    tally.took_s = time.perf_counter() - started
    return tally


def _requests(site: str, token: str, events: int) -> list[bytes]:
    batches = max(3, _EVENTS_MADE_PER_SITE // events)
    return [_request(token, body(site, 1 + number * events, events)) for number in range(batches)]


def _request(token: str, content: bytes) -> bytes:
    head = (
        "POST /v1/events HTTP/1.1\r\nHost: ingest\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def main(arguments: list[str]) -> int:
    """The command; its exit code."""
    (port,) = arguments
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    tally = uvloop.run(_post_all(int(port), plan))
    sys.stdout.buffer.write(msgspec.json.encode(tally))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
