"""`python -m bench.streams`: events per second of one stream worker, against Faust used naively.

Each worker drains a backlog from the embedded broker, which runs on the same cores. The product's
worker folds batches, makes the columns of the facts, and stores state records, all acknowledged as
in production; only the inserts' network is left out. Its events are calls one after the other, each
event a part of one, or hours of the simulated call centre, with all that a PBX says between. The
naive one gets one message per event and counts into windowed tables. CPU per event is the worker's
own and is steadier than the clock.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from bench.generated_events import generated_hour, in_batches
from bench.site_events import TENANT, batches
from bench.stream_workers import NAIVE_TOPIC, PARTITIONS
from ingest_api.contract.published import PublishedBatch, encode_batch
from ingest_api.contract.topics import PBX_EVENTS, site_key
from local.broker import running_broker
from local.compiled import ROOT, TREE, is_current
from streams.topics import create_topics

NAIVE_EVENTS = 40_000
_WITHIN_S = 300


Backlog = list[list[PublishedBatch]]
"""The batches of each site."""


class Feed(NamedTuple):
    """What a worker is given: `calls` or `hours` of so many sites."""

    feed: str
    sites: int
    events_per_batch: int


class Load(NamedTuple):
    """What one way of doing it came to, of what was fed."""

    worker: str
    feed: str
    sites: int
    events_per_batch: int
    events: int
    events_per_s: int
    cpu_us_per_event: float
    events_per_cpu_s: int


def measure(
    events: int, sites: Iterable[int], sizes: Iterable[int], *, with_compiled: bool = False
) -> list[Load]:
    """One run after the other, each with a broker of its own.

    `with_compiled` measures each fold a second time with the compiled rules, right after the first.
    """
    trees = {"fold": ROOT, "compiled": TREE} if with_compiled else {"fold": ROOT}
    loads = [_naive()]
    for feed, backlog in _backlogs(events, sites, sizes):
        loads += [_fold(worker, tree, feed, backlog) for worker, tree in trees.items()]
    return loads


def _backlogs(
    events: int, sites: Iterable[int], sizes: Iterable[int]
) -> Iterator[tuple[Feed, Backlog]]:
    for count in sites:
        yield Feed("calls", count, 100), _calls(events, count, 100)
    for size in sizes:
        yield Feed("calls", 20, size), _calls(events, 20, size)
    hours = _hours(events, 100)
    yield Feed("hours", len(hours), 100), hours


def _calls(events: int, sites: int, size: int) -> Backlog:
    return [list(batches(f"pbx-{number:04d}", events // sites, size)) for number in range(sites)]


def _hours(events: int, size: int) -> Backlog:
    """An hour of each of so many sites that it is at least so many events."""
    feeds: Backlog = []
    while events > 0:
        number = len(feeds)
        hour = generated_hour(number)
        feeds.append(list(in_batches(f"pbx-{number:04d}", hour, size)))
        events -= len(hour)
    return feeds


def _fold(worker: str, tree: Path, feed: Feed, backlog: Backlog) -> Load:
    """The product's worker, as it stands in this tree."""
    events = sum(len(batch.events) for batches_of_site in backlog for batch in batches_of_site)
    with _broker() as bootstrap:
        create_topics(bootstrap, PARTITIONS, 1)
        producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=20)
        for turn in zip_longest(*backlog):
            for batch in turn:
                if batch is not None:
                    key = site_key(TENANT, batch.site)
                    producer.send(PBX_EVENTS, key=key, value=encode_batch(batch))
        producer.close()
        return _drained(worker, tree, feed, events, bootstrap)


def _naive() -> Load:
    with _broker() as bootstrap:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap)
        admin.create_topics([NewTopic(NAIVE_TOPIC, PARTITIONS, 1)])
        admin.close()
        producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=20)
        for batch in batches("pbx-0000", NAIVE_EVENTS, 100):
            for value in _single_events(batch):
                producer.send(NAIVE_TOPIC, key=site_key(TENANT, batch.site), value=value)
        producer.close()
        # Half of them: at its start Faust loses what it had queued, and waits for it in vain.
        return _drained("naive", ROOT, Feed("calls", 1, 1), NAIVE_EVENTS // 2, bootstrap)


def _single_events(batch: PublishedBatch) -> Iterable[bytes]:
    for event in batch.events:
        yield json.dumps({"name": event.name, "at": event.at, **event.fields}).encode()


def _drained(worker: str, tree: Path, feed: Feed, events: int, bootstrap: str) -> Load:
    program = "naive" if worker == "naive" else "fold"
    command = [sys.executable, "-m", "bench.stream_workers", program, str(events), bootstrap]
    ended = subprocess.run(  # noqa: S603 - a program of our own
        command, cwd=tree, capture_output=True, text=True, timeout=_WITHIN_S, check=False
    )
    if ended.returncode != 0:
        raise RuntimeError(f"the {worker} worker failed:\n{ended.stderr[-2_000:]}")
    report = json.loads(ended.stdout)
    counted, wall_s, cpu_s = report["events"], report["wall_s"], report["cpu_s"]
    return Load(
        worker,
        *feed,
        counted,
        round(counted / wall_s),
        round(cpu_s / counted * 1e6, 2),
        round(counted / cpu_s),
    )


@contextmanager
def _broker() -> Iterator[str]:
    with (
        tempfile.TemporaryDirectory() as directory,
        running_broker(Path(directory) / "broker.log") as bootstrap,
    ):
        yield bootstrap


def main(arguments: list[str]) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.streams", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000, help="per run (default 200,000)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--compiled",
        action="store_true",
        help="measure the compiled rules too (made by python -m local.compiled)",
    )
    options = parser.parse_args(arguments)
    if options.compiled and not is_current():
        parser.error(f"{TREE} is not of these sources: python -m local.compiled makes it anew")
    loads = measure(
        options.events, sites=(1, 100, 1_000), sizes=(10, 500), with_compiled=options.compiled
    )
    load_average = os.getloadavg()[0]
    if options.json:
        rows = [load._asdict() for load in loads]
        print(json.dumps({"streams": rows, "load_average": round(load_average, 2)}, indent=2))
        return 0
    names = Load._fields
    print("  ".join(f"{name:>16}" for name in names))
    for load in loads:
        print(
            "  ".join(
                f"{value:>16}" if isinstance(value, str) else f"{value:>16,}" for value in load
            )
        )
    ratio = loads[1].events_per_cpu_s / loads[0].events_per_cpu_s
    print(f"\nper second of a core: {ratio:.1f} times the naive worker")
    print(f"load average {load_average:.2f} on {os.cpu_count()} cores")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
