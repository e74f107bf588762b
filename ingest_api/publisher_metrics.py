"""What a publisher holds and has given up, as metrics."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from ingest_api.publisher import Publisher


def publisher_metrics(prefix: str, what: str, publisher: Publisher) -> Iterator[Metric]:
    """Metrics named `<prefix>_…` of one publisher; `what` is what its messages are called."""
    counts = publisher.counts
    yield GaugeMetricFamily(
        f"{prefix}_in_flight_messages",
        f"{what} that the broker has not acknowledged yet.",
        counts.in_flight,
    )
    failed = CounterMetricFamily(
        f"{prefix}_messages_failed",
        f"{what} not acknowledged: never handed to the producer, or given up by it.",
        labels=("reason",),
    )
    failed.add_metric(("not_sent",), counts.not_sent)
    failed.add_metric(("not_acknowledged",), counts.not_acknowledged)
    failed.add_metric(("stuck",), counts.stuck)
    yield failed
