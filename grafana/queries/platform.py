"""Plataforma: PromQL over the metrics that the parts of the product declare themselves.

Names are those of `ingest_api/metrics.py`, `ingest_api/site_metrics.py`, `streams/metrics.py`, of
ClickHouse's own exporter, and of the objectives in `prometheus/rules/freshness.yml`.
"""

TENANTS = "label_values(collector_last_seen_timestamp_seconds, tenant)"

SITE = '{tenant=~"$tenant"}'
_WINDOW = "[$__rate_interval]"


def per_second(counter: str, by: str = "", labels: str = "") -> str:
    """Increase per second of a counter, summed; `by` names the labels that are kept."""
    kept = f" by ({by})" if by else ""
    return f"sum{kept} (rate({counter}{labels}{_WINDOW}))"


def quantile(share: float, histogram: str, labels: str = "", by: str = "le") -> str:
    """A quantile of a histogram over the last while, seconds or what it measures."""
    return f"histogram_quantile({share}, sum by ({by}) (rate({histogram}_bucket{labels}{_WINDOW})))"


ON_TIME = 'freshness:late_batches:ratio_rate1h{since="received"}'
ON_TIME_3_DAYS = 'freshness:late_batches:ratio_rate3d{since="received"}'

EVENT_AGE = tuple(
    (share, since, quantile(share, "streams_event_age_seconds", f'{{since="{since}"}}'))
    for since in ("received", "happened")
    for share in (0.5, 0.99)
)

LAST_SEEN = f"time() - max by (tenant, site) (collector_last_seen_timestamp_seconds{SITE})"
SPOOL = f"max by (tenant, site) (collector_spool_events{SITE})"
DELIVERED = per_second("collector_events_delivered_total", "tenant", SITE)
DROPPED = f"sum by (tenant, site, reason) (increase(collector_events_dropped_total{SITE}{_WINDOW}))"
SITES_SILENT = f"count(({LAST_SEEN}) > 120) or vector(0)"

REQUESTS = per_second("ingest_requests_total", "outcome")
REFUSED_EVENTS = per_second("ingest_events_refused_total", "reason")
REQUEST_SECONDS = tuple(
    (share, quantile(share, "ingest_request_duration_seconds")) for share in (0.5, 0.95, 0.99)
)
PUBLISH_SECONDS = quantile(0.95, "ingest_publish_duration_seconds")

LAG = "max by (partition) (streams_lag_seconds)"
LAG_MESSAGES = "max by (partition) (streams_lag_messages)"
FOLDED = per_second("streams_events_folded_total")
DEAD = per_second("streams_batches_dead_lettered_total", "reason")
FLUSH_SECONDS = tuple(
    (share, quantile(share, "streams_flush_duration_seconds")) for share in (0.5, 0.95)
)
REWINDS = f"sum by (reason) (increase(streams_rewinds_total{_WINDOW}))"
DIFFERENCES = "max(streams_window_differences)"
PARTITIONS = "sum(streams_partitions_owned)"
RECOVERY_SECONDS = quantile(0.95, "streams_recovery_duration_seconds")

ROWS_WRITTEN = per_second("streams_rows_written_total", "table")
INSERT_SECONDS = quantile(0.95, "streams_insert_duration_seconds", by="le, table")
INSERT_RETRIES = per_second("streams_insert_retries_total", "table, reason")
PARTS = "max(ClickHouseAsyncMetrics_MaxPartCountForPartition)"
FAILED = per_second("ClickHouseProfileEvents_FailedInsertQuery")
FAILED_SELECTS = per_second("ClickHouseProfileEvents_FailedSelectQuery")
SELECTS = per_second("ClickHouseProfileEvents_SelectQuery")

WAITING = 'topk(15, sum by (tenant, queue) (streams_queue_waiting_calls{tenant=~"$tenant"}))'
LONGEST = 'topk(15, max by (tenant, queue) (streams_queue_longest_wait_seconds{tenant=~"$tenant"}))'
AVAILABLE = (
    'bottomk(15, sum by (tenant, queue) (streams_queue_available_agents{tenant=~"$tenant"}))'
)
