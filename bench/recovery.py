"""`python -m bench --only recovery`: from the start of a killed worker to its first new facts.

200 sites with 250 open calls each are folded; the worker is killed with signal 9, a caller joins at
each site, and a worker is started. Taken are the moments when the first and when the last of these
callers is readable in ClickHouse. Beside it a worker that starts with nothing to recover.
"""

import os
import signal
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from clickhouse_connect.driver.client import Client
from kafka import KafkaProducer

from bench.servers import clickhouse, worker
from bench.site_events import TENANT, open_calls
from ingest_api.contract.published import PublishedBatch, PublishedEvent, encode_batch
from ingest_api.contract.topics import PBX_EVENTS, site_key
from local.broker import running_broker
from local.process import Child, ChildFailedError
from streams.config import TopicsConfig
from streams.storage.connection import connect
from streams.topics import create_topics

SITES = 200
CALLS_PER_SITE = 250
_BATCH_EVENTS = 2_000
_WITHIN_S = 240.0
_ASK_EVERY_S = 0.05
_NEW_QUEUE = "after"


class Recovery(NamedTuple):
    """Seconds from the start of the worker's process to the first and the last new fact."""

    sites: int
    open_calls: int
    first_fact_s: float
    last_fact_s: float


def measure(sites: int = SITES, calls_per_site: int = CALLS_PER_SITE) -> list[Recovery]:
    """With so many open calls, and then with none."""
    return [_recovery(sites, calls_per_site), _recovery(sites, 0)]


def _recovery(sites: int, calls_per_site: int) -> Recovery:
    names = [f"pbx-{number:03}" for number in range(sites)]
    config = TopicsConfig("")
    with (
        tempfile.TemporaryDirectory() as name,
        running_broker(Path(name) / "broker.log") as kafka,
        clickhouse(Path(name)) as server,
    ):
        folder = Path(name)
        create_topics(kafka, config.partitions, config.replication)
        producer = KafkaProducer(bootstrap_servers=kafka, acks="all", linger_ms=20)
        client = connect(server.url)
        before = open_calls(calls_per_site)
        if calls_per_site:
            _produce(producer, names, before)
            with worker(folder, kafka, server.url) as first:
                _await_calls(client, first, f"queue != '{_NEW_QUEUE}'", sites * calls_per_site)
                os.kill(first.pid, signal.SIGKILL)
            _produce(producer, names, _caller_joins(before[-1]))
        else:
            _produce(producer, names, [*before, *_caller_joins(before[-1])])
        producer.close()
        began = time.monotonic()
        with worker(folder, kafka, server.url) as second:
            first_at = _await_calls(client, second, f"queue = '{_NEW_QUEUE}'", 1)
            last_at = _await_calls(client, second, f"queue = '{_NEW_QUEUE}'", sites)
        client.close()
        return Recovery(sites, sites * calls_per_site, first_at - began, last_at - began)


def _produce(producer: KafkaProducer, sites: list[str], events: Sequence[PublishedEvent]) -> None:
    """The same events at every site, batch by batch."""
    for start in range(0, len(events), _BATCH_EVENTS):
        cut = list(events[start : start + _BATCH_EVENTS])
        at = cut[-1].at
        for site in sites:
            batch = PublishedBatch(TENANT, site, f"spool-of-{site}", at + 30, at + 20, cut)
            producer.send(PBX_EVENTS, key=site_key(TENANT, site), value=encode_batch(batch))
    producer.flush()


def _caller_joins(last: PublishedEvent) -> list[PublishedEvent]:
    """The event behind `last`: somebody enters a queue where nobody was."""
    uniqueid = f"{last.at // 1000}.999999"
    fields = {
        "Channel": f"PJSIP/trunk-{uniqueid}",
        "Uniqueid": uniqueid,
        "Linkedid": uniqueid,
        "Queue": _NEW_QUEUE,
        "Position": "1",
    }
    return [
        PublishedEvent(last.sequence + 1, last.at + 1_000, "ami", "QueueCallerJoin", dict(fields))
    ]


def _await_calls(client: Client, worker: Child, where: str, count: int) -> float:
    """The moment when so many queue calls are readable; raises ChildFailedError without them."""
    query = f"SELECT count() FROM callcentre.v_queue_calls WHERE {where}"  # noqa: S608 - ours
    deadline = time.monotonic() + _WITHIN_S
    while client.query(query).result_rows[0][0] < count:
        worker.check()
        if time.monotonic() > deadline:
            raise ChildFailedError(f"{count} calls were not written in time\n{worker.log_tail()}")
        time.sleep(_ASK_EVERY_S)
    return time.monotonic()
