"""`python -m bench.ingest`: events per second of one ingest process, acknowledged by the broker.

Starts the embedded broker and the API, and posts from one connection per site, each waiting for its
answer as a collector does. Broker, API and load share the machine's cores. Beside it, in the same
run: decoding the same bodies by the quick way that ingest uses, by the careful way it falls back
to, and by pydantic alone.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import uvloop
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from agent.envelope import encode_batch, encode_event
from agent.event import Event
from ingest_api.auth import new_token, token_digest
from ingest_api.batches import read_batch, read_carefully
from ingest_api.contract.events import WireBatch
from ingest_api.contract.topics import PBX_EVENTS
from ingest_api.token_file import TokenEntry, add_token
from local.broker import running_broker
from local.process import LOOPBACK, Child, free_port

TENANT = "acme"
PARTITIONS = 4
SITES = 32
BATCH_SIZES = (1, 100, 1_000)
BODIES_PER_SITE = 8
AT_MS = 1_773_147_600_000
_DECODE_S = 1.0
_READY_WITHIN_S = 15.0
_TICKS = os.sysconf("SC_CLK_TCK")


class Load(NamedTuple):
    """What one batch size came to. Latencies are from the request to its answer."""

    events_per_batch: int
    events_per_s: int
    cpu_us_per_event: float
    p50_ms: float
    p99_ms: float
    not_accepted: int


class Decoding(NamedTuple):
    """Process time per event of reading one body, in microseconds."""

    events_per_batch: int
    quick_us: float
    careful_us: float
    pydantic_us: float


def body(site: str, first: int, events: int) -> bytes:
    """A batch as our collector writes it, of callers who join a queue."""
    texts = []
    for sequence in range(first, first + events):
        uniqueid = f"1773147600.{sequence}"
        fields = {
            "Channel": f"PJSIP/trunk-{sequence:08x}",
            "Uniqueid": uniqueid,
            "Linkedid": uniqueid,
            "CallerIDNum": "…0001",
            "CallerHash": "9f3c5b7a1e2d4c60",
            "Queue": "support",
            "Position": "1",
            "Count": "3",
        }
        event = Event(AT_MS + sequence * 7, "ami", "QueueCallerJoin", dict(fields))
        texts.append(encode_event(sequence, event))
    return encode_batch(site, "6f1c9d7e6f0e4c7c9f4e0a9d5c1b2e3f", AT_MS, texts)


def decoding(events: int) -> Decoding:
    """Reads one body again and again, each way for a second."""
    written = body("pbx-00", 1, events)

    def us_per_event(read: Callable[[bytes], object]) -> float:
        rounds, started = 0, time.process_time()
        while (spent := time.process_time() - started) < _DECODE_S:
            read(written)
            rounds += 1
        return round(spent / rounds / events * 1e6, 2)

    return Decoding(
        events,
        us_per_event(read_batch),
        us_per_event(read_carefully),
        us_per_event(WireBatch.model_validate_json),
    )


async def load(port: int, tokens: dict[str, str], pid: int, events: int, seconds: float) -> Load:
    """Posts from every site at once for so many seconds."""
    latencies: list[float] = []
    statuses: list[bytes] = []
    deadline = time.perf_counter() + seconds
    cpu_before = _cpu_s(pid)
    requests = {
        site: [
            _request(token, body(site, 1 + number * events, events))
            for number in range(BODIES_PER_SITE)
        ]
        for site, token in tokens.items()
    }
    deadline = time.perf_counter() + seconds
    started = time.perf_counter()
    await asyncio.gather(
        *(_post_until(port, own, deadline, latencies, statuses) for own in requests.values())
    )
    took = time.perf_counter() - started
    accepted = statuses.count(b"202")
    latencies.sort()
    return Load(
        events,
        round(accepted * events / took),
        round((_cpu_s(pid) - cpu_before) / max(1, accepted * events) * 1e6, 2),
        round(latencies[len(latencies) // 2] * 1e3, 1),
        round(latencies[int(len(latencies) * 0.99)] * 1e3, 1),
        len(statuses) - accepted,
    )


def _request(token: str, content: bytes) -> bytes:
    head = (
        "POST /v1/events HTTP/1.1\r\nHost: ingest\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def _post_until(
    port: int,
    requests: list[bytes],
    deadline: float,
    latencies: list[float],
    statuses: list[bytes],
) -> None:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    while (started := time.perf_counter()) < deadline:
        writer.write(requests[len(latencies) % len(requests)])
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        latencies.append(time.perf_counter() - started)
        statuses.append(head[9:12])
    writer.close()


def _cpu_s(pid: int) -> float:
    """User and system time that a process has used, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def measure(seconds: float) -> tuple[list[Load], list[Decoding]]:
    """Starts everything, measures every batch size, ends everything."""
    with tempfile.TemporaryDirectory() as name, running_broker(Path(name) / "broker.log") as kafka:
        folder = Path(name)
        admin = KafkaAdminClient(bootstrap_servers=kafka)
        admin.create_topics([NewTopic(PBX_EVENTS, PARTITIONS, 1)])
        admin.close()
        tokens = {f"pbx-{number:02}": new_token() for number in range(SITES)}
        for site, token in tokens.items():
            entry = TokenEntry(sha256=token_digest(token), tenant=TENANT, site=site)
            add_token(folder / "tokens.json", entry)
        port = free_port()
        settings = {
            "KAFKA_BOOTSTRAP": kafka,
            "INGEST_TOKENS_FILE": str(folder / "tokens.json"),
            "INGEST_REQUESTS_PER_SECOND": "1000000",
        }
        command = [sys.executable, "-m", "ingest_api", "serve", "--port", str(port)]
        with Child("ingest", command, folder / "ingest.log", settings) as ingest:
            ingest.wait_until(lambda: _is_ready(port), _READY_WITHIN_S)
            loads = [
                asyncio.run(load(port, tokens, ingest.pid, events, seconds))
                for events in BATCH_SIZES
            ]
    return loads, [decoding(events) for events in BATCH_SIZES]


def _is_ready(port: int) -> bool:
    try:
        urlopen(f"http://{LOOPBACK}:{port}/readyz", timeout=2).close()
    except (URLError, OSError):
        return False
    return True


def main(arguments: list[str]) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.ingest", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="per batch size (default 5)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    uvloop.install()
    loads, decodings = measure(options.seconds)
    load_average = os.getloadavg()[0]
    if options.json:
        result = {
            "load": [row._asdict() for row in loads],
            "decoding": [row._asdict() for row in decodings],
            "load_average": round(load_average, 2),
        }
        print(json.dumps(result, indent=2))
        return 0
    for title, rows in (("ingest", loads), ("decoding, CPU", decodings)):
        print(f"\n{title}")
        names = rows[0]._fields
        print("  ".join(f"{name:>16}" for name in names))
        for row in rows:
            print("  ".join(f"{value:>16,}" for value in row))
    print(f"\nload average {load_average:.2f} on {os.cpu_count()} cores")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
