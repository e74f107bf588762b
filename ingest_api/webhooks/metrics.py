"""The metrics of webhooks. Neither an account nor a secret is ever a label."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from connectors.doors import DOORS
from ingest_api.errors import OUTCOMES
from ingest_api.publisher import Publisher
from ingest_api.publisher_metrics import publisher_metrics

UNKNOWN = "unknown"

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)


class WebhookMetrics:
    """The metrics of one process."""

    def __init__(self, registry: CollectorRegistry, publisher: Publisher) -> None:
        """All counters begin at zero; what `publisher` holds is read when asked for."""
        self.requests = Counter(
            "ingest_webhook_requests_total",
            "Requests to webhooks by platform and outcome: accepted, or the code of the error "
            "answer. The platform is unknown where there is none of that name.",
            ("connector", "outcome"),
            registry=registry,
        )
        self.request_seconds = Histogram(
            "ingest_webhook_request_duration_seconds",
            "From the head of a request to a webhook to its answer.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.events = Counter(
            "ingest_webhook_events_total",
            "Stored events by the platform's name for them; unknown where it is none of those that "
            "it is known to send.",
            ("connector", "event"),
            registry=registry,
        )
        # Whatever happens for the first time must be an increase: alerts look at increases.
        for connector in (*DOORS, UNKNOWN):
            for outcome in OUTCOMES:
                self.requests.labels(connector, outcome)
        for connector, door in DOORS.items():
            for name in (*door.known_names, UNKNOWN):
                self.events.labels(connector, name)
        registry.register(_Held(publisher))


class _Held(Collector):
    """What the publisher of chat events holds and has counted."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    def collect(self) -> Iterable[Metric]:
        """As prometheus_client asks for it."""
        return publisher_metrics("ingest_webhook", "Chat events", self._publisher)
