"""Every metric of the ingest API, declared once."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ingest_api.budget import ByteBudget
from ingest_api.contract.limits import Refusal
from ingest_api.errors import OUTCOMES, Shortage
from ingest_api.publisher import Publisher
from ingest_api.publisher_metrics import publisher_metrics
from ingest_api.site_metrics import SiteMetrics

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
_EVENTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)


class IngestMetrics:
    """The metrics of one process, in a registry of their own."""

    def __init__(self, bodies: ByteBudget, publisher: Publisher) -> None:
        """All counters begin at zero. What `bodies` and `publisher` hold is read when asked for."""
        registry = self.registry = CollectorRegistry()
        self._requests = Counter(
            "ingest_requests_total",
            "Requests to /v1/events by outcome: accepted, or the code of the error answer.",
            ("outcome",),
            registry=registry,
        )
        self._request_seconds = Histogram(
            "ingest_request_duration_seconds",
            "From the head of a request to /v1/events to its answer.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._outcomes = {outcome: self._requests.labels(outcome) for outcome in OUTCOMES}
        self.requests_in_flight = Gauge(
            "ingest_requests_in_flight",
            "Requests to /v1/events that are not answered yet.",
            registry=registry,
        )
        self.unavailable = Counter(
            "ingest_unavailable_total",
            "Answers 503 by what was short: room for bodies, room for messages, the broker.",
            ("reason",),
            registry=registry,
        )
        for shortage in Shortage:
            self.unavailable.labels(shortage.value)
        self.publish_seconds = Histogram(
            "ingest_publish_duration_seconds",
            "From handing a batch to the publisher to the broker's acknowledgement, or giving up.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.batch_events = Histogram(
            "ingest_batch_events",
            "Events of a stored batch.",
            buckets=_EVENTS,
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
        registry.register(_Held(bodies, publisher))
        self.sites = SiteMetrics()
        registry.register(self.sites)

    def answered(self, outcome: str, seconds: float) -> None:
        """A request was answered. `outcome` is one of `OUTCOMES`."""
        self._outcomes[outcome].inc()
        self._request_seconds.observe(seconds)


class _Held(Collector):
    """What is held now against its bound, and what the publisher has counted."""

    def __init__(self, bodies: ByteBudget, publisher: Publisher) -> None:
        self._bodies = bodies
        self._publisher = publisher

    def collect(self) -> Iterable[Metric]:
        """As prometheus_client asks for it."""
        publisher = self._publisher
        used = GaugeMetricFamily(
            "ingest_in_flight_bytes",
            "Bytes held now: bodies being read, messages not acknowledged yet.",
            labels=("stage",),
        )
        used.add_metric(("bodies",), self._bodies.used)
        used.add_metric(("messages",), publisher.in_flight_bytes)
        yield used
        limits = GaugeMetricFamily(
            "ingest_in_flight_limit_bytes",
            "Bound of ingest_in_flight_bytes; beyond it the answer is 503.",
            labels=("stage",),
        )
        limits.add_metric(("bodies",), self._bodies.limit)
        limits.add_metric(("messages",), publisher.max_in_flight_bytes)
        yield limits
        yield from publisher_metrics("ingest", "Messages", publisher)
        yield CounterMetricFamily(
            "ingest_messages_late",
            "Messages acknowledged after their request was answered 503: they come twice.",
            publisher.counts.late,
        )
        yield CounterMetricFamily(
            "ingest_producers_made",
            "Producers made since the start; more than one when one was stuck or had failed.",
            publisher.counts.producers,
        )
