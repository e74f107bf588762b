"""How the registry of tokens is doing, for the metrics; of no token by itself."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ingest_api.auth import TokenRegistry


class TokenMetrics(Collector):
    """The state of one registry, whenever it is asked for."""

    def __init__(self, tokens: TokenRegistry) -> None:
        """Nothing is read yet."""
        self._tokens = tokens

    def collect(self) -> Iterable[Metric]:
        """As prometheus_client asks for it."""
        state = self._tokens.state()
        yield GaugeMetricFamily("ingest_tokens", "Tokens that are accepted.", state.tokens)
        yield GaugeMetricFamily(
            "ingest_token_registry_age_seconds",
            "Since the registry of tokens was last read; it grows while the registry is away.",
            state.age_s,
        )
        yield CounterMetricFamily(
            "ingest_token_registry_failures",
            "Looks at the registry of tokens that failed; those known before stay valid.",
            state.failures,
        )
