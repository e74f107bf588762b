"""Every metric of the ingest API, declared once."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ingest_api.contract.limits import Refusal
from ingest_api.site_metrics import SiteMetrics

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)


class IngestMetrics:
    """The metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        """All of them begin at zero."""
        registry = self.registry = CollectorRegistry()
        self.requests = Counter(
            "ingest_requests_total",
            "Requests to /v1/events by outcome: accepted, or the code of the error answer.",
            ("outcome",),
            registry=registry,
        )
        self.request_seconds = Histogram(
            "ingest_request_duration_seconds",
            "From the head of a request to /v1/events to its answer.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.publish_seconds = Histogram(
            "ingest_publish_duration_seconds",
            "From handing a batch to the publisher to the broker's acknowledgement, or giving up.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.events_accepted = Counter(
            "ingest_events_accepted_total",
            "Events that the broker has acknowledged.",
            registry=registry,
        )
        self.events_refused = Counter(
            "ingest_events_refused_total",
            "Events refused for their content within an accepted batch.",
            ("reason",),
            registry=registry,
        )
        for reason in Refusal:
            self.events_refused.labels(reason.value)
        self.received_bytes = Counter(
            "ingest_received_bytes_total",
            "Bytes of bodies as they were sent, mostly compressed.",
            registry=registry,
        )
        self.published_bytes = Counter(
            "ingest_published_bytes_total",
            "Bytes of messages that the broker has acknowledged.",
            registry=registry,
        )
        self.in_flight_bytes = Gauge(
            "ingest_in_flight_bytes",
            "Bytes held now: bodies being read, messages not acknowledged yet.",
            ("stage",),
            registry=registry,
        )
        self.sites = SiteMetrics()
        registry.register(self.sites)
