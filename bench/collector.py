"""`python -m bench.collector`: what the collector costs the PBX, at several rates of events.

The collector as it is shipped, in a process of its own, hears recorded packets over TCP at a steady
pace and posts to an ingest API in this process, which accepts everything. CPU is the collector's
own, all threads, from the first event to the delivery of the last; memory is its peak.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

from agent.packaging.build import build
from tests.support.collector_process import recorded_packets, running_collector
from tests.support.fake_ami import FakeAmi, packet
from tests.support.fake_ingest import fake_ingest

RATES = (10, 100, 500)
SECONDS = 12.0
_LAST_UNIQUEID = "1773147600.999999"
_LAST = packet("Event: Hangup", "Privilege: call,all", f"Uniqueid: {_LAST_UNIQUEID}")
_RECENT = 50


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
    packets = recorded_packets()
    with tempfile.TemporaryDirectory() as name:
        program = str(Path(name) / "collector.pyz")
        build(program)
        return [_load(program, packets, rate, seconds) for rate in rates]


def _load(program: str, packets: Sequence[bytes], rate: int, seconds: float) -> Load:
    with (
        tempfile.TemporaryDirectory() as name,
        FakeAmi() as ami,
        fake_ingest() as ingest,
        running_collector(program, ami, ingest, Path(name)) as process,
    ):
        cpu_before, posted_before, requests_before = (
            process.cpu_s(),
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
        cpu_s = process.cpu_s() - cpu_before
        return Load(
            rate,
            count,
            len(ingest.events) - posted_before,
            ingest.requests - requests_before,
            round(100 * cpu_s / took, 2),
            round(cpu_s / count * 1e6, 1),
            round(process.peak_memory_kb() / 1024, 1),
        )


def _is_last(event: dict[str, Any]) -> bool:
    return bool(event["fields"].get("Uniqueid") == _LAST_UNIQUEID)


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
