"""`python -m bench.outage`: ClickHouse is away for ten minutes, and comes back.

Sites send all the while, into an embedded broker; a worker folds. Once rows are readable the
ClickHouse service is killed, and started again after `--seconds`. Taken are the lag at its return,
the time until there is none, what the worker holds meanwhile, whether it lost its partitions, and
in the end every queue call and window against a fold of the same batches in memory.

Exit code 1: a row is missing or wrong, the partitions were lost, or the lag did not go within two
minutes.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
import time
from itertools import chain, zip_longest
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

from clickhouse_connect.driver.client import Client
from kafka import KafkaProducer
from prometheus_client.parser import text_string_to_metric_families

from bench.servers import UP_WITHIN_S, clickhouse, worker
from bench.site_events import TENANT, batches
from ingest_api.contract.published import PublishedBatch, encode_batch
from ingest_api.contract.topics import PBX_EVENTS, site_key
from local.broker import running_broker
from local.process import LOOPBACK, free_port
from local.usage import usage_of
from streams.config import TopicsConfig
from streams.domain.facts import QueueCall, QueueWindow
from streams.domain.site_state import new_site_state
from streams.site_batches import fold_batch
from streams.storage.connection import connect
from streams.topics import create_topics

CAUGHT_UP_WITHIN_S = 120.0
_BATCH_EVENTS = 20
_WARM_UP_S = 5.0
_LOOK_EVERY_S = 1.0
_TOLD_EVERY_S = 60.0

_Rows = dict[tuple[str, ...], tuple[int, str]]
"""Version and outcome of each queue call and window, by what tells it from the others."""


class Outage(NamedTuple):
    """What came of it. `waiting` is in messages, `recoveries` counts those after the first one."""

    away_s: float
    sites: int
    events: int
    waiting: int
    lag_seen_after_s: float
    caught_up_s: float
    worker_mib_before: float
    worker_mib_peak: float
    retries: int
    recoveries: int
    rows: int
    rows_wrong: int

    @property
    def is_well(self) -> bool:
        """Whether it is as it should be."""
        is_in_time = self.caught_up_s <= CAUGHT_UP_WITHIN_S
        return is_in_time and not self.rows_wrong and not self.recoveries


def measure(seconds: float, sites: int, events_per_s: int) -> Outage:
    """ClickHouse away for `seconds`. Raises ChildFailedError if another part ends."""
    events = round((seconds + 2 * _WARM_UP_S) * events_per_s) // sites
    feeds = [list(batches(f"pbx-{number:03}", events, _BATCH_EVENTS)) for number in range(sites)]
    config = TopicsConfig("")
    with (
        tempfile.TemporaryDirectory() as name,
        running_broker(Path(name) / "broker.log") as kafka,
        clickhouse(Path(name)) as server,
    ):
        create_topics(kafka, config.partitions, config.replication)
        port = free_port()
        with worker(Path(name), kafka, server.url, port) as folding:
            gauges = _Gauges(port)
            folding.wait_until(lambda: gauges.read("streams_partitions_owned") > 0, UP_WITHIN_S)
            feeding = threading.Thread(target=_feed, args=(kafka, feeds, events_per_s))
            feeding.start()
            folding.wait_until(lambda: gauges.read("streams_rows_written_total") > 0, UP_WITHIN_S)
            time.sleep(_WARM_UP_S)
            recoveries = gauges.read("streams_recovery_duration_seconds_count")
            before = _mib(folding.pid)
            os.kill(server.process.pid, signal.SIGKILL)
            server.process.stop()
            began = time.monotonic()
            lag_seen_after_s = _wait(began, seconds, gauges)
            waiting = round(gauges.read("streams_lag_messages"))
            server.process.start_again()
            back = time.monotonic()
            feeding.join()
            folding.wait_until(lambda: gauges.read("streams_lag_messages") == 0, UP_WITHIN_S * 10)
            caught_up_s = time.monotonic() - back
            usage = usage_of(folding.pid)
            client = connect(server.url)
            expected, found = _folded(feeds), _stored(client)
            client.close()
            wrong = [key for key in expected | found if expected.get(key) != found.get(key)]
            return Outage(
                round(back - began, 1),
                sites,
                events * sites,
                waiting,
                round(lag_seen_after_s, 1),
                round(caught_up_s, 1),
                round(before, 1),
                round(usage.peak_rss_mib if usage else 0.0, 1),
                round(gauges.read("streams_storage_waits_total")),
                round(gauges.read("streams_recovery_duration_seconds_count") - recoveries),
                len(expected),
                len(wrong),
            )


class _Gauges:
    """The worker's metrics."""

    def __init__(self, port: int) -> None:
        self._url = f"http://{LOOPBACK}:{port}/metrics"

    def read(self, name: str) -> float:
        """The sum over a metric's labels; 0 while it is not told."""
        try:
            with urlopen(self._url, timeout=10) as answer:  # noqa: S310 - ours
                text = answer.read().decode()
        except OSError:
            return 0.0
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name
        )


def _feed(kafka: str, feeds: list[list[PublishedBatch]], events_per_s: int) -> None:
    """Sends the batches of all sites in turn, at an even pace."""
    producer = KafkaProducer(bootstrap_servers=kafka, acks="all", linger_ms=5)
    began = time.monotonic()
    sent = 0
    for batch in chain.from_iterable(zip_longest(*feeds)):
        if batch is None:
            continue
        producer.send(PBX_EVENTS, key=site_key(TENANT, batch.site), value=encode_batch(batch))
        sent += len(batch.events)
        ahead = began + sent / events_per_s - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)
    producer.close()


def _wait(began: float, seconds: float, gauges: _Gauges) -> float:
    """Waits until ClickHouse was away for so long; after how long a lag was told (else inf)."""
    seen_after_s = float("inf")
    told = began
    while (passed := time.monotonic() - began) < seconds:
        lag = gauges.read("streams_lag_messages")
        if seen_after_s == float("inf") and lag > 0 and passed > _LOOK_EVERY_S:
            seen_after_s = passed
        if time.monotonic() - told >= _TOLD_EVERY_S:
            told = time.monotonic()
            print(f"away {passed:.0f} s, {lag:.0f} messages wait", file=sys.stderr, flush=True)
        time.sleep(min(_LOOK_EVERY_S, max(0.0, began + seconds - time.monotonic())))
    return seen_after_s


def _folded(feeds: list[list[PublishedBatch]]) -> _Rows:
    rows: _Rows = {}
    for feed in feeds:
        state = new_site_state(TENANT, feed[0].site)
        for fact in chain.from_iterable(fold_batch(state, batch) for batch in feed):
            if isinstance(fact, QueueCall):
                rows["call", fact.site, fact.queue, fact.call_id] = fact.version, fact.outcome
            elif isinstance(fact, QueueWindow):
                rows["window", fact.site, fact.queue, str(fact.window_start)] = fact.version, ""
    return rows


def _stored(client: Client) -> _Rows:
    calls = client.query(
        "SELECT site, queue, call_id, version, outcome FROM callcentre.queue_calls FINAL"
    ).result_rows
    windows = client.query(
        "SELECT site, queue, toString(toUnixTimestamp64Milli(window_start)), version, ''"
        " FROM callcentre.queue_windows FINAL"
    ).result_rows
    return {("call", *row[:3]): tuple(row[3:]) for row in calls} | {
        ("window", *row[:3]): tuple(row[3:]) for row in windows
    }


def _mib(pid: int) -> float:
    usage = usage_of(pid)
    return usage.rss_mib if usage else 0.0


def main(arguments: list[str]) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.outage", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="away for (%(default)g)")
    parser.add_argument("--sites", type=int, default=20, help="how many send (%(default)s)")
    parser.add_argument("--rate", type=int, default=200, help="events a second (%(default)s)")
    options = parser.parse_args(arguments)
    outage = measure(options.seconds, options.sites, options.rate)
    print(json.dumps(outage._asdict(), indent=1))
    return 0 if outage.is_well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
