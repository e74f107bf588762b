"""Every metric of the streams. No caller, call or agent is ever a label.

Names and labels are stored state of somebody's dashboards: never renamed in place.
"""

from collections.abc import Iterable, Mapping

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

EVENTS_FOLDED = Counter("streams_events_folded_total", "Events taken into the fold.")
BATCHES_REPEATED = Counter(
    "streams_batches_repeated_total",
    "Batches of which the site's state had seen everything; chat events that changed no row.",
)
MESSAGES_REPEATED = Counter(
    "streams_messages_repeated_total", "Messages read again below the partition's position."
)
JUMPS = Counter("streams_jumps_total", "Batches that jumped over events of their site.")
REWINDS = Counter(
    "streams_rewinds_total",
    "Times the source partitions were read again. "
    "hole: messages missing on the way here; jump: a site's state was behind; "
    "stalled: the broker had more and nothing came; doubt: states were dropped and reloaded; "
    "log_made_anew: the broker's log was shorter than what had been read of it.",
    ["reason"],
)
COVERAGE_GAPS = Counter(
    "streams_coverage_gaps_total",
    "Coverage gap facts made by the fold, updates included.",
    ["reason"],
)
BATCHES_DEAD = Counter(
    "streams_batches_dead_lettered_total",
    "Messages put aside. undecodable: no batch; wrong_key: of another site than its key says; "
    "fold: it broke the rules; state: with it the site's state could not be stored; size: with it "
    "the state would have been too large.",
    ["reason"],
)
# The first of its kind must be an increase, and it is none if the series begins with it.
for _reason in ("undecodable", "wrong_key", "fold", "state", "size"):
    BATCHES_DEAD.labels(_reason)
STATES_MADE_ANEW = Counter(
    "streams_states_made_anew_total",
    "Sites without a stored state whose first event was not their first: the state was lost, or "
    "the site came from elsewhere.",
)
UNITS_DROPPED = Counter(
    "streams_units_dropped_total",
    "Units of effect given up before their records were stored; their messages are folded again.",
)
SENDS_FAILED = Counter(
    "streams_sends_failed_total",
    "Times the broker did not acknowledge what a unit sent; the unit is given up.",
    ["what"],
)
STORAGE_WAITS = Counter(
    "streams_storage_waits_total", "Times a unit waited because ClickHouse could not take it."
)
ROWS_WRITTEN = Counter("streams_rows_written_total", "Rows acknowledged by ClickHouse.", ["table"])
INSERT_SECONDS = Histogram(
    "streams_insert_duration_seconds",
    "From an insert's first attempt to its acknowledgement.",
    ["table"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
INSERT_RETRIES = Counter(
    "streams_insert_retries_total", "Inserts that failed and were tried again.", ["table", "reason"]
)
FLUSH_SECONDS = Histogram(
    "streams_flush_duration_seconds",
    "From the cut of a unit to the acknowledgement of its records.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600),
)
EVENT_AGE_SECONDS = Histogram(
    "streams_event_age_seconds",
    "Age of a batch when it was readable in ClickHouse, since its last event happened on the PBX "
    "(clock skew included) or since ingest received it.",
    ["since"],
    buckets=(0.05, 0.1, 0.2, 0.4, 0.7, 1, 2, 5, 10, 30, 60, 300, 1800),
)
STATE_RECORD_BYTES = Histogram(
    "streams_state_record_bytes",
    "Size of a stored site record.",
    buckets=(1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 19, 1 << 20),
)
RECOVERY_SECONDS = Histogram(
    "streams_recovery_duration_seconds",
    "From the loss of the partitions, or the start, until the fold may go on: one for each "
    "rebalance.",
    buckets=(0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 180),
)
PENDING_ROWS = Gauge(
    "streams_pending_rows", "Facts and events of the unit that is being filled; bounded."
)
PENDING_MESSAGES = Gauge("streams_pending_messages", "Messages of the unit that is being filled.")
WRITING_SINCE = Gauge(
    "streams_unit_writing_since_timestamp_seconds",
    "When the writing of the unit now in hand began; 0 while nothing is written.",
)
PARTITIONS_OWNED = Gauge(
    "streams_partitions_owned", "Source partitions this worker folds; 0 until it is ready."
)
SITES_HELD = Gauge("streams_sites_held", "Sites whose state is in memory.")
STATES_BYTES = Gauge(
    "streams_states_bytes", "Size of the states in memory, as they were stored last."
)
LAG = Gauge(
    "streams_lag_messages",
    "Messages in the source partition that have not taken their full effect.",
    ["partition"],
)
LAG_SECONDS = Gauge(
    "streams_lag_seconds",
    "How long ago the oldest batch of the partition that has not taken its full effect happened on "
    "the PBX; if none was read yet, how long more has been waiting. 0 without lag.",
    ["partition"],
)
LAST_FLUSH = Gauge(
    "streams_last_flush_timestamp_seconds", "When a unit last took its full effect; 0 before."
)
CHAT_UNKNOWN = Counter(
    "streams_chat_unknown_total",
    "Words of chat platforms that were not known and told nothing. event: its name; id: what it is "
    "about; session_status, message_status, message_origin, message_direction, availability; "
    "connector: of another program than this.",
    ["what"],
)
CHAT_FOUND_BY_ASKING = Counter(
    "streams_chat_found_by_asking_total",
    "Rows that changed because a platform was asked: what its webhooks did not tell, or not yet. "
    "Steady growth means that webhooks have stopped.",
)
CHAT_NOT_KEPT = Counter(
    "streams_chat_not_kept_total",
    "Sightings of sessions and messages beyond what the state of one session holds.",
)
WINDOW_DIFFERENCES = Gauge(
    "streams_window_differences",
    "Windows of the last 48 hours that do not equal the sums over their queue calls, found the "
    "same twice in a row. Anything but 0 is a fault.",
)
RECONCILED = Gauge(
    "streams_reconciled_timestamp_seconds",
    "When the windows were last compared with their queue calls; 0 where another worker does it.",
)
RECONCILE_SECONDS = Histogram(
    "streams_reconcile_duration_seconds",
    "Comparing the windows with their queue calls.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
RECONCILE_SKIPPED = Counter(
    "streams_reconcile_skipped_total",
    "Comparisons of windows that came to nothing. "
    "away: ClickHouse could not answer now; refused: it will not answer this.",
    ["reason"],
)

MAX_QUEUES = 500


class QueueGauges(Collector):
    """Three gauges for each queue of a tenant, of at most `MAX_QUEUES` queues.

    Those with the longest waits come first, so that what is left out is not what matters. A tenant
    with sites in several partitions may be told by several workers: sum or compare them.
    """

    def __init__(self) -> None:
        """Knows no queue."""
        self._queues: list[tuple[tuple[str, str], tuple[int, float, int]]] = []
        self._left_out = 0

    def show(self, queues: Mapping[tuple[str, str], tuple[int, float, int]]) -> None:
        """Tell these from now on: waiting, longest wait in s, free agents, by (tenant, queue).

        Whatever was told before and is not among them is told no more.
        """
        by_need = sorted(queues.items(), key=lambda entry: (-entry[1][1], -entry[1][0], entry[0]))
        self._queues = sorted(by_need[:MAX_QUEUES])
        self._left_out = len(by_need) - len(self._queues)

    def collect(self) -> Iterable[Metric]:
        """As prometheus_client asks for it, in a thread of its own."""
        labels = ("tenant", "queue")
        waiting = GaugeMetricFamily(
            "streams_queue_waiting_calls", "Callers who wait in the queue.", labels=labels
        )
        longest = GaugeMetricFamily(
            "streams_queue_longest_wait_seconds",
            "How long the one of them waits who has waited longest; 0 if nobody does.",
            labels=labels,
        )
        available = GaugeMetricFamily(
            "streams_queue_available_agents",
            "Agents who would be offered a caller of the queue now.",
            labels=labels,
        )
        for place, (calls, seconds, agents) in self._queues:
            waiting.add_metric(place, calls)
            longest.add_metric(place, seconds)
            available.add_metric(place, agents)
        yield from (waiting, longest, available)
        yield GaugeMetricFamily(
            "streams_queues_left_out",
            f"Queues that the gauges above do not tell, being more than {MAX_QUEUES}.",
            self._left_out,
        )


QUEUES = QueueGauges()
REGISTRY.register(QUEUES)


class InsertMetrics:
    """Counts what the writer does; a `streams.storage.writer.WriteObserver`."""

    def inserted(self, table: str, rows: int, seconds: float) -> None:
        """An insert was acknowledged."""
        ROWS_WRITTEN.labels(table).inc(rows)
        INSERT_SECONDS.labels(table).observe(seconds)

    def retried(self, table: str, reason: str) -> None:
        """An insert failed and is tried again."""
        INSERT_RETRIES.labels(table, reason).inc()
