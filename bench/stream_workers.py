"""The two worker processes that `bench.streams` compares; each drains a backlog and reports.

    python -m bench.stream_workers fold|naive EVENTS BOOTSTRAP

The report is one JSON object on stdout, taken from the first effect to the last, so that neither
start-up nor recovery is in it.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import NoReturn

import faust

from streams.app import create_app
from streams.config import StreamsConfig, TopicsConfig
from streams.domain.facts import Fact
from streams.storage.rows import (
    RawBatch,
    SiteSnapshot,
    batch_block,
    fact_block,
    latest_facts,
    snapshot_block,
)
from streams.worker import run_app

NAIVE_TOPIC = "bench.single_events"
PARTITIONS = 1
_MINUTES_15 = 900.0


class Report:
    """Counts events as they take effect, and ends the process with the report."""

    def __init__(self, events: int) -> None:
        """Report when so many events have taken effect."""
        self._events = events
        self._seen = 0
        self._counted_from = 0
        self._began = 0.0
        self._began_cpu = 0.0

    def add(self, events: int) -> None:
        """So many more."""
        self._seen += events
        if not self._began:
            self._counted_from = self._seen
            self._began, self._began_cpu = time.perf_counter(), time.process_time()
        elif self._seen >= self._events:
            self._end()

    def _end(self) -> NoReturn:
        counted = self._seen - self._counted_from
        wall, cpu = time.perf_counter() - self._began, time.process_time() - self._began_cpu
        report = {"events": counted, "wall_s": wall, "cpu_s": cpu}
        os.write(1, json.dumps(report).encode() + b"\n")
        os._exit(0)  # from a thread of the worker, and there is nothing to tidy up


class BlockWriter:
    """Makes the columns of every insert, and drops them: all of a flush but the network."""

    def __init__(self, report: Report) -> None:
        """Every written event is added to the report."""
        self._report = report

    def write(
        self,
        facts: Sequence[Fact],
        batches: Sequence[RawBatch],
        snapshots: Sequence[SiteSnapshot] = (),
    ) -> None:
        """See `streams.storage.writer.FactWriter`."""
        for fact_type, latest in latest_facts(facts).items():
            fact_block(fact_type, latest)
        if batches:
            batch_block(batches)
        if snapshots:
            snapshot_block(snapshots)
        self._report.add(sum(row.last_sequence - row.first_sequence + 1 for row in batches))


def fold(events: int, bootstrap: str) -> NoReturn:
    """The product's worker."""
    config = StreamsConfig(
        TopicsConfig(bootstrap, PARTITIONS), "http://127.0.0.1:1", session_timeout_s=3
    )
    run_app(create_app(config, BlockWriter(Report(events))), config)


def naive(events: int, bootstrap: str) -> NoReturn:
    """Faust as its guide shows it: one message per event, a windowed table per number."""
    app = faust.App(
        "bench-naive",
        broker=f"kafka://{bootstrap}",
        datadir=tempfile.mkdtemp(),
        web_enabled=False,
        topic_partitions=PARTITIONS,
        topic_disable_leader=True,
        recovery_consistency_check=False,
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=3.0,
        broker_heartbeat_interval=0.5,
        broker_request_timeout=30.0,
    )
    offered = app.Table("offered", default=int).tumbling(_MINUTES_15)
    answered = app.Table("answered", default=int).tumbling(_MINUTES_15)
    waits = app.Table("waits", default=int).tumbling(_MINUTES_15)
    report = Report(events)

    @app.agent(app.topic(NAIVE_TOPIC, value_serializer="json"))
    async def count(stream: faust.StreamT[dict[str, str]]) -> None:
        async for event in stream:
            queue = event.get("Queue", "")
            if event["name"] == "QueueCallerJoin":
                offered[queue] += 1
            elif event["name"] == "AgentConnect":
                answered[queue] += 1
                waits[queue] += int(event["HoldTime"])
            report.add(1)

    run_app(app, StreamsConfig(TopicsConfig(bootstrap), ""))


if __name__ == "__main__":
    {"fold": fold, "naive": naive}[sys.argv[1]](int(sys.argv[2]), sys.argv[3])
