"""What collectors report about themselves, per site: the last heartbeat, and when it was."""

import re
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ingest_api.auth import SiteIdentity
from ingest_api.contract.published import FieldValue

MAX_SITES = 2_000
"""Of more sites the one that was silent for longest is forgotten."""

_COUNT = re.compile(r"[0-9]{1,15}")
_LABELS = ("tenant", "site")

# Heartbeat field → name and help of the metric. Counters begin anew with the collector.
_GAUGES = {
    "spool_events": ("collector_spool_events", "Events waiting in the spool."),
    "spool_bytes": ("collector_spool_bytes", "Size of the spool on disk."),
    "intake_events": ("collector_intake_events", "Events in memory that are not on disk yet."),
    "open_calls": ("collector_open_calls", "Calls that the collector sees open."),
}
_COUNTERS = {
    "events_selected": ("collector_events_selected", "Events selected for sending."),
    "events_delivered": ("collector_events_delivered", "Events that ingest has accepted."),
    "events_refused": ("collector_events_refused", "Events that ingest has refused."),
    "deliveries_failed": ("collector_deliveries_failed", "Batches to be sent again."),
    "spool_writes_failed": ("collector_spool_writes_failed", "Commits that the disk refused."),
    "damaged_spools": ("collector_damaged_spools", "Spool files that were set aside."),
    "unknown_lines": ("collector_unknown_lines", "AMI lines without a colon."),
    "parse_errors": ("collector_parse_errors", "AMI packets that could not be read."),
    "packets_forged": ("collector_packets_forged", "AMI packets that text from outside made."),
    "oversized_lines": ("collector_oversized_lines", "AMI lines left out for their length."),
    "oversized_packets": ("collector_oversized_packets", "AMI packets left out for their size."),
    "latin1_packets": ("collector_latin1_packets", "AMI packets that were not UTF-8."),
    "broken_log_lines": ("collector_broken_log_lines", "Lines of queue_log that are no record."),
    "reconnects": ("collector_reconnects", "Connections to AMI after the first."),
}
_SPOOL_AGE = "spool_age_ms"
_DROPPED = {
    "events_dropped_spool_full": "spool_full",
    "events_dropped_disk_full": "disk_full",
    "events_dropped_refused": "refused",
}
_READ = (*_GAUGES, *_COUNTERS, _SPOOL_AGE, *_DROPPED)

_Family = TypeVar("_Family", GaugeMetricFamily, CounterMetricFamily)


@dataclass
class _Site:
    last_seen_s: float
    skew_s: float
    counts: dict[str, int] = field(default_factory=dict)


class SiteMetrics(Collector):
    """The metrics `collector_*`, labelled by tenant and site, of at most 2,000 sites."""

    def __init__(self) -> None:
        """Knows no site."""
        self._sites: OrderedDict[SiteIdentity, _Site] = OrderedDict()
        self._forgotten = 0
        self._unreadable = 0

    def seen(self, identity: SiteIdentity, received_at: int, sent_at: int) -> None:
        """A batch of this site was accepted; both times in milliseconds since the epoch."""
        known = self._sites.pop(identity, None)
        counts = known.counts if known else {}
        self._sites[identity] = _Site(received_at / 1000, (sent_at - received_at) / 1000, counts)
        if len(self._sites) > MAX_SITES:
            self._sites.popitem(last=False)
            self._forgotten += 1

    def heartbeat(self, identity: SiteIdentity, fields: dict[str, FieldValue]) -> None:
        """The counters of a heartbeat. Of a site not `seen` it is ignored."""
        site = self._sites.get(identity)
        if site is None:
            return
        for name in _READ:
            text = fields.get(name)
            if text is None:
                continue
            if isinstance(text, str) and _COUNT.fullmatch(text):
                site.counts[name] = int(text)
            else:
                self._unreadable += 1

    def collect(self) -> Iterable[Metric]:
        """As prometheus_client asks for it."""
        last_seen = GaugeMetricFamily(
            "collector_last_seen_timestamp_seconds", "Last accepted batch.", labels=_LABELS
        )
        skew = GaugeMetricFamily(
            "collector_clock_skew_seconds",
            "The collector's clock minus ours, transport included.",
            labels=_LABELS,
        )
        for identity, site in self._sites.items():
            last_seen.add_metric(identity, site.last_seen_s)
            skew.add_metric(identity, site.skew_s)
        yield last_seen
        yield skew
        for name, (metric, text) in _GAUGES.items():
            yield self._with_counts(GaugeMetricFamily(metric, text, labels=_LABELS), name)
        for name, (metric, text) in _COUNTERS.items():
            yield self._with_counts(CounterMetricFamily(metric, text, labels=_LABELS), name)
        yield self._spool_ages()
        yield self._dropped()
        yield CounterMetricFamily(
            "ingest_sites_forgotten", "Sites dropped from these metrics.", self._forgotten
        )
        yield CounterMetricFamily(
            "ingest_heartbeat_values_unreadable",
            "Counters of heartbeats that are no number.",
            self._unreadable,
        )

    def _spool_ages(self) -> GaugeMetricFamily:
        ages = GaugeMetricFamily(
            "collector_spool_age_seconds",
            "How long the oldest event in the spool had waited at the last heartbeat.",
            labels=_LABELS,
        )
        for identity, site in self._sites.items():
            if _SPOOL_AGE in site.counts:
                ages.add_metric(identity, site.counts[_SPOOL_AGE] / 1000)
        return ages

    def _dropped(self) -> CounterMetricFamily:
        dropped = CounterMetricFamily(
            "collector_events_dropped",
            "Events dropped by the spool, each named by a gap.",
            labels=(*_LABELS, "reason"),
        )
        for identity, site in self._sites.items():
            for name, reason in _DROPPED.items():
                if name in site.counts:
                    dropped.add_metric((*identity, reason), site.counts[name])
        return dropped

    def _with_counts(self, family: _Family, name: str) -> _Family:
        for identity, site in self._sites.items():
            if name in site.counts:
                family.add_metric(identity, site.counts[name])
        return family
