"""`python -m bench.ingest`: events per second of one ingest process, acknowledged by the broker.

Starts the embedded broker and the API, and posts from one connection per site, each waiting for its
answer as a collector does. Broker, API and load are a process each and share the machine's cores.
Beside it, in the same run: ingest as one writes it at first (`bench.naive_ingest`), and what
reading one body costs by the quick way that ingest uses, by the careful way it falls back to, and
by pydantic alone. CPU time is the ingest process's own, all threads, and steadier than the clock.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import msgspec
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from bench.ingest_load import Plan, Tally, body
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
NAIVE_BATCH_SIZE = 100
_DECODE_S = 1.0
_READY_WITHIN_S = 60.0
_LOAD_WITHIN_S = 120.0
_TICKS = os.sysconf("SC_CLK_TCK")


class Load(NamedTuple):
    """What one program came to at one batch size. Latencies are from request to answer."""

    program: str
    events_per_batch: int
    events_per_s: int
    cpu_us_per_event: float
    cpu_us_per_batch: int
    events_per_cpu_s: int
    p50_ms: float
    p99_ms: float
    not_accepted: int


class Decoding(NamedTuple):
    """Process time per event of reading one body, in microseconds."""

    events_per_batch: int
    quick_us: float
    careful_us: float
    pydantic_us: float


class IngestFigures(NamedTuple):
    """One run: the loads (the naive baseline last), and what reading costs."""

    loads: list[Load]
    decodings: list[Decoding]


def measure(seconds: float) -> IngestFigures:
    """Starts everything, measures every batch size for so many seconds, ends everything."""
    with tempfile.TemporaryDirectory() as name, running_broker(Path(name) / "broker.log") as kafka:
        folder = Path(name)
        admin = KafkaAdminClient(bootstrap_servers=kafka)
        admin.create_topics([NewTopic(PBX_EVENTS, PARTITIONS, 1)])
        admin.close()
        tokens = {f"pbx-{number:02}": new_token() for number in range(SITES)}
        with _running("ingest_api", folder, _ingest_settings(kafka, tokens, folder)) as ingest:
            loads = [_load(ingest, tokens, size, seconds) for size in BATCH_SIZES]
        with _running("naive_ingest", folder, {"KAFKA_BOOTSTRAP": kafka}) as naive:
            loads.append(_load(naive, tokens, NAIVE_BATCH_SIZE, seconds))
    return IngestFigures(loads, [decoding(events) for events in BATCH_SIZES])


class _Running(NamedTuple):
    program: str
    port: int
    pid: int


@contextmanager
def _running(program: str, folder: Path, settings: dict[str, str]) -> Iterator[_Running]:
    port = free_port()
    command = {
        "ingest_api": ["ingest_api", "serve", f"--port={port}"],
        "naive_ingest": ["bench.naive_ingest", str(port)],
    }[program]
    child = Child(program, [sys.executable, "-m", *command], folder / f"{program}.log", settings)
    with child:
        child.wait_until(lambda: _is_ready(port), _READY_WITHIN_S)
        yield _Running(program, port, child.pid)


def _ingest_settings(kafka: str, tokens: dict[str, str], folder: Path) -> dict[str, str]:
    for site, token in tokens.items():
        entry = TokenEntry(sha256=token_digest(token), tenant=TENANT, site=site)
        add_token(folder / "tokens.json", entry)
    return {
        "KAFKA_BOOTSTRAP": kafka,
        "INGEST_TOKENS_FILE": str(folder / "tokens.json"),
        "INGEST_REQUESTS_PER_SECOND": "1000000",
    }


def _load(running: _Running, tokens: dict[str, str], events: int, seconds: float) -> Load:
    cpu_before = _cpu_s(running.pid)
    posted = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "bench.ingest_load", str(running.port)],
        input=msgspec.json.encode(Plan(tokens, events, seconds)),
        stdout=subprocess.PIPE,
        check=True,
        timeout=_LOAD_WITHIN_S,
    )
    cpu_s = _cpu_s(running.pid) - cpu_before
    tally = msgspec.json.decode(posted.stdout, type=Tally)
    stored = max(1, tally.accepted * events)
    latencies = sorted(tally.latencies_ms)
    return Load(
        running.program,
        events,
        round(tally.accepted * events / tally.took_s),
        round(cpu_s / stored * 1e6, 2),
        round(cpu_s / max(1, tally.accepted) * 1e6),
        round(stored / cpu_s),
        round(latencies[len(latencies) // 2], 1),
        round(latencies[int(len(latencies) * 0.99)], 1),
        tally.not_accepted,
    )


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


def _cpu_s(pid: int) -> float:
    """User and system time that a process has used, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


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
    figures = measure(options.seconds)
    load_average = os.getloadavg()[0]
    if options.json:
        result = {
            "ingest": [row._asdict() for row in figures.loads],
            "decoding": [row._asdict() for row in figures.decodings],
            "load_average": round(load_average, 2),
        }
        print(json.dumps(result, indent=2))
        return 0
    for title, rows in (("ingest", figures.loads), ("decoding, CPU", figures.decodings)):
        print(f"\n{title}")
        print("  ".join(f"{name:>16}" for name in rows[0]._fields))
        for row in rows:
            print(
                "  ".join(f"{value:>16,}" if value != row[0] else f"{value:>16}" for value in row)
            )
    per_core = {
        load.program: load.events_per_cpu_s
        for load in figures.loads
        if load.events_per_batch == NAIVE_BATCH_SIZE
    }
    ratio = per_core["ingest_api"] / per_core["naive_ingest"]
    print(f"\nper second of a core, {NAIVE_BATCH_SIZE} a batch: {ratio:.1f} times the naive ingest")
    print(f"load average {load_average:.2f} on {os.cpu_count()} cores")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
