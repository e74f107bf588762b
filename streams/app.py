"""The Faust app: built by a function, never at import. Which setting is there for which reason.

Why each fault is harmless: docs/adr/0020-exact-under-faults.md.
"""

import tempfile
from functools import partial
from pathlib import Path

import faust

from ingest_api.contract.topics import CHAT_EVENTS, PBX_EVENTS
from streams.config import StreamsConfig
from streams.names import APP_ID, CHAT_APP_ID
from streams.processors import chats, reconciliation, sites
from streams.processors.ports import SiteFold
from streams.processors.source_processor import Limits
from streams.storage.connection import connect
from streams.storage.windows import DifferenceReader
from streams.storage.writer import FactWriter
from streams.topics import topic_id

_DAY_S = 86_400.0
_MIB = 1 << 20


def create_app(
    config: StreamsConfig, writer: FactWriter, fold: SiteFold | None = None
) -> faust.App:
    """The app of a worker that folds sites. `fold` is the real one unless a test brings another.

    It needs the topics of `streams/topics.py`; nothing is connected before it is started.
    """
    app = _faust_app(APP_ID, config)
    source_id = partial(topic_id, config.topics.kafka_bootstrap, PBX_EVENTS)
    sites.register(app, writer, _limits(config), source_id, fold)
    differences = DifferenceReader(partial(connect, config.clickhouse_url))
    reconciliation.register(app, differences, config.reconcile_interval_s)
    return app


def create_chat_app(config: StreamsConfig, writer: FactWriter) -> faust.App:
    """The app of a worker that folds chats; as `create_app`."""
    app = _faust_app(CHAT_APP_ID, config)
    source_id = partial(topic_id, config.topics.kafka_bootstrap, CHAT_EVENTS)
    chats.register(app, writer, _limits(config), source_id)
    return app


def _limits(config: StreamsConfig) -> Limits:
    return Limits(
        flush_interval_s=config.flush_interval_ms / 1000,
        flush_max_rows=config.flush_max_rows,
        dead_letters_per_minute=config.dead_letters_per_minute,
    )


def _faust_app(name: str, config: StreamsConfig) -> faust.App:
    return faust.App(
        name,
        broker=[
            f"kafka://{address.strip()}" for address in config.topics.kafka_bootstrap.split(",")
        ],
        # Nothing of importance is kept on disk; Faust wants to make the directory all the same.
        datadir=str(Path(tempfile.gettempdir()) / name),
        web_enabled=False,
        topic_disable_leader=True,
        topic_partitions=config.topics.partitions,
        topic_replication_factor=config.topics.replication,
        # A site's past matters, however old: never start at the end of a log.
        consumer_auto_offset_reset="earliest",
        # Compares offsets with the log's end, which not every broker tells right, and crashes the
        # recovery; the records tell where to go on.
        recovery_consistency_check=False,
        table_standby_replicas=0,
        # The messages in hand at a rebalance are folded again; nobody waits for them.
        stream_wait_empty=False,
        # The queue is lost at each rewind, and messages are up to a megabyte.
        stream_buffer_maxsize=128,
        consumer_max_fetch_size=4 * _MIB,
        broker_session_timeout=float(config.session_timeout_s),
        broker_heartbeat_interval=config.session_timeout_s / 6,
        broker_rebalance_timeout=float(max(10, config.session_timeout_s)),
        broker_request_timeout=float(max(30, 2 * config.session_timeout_s)),
        broker_commit_interval=1.0,
        # While ClickHouse is away nothing is fetched, for as long as it takes; the heartbeat goes
        # on and the membership must too. Silence is told by the metrics, not by losing partitions.
        broker_max_poll_interval=30 * _DAY_S,
        broker_commit_livelock_soft_timeout=30 * _DAY_S,
        stream_processing_timeout=30 * _DAY_S,
        # A record that is not acknowledged by then is doubt: drop the states and reload.
        producer_request_timeout=30.0,
        producer_max_request_size=8 * _MIB,
        producer_max_batch_size=_MIB,
    )
