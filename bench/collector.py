"""`python -m bench.collector`: what the collector costs the PBX, at several rates of events.

The collector as it is shipped, in a process of its own, hears recorded packets over TCP at a steady
pace and posts to an ingest API in this process, which accepts everything. CPU is the collector's
own, all threads, from the first event to the delivery of the last; memory is its peak.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

from agent.packaging.build import build
from tests.support.captures import scenario
from tests.support.fake_ami import SECRET, USER, FakeAmi, packet
from tests.support.fake_ingest import TOKEN, FakeIngest, fake_ingest

RATES = (10, 100, 500)
SECONDS = 12.0
_RECORDING = "22.10.1/shift_20261"
_LAST_UNIQUEID = "1773147600.999999"
_LAST = packet("Event: Hangup", "Privilege: call,all", f"Uniqueid: {_LAST_UNIQUEID}")
_RECENT = 50
_NEW_FILE = os.O_WRONLY | os.O_CREAT
_TICKS = os.sysconf("SC_CLK_TCK")


class Load(NamedTuple):
    """What one rate came to. `posted` of `events_heard` packets are those that are selected."""

    events_per_s: int
    events_heard: int
    posted: int
    requests: int
    cpu_percent: float
    cpu_us_per_event: float
    peak_memory_mb: float


def measure(rates: Sequence[int] = RATES, seconds: float = SECONDS) -> list[Load]:
    """One collector after the other, each for so many seconds."""
    recorded = scenario(_RECORDING).read("capture.ami").split(b"\r\n\r\n")
    packets = [
        packet + b"\r\n\r\n"
        for packet in recorded
        if packet.startswith(b"Event: ") and b"ActionID" not in packet
    ]
    with tempfile.TemporaryDirectory() as name:
        program = str(Path(name) / "collector.pyz")
        build(program)
        return [
            _load(program, Path(name) / f"spool-{rate}.db", packets, rate, seconds)
            for rate in rates
        ]


def _load(program: str, spool: Path, packets: Sequence[bytes], rate: int, seconds: float) -> Load:
    with FakeAmi() as ami, fake_ingest() as ingest, _running(program, spool, ami, ingest) as pid:
        ami.wait_for("CoreShowChannels")
        ingest.wait_for_event("end", 2)
        cpu_before, posted_before, requests_before = (
            _cpu_s(pid),
            len(ingest.events),
            ingest.requests,
        )
        began = time.monotonic()
        count = round(rate * seconds)
        for number, sent in enumerate(islice(cycle(packets), count)):
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            ami.send(sent)
        ami.send(_LAST)
        ingest.wait_for(lambda events: any(map(_is_last, events[-_RECENT:])))
        took = time.monotonic() - began
        cpu_s = _cpu_s(pid) - cpu_before
        return Load(
            rate,
            count,
            len(ingest.events) - posted_before,
            ingest.requests - requests_before,
            round(100 * cpu_s / took, 2),
            round(cpu_s / count * 1e6, 1),
            round(_peak_memory_kb(pid) / 1024, 1),
        )


def _is_last(event: dict[str, Any]) -> bool:
    return bool(event["fields"].get("Uniqueid") == _LAST_UNIQUEID)


@contextmanager
def _running(program: str, spool: Path, ami: FakeAmi, ingest: FakeIngest) -> Iterator[int]:
    settings = {
        "SITE_NAME": "pbx-01",
        "AMI_PORT": str(ami.port),
        "AMI_USER": USER,
        "AMI_SECRET": SECRET,
        "INGEST_URL": ingest.url,
        "INGEST_TOKEN": TOKEN,
        "PRIVACY_KEY": "made-up tenant key",
        "SPOOL_PATH": str(spool),
        "QUEUE_LOG_PATH": str(spool.with_suffix(".log")),
        "QUEUES_PATH": str(spool.with_suffix(".conf")),
    }
    environment = {f"COLLECTOR_{name}": value for name, value in settings.items()}
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, program, "run"],
        environment,
        file_actions=[(os.POSIX_SPAWN_OPEN, 2, spool.with_suffix(".err"), _NEW_FILE, 0o600)],
    )
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _peak_memory_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1])


def main(arguments: list[str]) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.collector", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="per rate (default 12)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    loads = measure(seconds=options.seconds)
    load_average = os.getloadavg()[0]
    if options.json:
        rows = [load._asdict() for load in loads]
        print(json.dumps({"collector": rows, "load_average": round(load_average, 2)}, indent=2))
        return 0
    print("  ".join(f"{name:>16}" for name in Load._fields))
    for load in loads:
        print("  ".join(f"{value:>16,}" for value in load))
    print(f"\nload average {load_average:.2f} on {os.cpu_count()} cores")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
