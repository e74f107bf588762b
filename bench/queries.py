"""`python -m bench --only queries`: what a board asks over many queue calls, and their bytes.

Asked as the largest and as a middling customer's reader, over HTTP. Beside it the same calls in a
table as one makes it at first: in the order of time, plain types, no versions to choose from.
"""

import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from clickhouse_connect.driver.client import Client

from bench.figures import quantile
from bench.generated_calls import LARGEST, MIDDLING, fill
from bench.servers import clickhouse
from streams.storage.connection import connect

CALLS = 1_000_000
_ROUNDS = 15

_ONE_DAY = {
    "last 15 minutes by queue": (
        "SELECT queue, count(), countIf(outcome = 'answered') FROM {table} "
        "WHERE {mine} entered_at >= now() - INTERVAL 15 MINUTE GROUP BY queue"
    ),
    "service level by half hour, today": (
        "SELECT toStartOfInterval(entered_at, INTERVAL 30 MINUTE, 'America/Sao_Paulo') AS at, "
        "kpi_service_level_excluding_short(countIf(outcome = 'answered' AND wait_ms <= 20000), "
        "countIf(outcome = 'answered'), countIf(outcome = 'abandoned'), "
        "countIf(outcome = 'abandoned' AND wait_ms < 5000)) "
        "FROM {table} WHERE {mine} entered_at >= now() - INTERVAL 1 DAY GROUP BY at ORDER BY at"
    ),
    "agents, today": (
        "SELECT agent_name, count(), kpi_mean_handle_time(sum(talk_ms), sum(hold_ms), "
        "sum(wrap_up_ms), count()) FROM {table} WHERE {mine} "
        "entered_at >= now() - INTERVAL 1 DAY AND outcome = 'answered' "
        "GROUP BY agent_name ORDER BY agent_name"
    ),
}
_MONTH = (
    "SELECT toStartOfInterval(entered_at, INTERVAL 1 DAY, 'America/Sao_Paulo') AS day, count(), "
    "countIf(outcome = 'abandoned') FROM {table} WHERE {mine} "
    "entered_at >= now() - INTERVAL 30 DAY GROUP BY day ORDER BY day"
)


class Answers(NamedTuple):
    """How long one table took, in milliseconds; `day` are the queries of a live board."""

    table: str
    day_p50_ms: float
    day_p95_ms: float
    month_p50_ms: float
    bytes_per_call: float


def measure(calls: int = CALLS) -> list[Answers]:
    """The product's table, then the naive one."""
    with (
        tempfile.TemporaryDirectory() as name,
        clickhouse(Path(name), (LARGEST, MIDDLING)) as server,
    ):
        admin = connect(server.url)
        fill(admin, calls)
        clients = {tenant: connect(url) for tenant, url in server.reader_urls.items()}
        own = _answers(
            "v_queue_calls", {tenant: (client, "") for tenant, client in clients.items()}
        )
        naive = _answers(
            "naive_calls",
            {tenant: (admin, f"tenant_id = '{tenant}' AND ") for tenant in clients},
        )
        sizes = _bytes_per_call(admin)
        for client in (admin, *clients.values()):
            client.close()
        return [
            Answers("v_queue_calls", *own, sizes["queue_calls"]),
            Answers("naive_calls", *naive, sizes["naive_calls"]),
        ]


def _answers(table: str, readers: dict[str, tuple[Client, str]]) -> tuple[float, float, float]:
    day: list[float] = []
    month: list[float] = []
    for _ in range(_ROUNDS):
        for client, mine in readers.values():
            names = {"table": f"callcentre.{table}", "mine": mine}
            day += [_asked_ms(client, query.format(**names)) for query in _ONE_DAY.values()]
            month.append(_asked_ms(client, _MONTH.format(**names)))
    return quantile(day, 0.5), quantile(day, 0.95), quantile(month, 0.5)


def _asked_ms(client: Client, query: str) -> float:
    began = time.perf_counter()
    client.query(query)
    return (time.perf_counter() - began) * 1e3


def _bytes_per_call(admin: Client) -> dict[str, float]:
    """When all parts are merged, as they are after a while."""
    for table in ("queue_calls", "naive_calls"):
        admin.command(f"OPTIMIZE TABLE callcentre.{table} FINAL")
    rows = admin.query(
        "SELECT table, sum(data_compressed_bytes) / sum(rows) FROM system.parts "
        "WHERE active AND database = 'callcentre' AND table IN ('queue_calls', 'naive_calls') "
        "GROUP BY table"
    ).result_rows
    return {row[0]: row[1] for row in rows}
