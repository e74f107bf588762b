"""The parts of a run of the bench: each measures, and says what that means as figures.

Goals are the project's own limits (docs/bench.md). Where a program shares the cores with its load,
the rate per second of its own processor time stands beside that of the clock.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from bench import boards, collector, fold, ingest, latency, queries, recovery, storage, streams
from bench.figures import Baseline, Figure, Goal, quantile

_INGEST_BATCH = 100
_STREAMS_BATCH = 100
_COLLECTOR_RATE = 100
_STREAMS_SITES = (1, 100, 1_000)


class Size(NamedTuple):
    """How much is measured: more takes longer and is steadier."""

    seconds: float
    stream_events: int
    fold_rounds: int
    latency_seconds: float
    collector_seconds: float
    recovery_sites: int
    recovery_calls_per_site: int
    calls: int
    board_rounds: int


FULL = Size(
    4.0, 200_000, 15, 20.0, 12.0, recovery.SITES, recovery.CALLS_PER_SITE, queries.CALLS, 10
)
QUICK = Size(1.0, 60_000, 7, 6.0, 5.0, 40, 50, 200_000, 3)


def ingest_figures(size: Size) -> list[Figure]:
    """Events a second of one process, acknowledged by the broker."""
    loads = ingest.measure(size.seconds).loads
    naive = next(load for load in loads if load.program == "naive_ingest")
    figures = []
    for load in loads:
        if load is naive:
            continue
        name = f"ingest, {load.events_per_batch:,} a batch"
        goal = Goal("at least", 100_000) if load.events_per_batch == _INGEST_BATCH else None
        of = f"plain FastAPI, {naive.events_per_batch} a batch"
        figures += [
            Figure(name, "events/s", load.events_per_s, Baseline(of, naive.events_per_s), goal),
            Figure(
                name,
                "events/CPU s",
                load.events_per_cpu_s,
                Baseline(of, naive.events_per_cpu_s),
                goal,
            ),
            Figure(f"{name}, p99", "ms", load.p99_ms, Baseline(of, naive.p99_ms)),
        ]
    return figures


def streams_figures(size: Size) -> list[Figure]:
    """Events a second of one core through fold, state records and the facts' columns."""
    loads = streams.measure(size.stream_events, _STREAMS_SITES, (500,))
    naive, *folds = loads
    one_site = next(load for load in folds if load.feed == "calls" and load.sites == 1)
    figures = []
    for load in folds:
        is_goal = load.events_per_batch == _STREAMS_BATCH
        figures.append(
            Figure(
                f"streams, {load.feed} of {load.sites:,} sites, {load.events_per_batch} a batch",
                "events/CPU s",
                load.events_per_cpu_s,
                Baseline("Faust per event, windowed tables", naive.events_per_cpu_s),
                Goal("at least", 100_000) if is_goal else None,
            )
        )
    most = max(folds, key=lambda load: load.sites)
    figures.append(
        Figure(
            f"streams, cost at {most.sites:,} sites",
            "µs/event",
            most.cpu_us_per_event,
            Baseline("at 1 site", one_site.cpu_us_per_event),
        )
    )
    return figures


def fold_figures(size: Size) -> list[Figure]:
    """Where the processor time of an event goes."""
    costs, records = fold.measure(size.fold_rounds)
    figures = []
    for cost in costs:
        name = f"fold, {cost.day}, {cost.events_per_batch:,} a batch"
        whole = Baseline("from bytes to rows", cost.total_us)
        figures += [
            Figure(f"{name}: {part}", "µs/event", value, whole)
            for part, value in (
                ("decode", cost.decode_us),
                ("interpret", cost.interpret_us),
                ("fold", cost.fold_us),
                ("rows", cost.rows_us),
            )
        ]
    smallest = records[0]
    figures += [
        Figure(
            f"state record, {record.open_calls} open calls",
            "µs to encode",
            record.encode_us,
            Baseline(f"{smallest.open_calls} open calls", smallest.encode_us),
        )
        for record in records
    ]
    return figures


def latency_figures(size: Size) -> list[Figure]:
    """From the AMI socket to a readable row."""
    latencies, direct = latency.measure(size.latency_seconds)
    figures = []
    for one in latencies:
        collectors = "1 collector" if one.collectors == 1 else f"{one.collectors} collectors"
        name = f"AMI to row, {one.events_per_s:,} events/s, {collectors}"
        is_goal = one is latencies[-1]
        figures += [
            Figure(
                f"{name}, {quantile}",
                "s",
                value,
                Baseline("inserted directly", without),
                Goal("at most", most) if is_goal else None,
            )
            for quantile, value, without, most in (
                ("p50", one.p50_s, direct.p50_s, 0.4),
                ("p99", one.p99_s, direct.p99_s, 1.0),
            )
        ]
        figures.append(
            Figure(
                f"{name}, mean until ingest",
                "s",
                one.mean_to_ingest_s,
                Baseline("ingest until row", one.mean_to_row_s),
            )
        )
    return figures


def collector_figures(size: Size) -> list[Figure]:
    """What a collector costs the PBX."""
    loads = collector.measure(seconds=size.collector_seconds)
    least = min(loads, key=lambda load: load.events_per_s)
    figures = []
    for load in loads:
        name, of = f"collector, {load.events_per_s} events/s", f"{least.events_per_s} events/s"
        is_goal = load.events_per_s == _COLLECTOR_RATE
        figures += [
            Figure(
                name,
                "% of a core",
                load.cpu_percent,
                Baseline(of, least.cpu_percent),
                Goal("at most", 2) if is_goal else None,
            ),
            Figure(
                f"{name}, peak",
                "MB",
                load.peak_memory_mb,
                Baseline(of, least.peak_memory_mb),
                Goal("at most", 30),
            ),
        ]
    return figures


def recovery_figures(size: Size) -> list[Figure]:
    """From the start of a worker after a kill to new facts."""
    full, empty = recovery.measure(size.recovery_sites, size.recovery_calls_per_site)
    name = f"recovery, {full.sites} sites, {full.open_calls:,} open calls"
    return [
        Figure(
            f"{name}: first new fact",
            "s",
            full.first_fact_s,
            Baseline("nothing to recover", empty.first_fact_s),
        ),
        Figure(
            f"{name}: all sites",
            "s",
            full.last_fact_s,
            Baseline("nothing to recover", empty.last_fact_s),
        ),
    ]


def storage_figures(size: Size) -> list[Figure]:
    """Rows a second into ClickHouse, acknowledged."""
    *ways, naive = storage.measure(size.seconds)
    return [
        Figure(
            f"rows into ClickHouse, {way.rows_per_insert:,} a flush",
            "rows/s",
            way.rows_per_s,
            Baseline("JSONEachRow, row by row", naive.rows_per_s),
        )
        for way in ways
    ]


def queries_figures(size: Size) -> list[Figure]:
    """A live board's questions, and what a queue call takes on disk."""
    own, naive = queries.measure(size.calls)
    name = f"board, {size.calls:,} calls"
    of = "plain table by time"
    return [
        Figure(
            f"{name}, one day, p50",
            "ms",
            own.day_p50_ms,
            Baseline(of, naive.day_p50_ms),
            Goal("at most", 20),
        ),
        Figure(
            f"{name}, one day, p95",
            "ms",
            own.day_p95_ms,
            Baseline(of, naive.day_p95_ms),
            Goal("at most", 60),
        ),
        Figure(f"{name}, 30 days, p50", "ms", own.month_p50_ms, Baseline(of, naive.month_p50_ms)),
        Figure(
            f"queue call on disk, {size.calls:,} calls",
            "bytes",
            own.bytes_per_call,
            Baseline(of, naive.bytes_per_call),
            Goal("at most", 42),
        ),
    ]


def boards_figures(size: Size) -> list[Figure]:
    """Every statement of the customers' boards: those of the live page, and the heaviest of all."""
    asked = boards.measure(size.calls, size.board_rounds)
    live = [one for one in asked if one.is_live]
    times_ms = [ms for one in live for ms in one.times_ms]
    heaviest = max(asked, key=lambda one: one.cpu_ms)
    name = f"boards, {size.calls:,} calls"
    where = f"{heaviest.board}, {heaviest.where}, {heaviest.days} days"
    return [
        Figure(f"{name}, wallboard, p50 of its statements", "ms", quantile(times_ms, 0.5)),
        Figure(f"{name}, wallboard, p95 of its statements", "ms", quantile(times_ms, 0.95)),
        Figure(f"{name}, wallboard, a refresh", "CPU ms", sum(one.cpu_ms for one in live)),
        Figure(f"{name}, heaviest ({where})", "CPU ms", heaviest.cpu_ms),
        Figure(f"{name}, heaviest, p95", "ms", heaviest.p95_ms, None, Goal("at most", 1_000)),
    ]


PARTS: Mapping[str, Callable[[Size], list[Figure]]] = MappingProxyType(
    {
        "ingest": ingest_figures,
        "streams": streams_figures,
        "fold": fold_figures,
        "collector": collector_figures,
        "latency": latency_figures,
        "recovery": recovery_figures,
        "storage": storage_figures,
        "queries": queries_figures,
        "boards": boards_figures,
    }
)
