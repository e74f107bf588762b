"""`python -m bench --only storage`: rows per second into the embedded ClickHouse, acknowledged.

The product's writer with flushes of 1,000 and 10,000 queue calls, beside what one writes at first:
one `INSERT … FORMAT JSONEachRow` per row. Processor time is the engine's and the writer's together.
"""

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
from clickhouse_connect.driver.client import Client

from bench.servers import clickhouse
from local.usage import usage_of
from streams.domain.facts import QueueCall
from streams.storage.connection import connect
from streams.storage.writer import ClickHouseFactWriter

FLUSH_ROWS = (1_000, 10_000)
_BEGIN_MS = 1_773_147_600_000
_AGENTS = 200


class Rows(NamedTuple):
    """One way of writing: rows per second of the clock, and processor microseconds per row."""

    way: str
    rows_per_insert: int
    rows_per_s: float
    cpu_us_per_row: float


class _Silent:
    """Nobody reads these metrics."""

    def inserted(self, table: str, rows: int, seconds: float) -> None:
        """See `WriteObserver`."""

    def retried(self, table: str, reason: str) -> None:
        """See `WriteObserver`."""


def measure(seconds: float) -> list[Rows]:
    """Each way for so many seconds; the naive one last."""
    with tempfile.TemporaryDirectory() as name, clickhouse(Path(name)) as server:
        client = connect(server.url)
        writer = ClickHouseFactWriter(lambda: connect(server.url), _Silent())

        def timed(way: str, rows: int, write: Callable[[list[QueueCall]], None]) -> Rows:
            write(_calls(0, rows))
            done = 0
            cpu_before, began = _cpu_s(server.process.pid), time.perf_counter()
            while (took := time.perf_counter() - began) < seconds:
                done += rows
                write(_calls(done, rows))
            cpu = _cpu_s(server.process.pid) - cpu_before
            return Rows(way, rows, done / took, cpu / done * 1e6)

        def flush(calls: list[QueueCall]) -> None:
            writer.write(calls, [])

        def insert_each(calls: list[QueueCall]) -> None:
            _insert_as_json(client, calls)

        result = [timed("writer", rows, flush) for rows in FLUSH_ROWS]
        result.append(timed("naive", 1, insert_each))
        writer.close()
        client.close()
        return result


def _insert_as_json(client: Client, calls: list[QueueCall]) -> None:
    for call in calls:
        row = msgspec.to_builtins(call)
        del row["uniqueid"]
        times = {key: value / 1000 for key, value in row.items() if key.endswith("_at") and value}
        client.command(
            "INSERT INTO callcentre.queue_calls FORMAT JSONEachRow " + json.dumps(row | times)
        )


def _cpu_s(engine_pid: int) -> float:
    usage = usage_of(engine_pid)
    return time.process_time() + (0.0 if usage is None else usage.cpu_s)


def _calls(first: int, count: int) -> list[QueueCall]:
    return [_call(number) for number in range(first, first + count)]


def _call(number: int) -> QueueCall:
    entered_at = _BEGIN_MS + number * 37
    agent = number % _AGENTS
    uniqueid = f"{entered_at // 1000}.{number}"
    wait_ms, talk_ms = number * 7_919 % 90_000, number * 104_729 % 600_000
    return QueueCall(
        "acme",
        f"pbx-{number % 20:02}",
        "voice",
        f"queue-{number % 10}",
        f"{uniqueid}/1",
        uniqueid,
        uniqueid,
        entered_at,
        "ended",
        "answered",
        entered_at + wait_ms,
        entered_at + wait_ms + talk_ms,
        wait_ms,
        talk_ms,
        0,
        10_000,
        f"pjsip/{2000 + agent}",
        f"Agent {agent}",
        "caller",
        "none",
        0,
        1,
        "…0001",
        f"{number * 2_654_435_761 % (1 << 64):016x}",
        is_estimated=False,
        version=number + 1,
    )
