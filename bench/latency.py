"""`python -m bench --only latency`: from an event on the AMI socket to its readable row.

Every part is the real one in its own process: AMI server, collectors, ingest, broker, worker,
ClickHouse. The event's `Timestamp` is taken when it is written to the socket, and becomes the row's
`entered_at`; a probe reads the marked calls (some twenty a second, in a queue of their own, so that
it reads a few rows) every 20 ms, which is part of what it finds. Beside it a row that is inserted
directly and looked for by the same probe.
"""

import re
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

from clickhouse_connect.driver.client import Client
from prometheus_client.parser import text_string_to_metric_families

from bench.figures import quantile
from bench.servers import UP_WITHIN_S, clickhouse, collector, ingest, started, worker
from bench.steady_pbx import AMI_SECRET_VARIABLE, MARKED_QUEUE
from local.broker import running_broker
from local.process import LOOPBACK, Child, ChildFailedError, free_port
from local.usage import usage_of
from streams.config import TopicsConfig
from streams.storage.connection import connect
from streams.topics import create_topics

TENANT = "acme"
PROBE_EVERY_S = 0.02
_WARM_UP_S = 6.0
_DIRECT_ROWS = 40
_FIRST_ROW_WITHIN_S = 60.0


class Latency(NamedTuple):
    """At one load, in seconds. `cpu_s_per_s` says how many cores each part kept busy.

    The two means are of batches, from their last event on: until ingest had it, and from there
    until it was readable.
    """

    events_per_s: int
    collectors: int
    calls: int
    p50_s: float
    p99_s: float
    mean_to_ingest_s: float
    mean_to_row_s: float
    cpu_s_per_s: dict[str, float]


class Direct(NamedTuple):
    """A row inserted directly, in seconds."""

    p50_s: float
    p99_s: float


def measure(
    seconds: float, loads: tuple[tuple[int, int], ...] = ((200, 1), (2_000, 4))
) -> tuple[list[Latency], Direct]:
    """For so many seconds at each load: events a second, and collectors that share them."""
    latencies = [_latency(events_per_s, sites, seconds) for events_per_s, sites in loads]
    with tempfile.TemporaryDirectory() as name, clickhouse(Path(name)) as server:
        client = connect(server.url)
        ages = _direct_ages(client)
        client.close()
    return latencies, Direct(quantile(ages, 0.5), quantile(ages, 0.99))


def _latency(events_per_s: int, sites: int, seconds: float) -> Latency:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        metrics_port = free_port()
        url, parts = stack.enter_context(_pipeline(folder, events_per_s, sites, metrics_port))
        client = connect(url)
        probe = _Probe(client)
        _await_first_row(probe, parts)
        probe.watch(_WARM_UP_S)
        before, ages_before = _cpu(parts), _batch_ages(metrics_port)
        began = time.monotonic()
        ages = probe.watch(seconds)
        took = time.monotonic() - began
        for part in parts:
            part.check()
        client.close()
        used = {name: round((cpu - before[name]) / took, 3) for name, cpu in _cpu(parts).items()}
        batch_ages = _batch_ages(metrics_port)
        happened_s, received_s = (
            batch_ages[since].mean_after(ages_before[since]) for since in ("happened", "received")
        )
        return Latency(
            events_per_s,
            sites,
            len(ages),
            quantile(ages, 0.5),
            quantile(ages, 0.99),
            happened_s - received_s,
            received_s,
            used,
        )


class _Summed(NamedTuple):
    """A metric's sum, and of how many observations."""

    total_s: float
    observed: float

    def mean_after(self, before: "_Summed") -> float:
        """The mean of what came after; raises ZeroDivisionError if nothing did."""
        return (self.total_s - before.total_s) / (self.observed - before.observed)


def _batch_ages(metrics_port: int) -> dict[str, _Summed]:
    """The worker's `streams_event_age_seconds` by what the age is counted from."""
    with urlopen(f"http://{LOOPBACK}:{metrics_port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    values = {
        (sample.labels["since"], sample.name.rpartition("_")[2]): sample.value
        for family in text_string_to_metric_families(text)
        if family.name == "streams_event_age_seconds"
        for sample in family.samples
    }
    return {
        since: _Summed(values[since, "sum"], values[since, "count"])
        for since in ("happened", "received")
    }


@contextmanager
def _pipeline(
    folder: Path, events_per_s: int, sites: int, metrics_port: int
) -> Iterator[tuple[str, list[Child]]]:
    """ClickHouse's address, and the processes from the PBX to it."""
    names = [f"pbx-{number:02}" for number in range(1, sites + 1)]
    secret = secrets.token_urlsafe(12)
    config = TopicsConfig("")
    with ExitStack() as stack:
        kafka = stack.enter_context(running_broker(folder / "broker.log"))
        server = stack.enter_context(clickhouse(folder))
        create_topics(kafka, config.partitions, config.replication)
        api = stack.enter_context(ingest(folder, kafka, TENANT, names))
        folding = stack.enter_context(worker(folder, kafka, server.url, metrics_port))
        command = ["bench.steady_pbx", str(events_per_s), str(sites)]
        pbx = started("pbx", command, folder, {AMI_SECRET_VARIABLE: secret})
        stack.enter_context(pbx)
        pbx.wait_until(lambda: len(_ports(pbx)) == sites, UP_WITHIN_S)
        collectors = [
            stack.enter_context(collector(folder, name, port, secret, api))
            for name, port in _ports(pbx).items()
        ]
        yield server.url, [pbx, *collectors, api.process, folding, server.process]


def _ports(pbx: Child) -> dict[str, int]:
    found = re.findall(r"^(\S+) AMI on (\d+)$", pbx.log.read_text(), re.MULTILINE)
    return {name: int(port) for name, port in found}


class _Probe:
    """Looks for marked calls it has not seen, and takes their age when they can be read."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._seen: dict[str, int] = {}
        self._newest = 0

    def look(self) -> list[float]:
        """The ages in seconds of the calls that have become readable since the last look."""
        rows = self._client.query(
            "SELECT site || call_id, toUnixTimestamp64Milli(entered_at) "  # noqa: S608 - ours
            f"FROM callcentre.queue_calls WHERE tenant_id = '{TENANT}' "
            f"AND queue = '{MARKED_QUEUE}' "
            f"AND entered_at > fromUnixTimestamp64Milli({self._newest - 3_000})"
        ).result_rows
        now_ms = time.time() * 1000
        fresh = {key: at for key, at in rows if key not in self._seen}
        self._newest = max([self._newest, *fresh.values()])
        # Bounded: what is older than the query reaches is not asked for again.
        kept = {key: at for key, at in self._seen.items() if at > self._newest - 10_000}
        self._seen = kept | fresh
        return [(now_ms - at) / 1000 for at in fresh.values()]

    def watch(self, seconds: float) -> list[float]:
        """Looks again and again for so long."""
        ages: list[float] = []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            ages += self.look()
            time.sleep(PROBE_EVERY_S)
        return ages


def _await_first_row(probe: _Probe, parts: list[Child]) -> None:
    deadline = time.monotonic() + _FIRST_ROW_WITHIN_S
    while not probe.look():
        for part in parts:
            part.check()
        if time.monotonic() > deadline:
            tails = "\n".join(part.log_tail() for part in parts)
            raise ChildFailedError(f"no row has arrived\n{tails}")
        time.sleep(PROBE_EVERY_S)


def _direct_ages(client: Client) -> list[float]:
    probe = _Probe(client)
    ages: list[float] = []
    columns = ["tenant_id", "site", "queue", "call_id", "entered_at", "version"]
    for number in range(_DIRECT_ROWS):
        row = [TENANT, "pbx-01", MARKED_QUEUE, f"{number}/1", int(time.time() * 1000), 1]
        client.insert("queue_calls", [row], columns, database="callcentre")
        while not (found := probe.look()):
            time.sleep(PROBE_EVERY_S)
        ages += found
    return ages


def _cpu(parts: list[Child]) -> dict[str, float]:
    used: dict[str, float] = {}
    for part in parts:
        usage = usage_of(part.pid)
        kind = part.name.partition("-")[0]
        used[kind] = used.get(kind, 0.0) + (0.0 if usage is None else usage.cpu_s)
    return used
