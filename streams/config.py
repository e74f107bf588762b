"""Settings of the streams. Read from the environment here and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass

from ingest_api.contract.secrets import weakness_in_url
from streams.errors import ConfigError


@dataclass(frozen=True)
class TopicsConfig:
    """Which topics there are to be.

    `kafka_bootstrap` is a comma-separated list of `host:port`. `partitions` is fixed when the
    topics are made, because a site's state lives in the partition of its events.
    """

    kafka_bootstrap: str
    partitions: int = 4
    replication: int = 1


@dataclass(frozen=True)
class StreamsConfig:
    """What a worker is told.

    `clickhouse_url` is `http(s)://user:password@host:port`. `metrics_port` 0 means no metrics. A
    worker that is silent for `session_timeout_s` loses its partitions. Facts are written no more
    often than every `flush_interval_ms`, unless `flush_max_rows` rows wait. More batches that break
    the fold than `dead_letters_per_minute` stop the worker. Windows are compared with their queue
    calls every `reconcile_interval_s`.
    """

    topics: TopicsConfig
    clickhouse_url: str
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0
    session_timeout_s: int = 6
    flush_interval_ms: int = 250
    flush_max_rows: int = 10_000
    dead_letters_per_minute: int = 20
    reconcile_interval_s: int = 60
    log_level: str = "INFO"


def config_from(environment: Mapping[str, str]) -> StreamsConfig:
    """The configuration in environment variables. Raises ConfigError naming the wrong one."""

    def number(name: str, default: int, low: int, high: int) -> int:
        return _number(environment, f"STREAMS_{name}", default, (low, high))

    default = StreamsConfig
    return StreamsConfig(
        topics=topics_config_from(environment),
        clickhouse_url=clickhouse_url_from(environment),
        metrics_host=environment.get("STREAMS_METRICS_HOST", "").strip() or default.metrics_host,
        metrics_port=number("METRICS_PORT", default.metrics_port, 0, 65_535),
        session_timeout_s=number("SESSION_TIMEOUT_S", default.session_timeout_s, 3, 300),
        flush_interval_ms=number("FLUSH_INTERVAL_MS", default.flush_interval_ms, 10, 10_000),
        flush_max_rows=number("FLUSH_MAX_ROWS", default.flush_max_rows, 1, 1_000_000),
        dead_letters_per_minute=number(
            "DEAD_LETTERS_PER_MINUTE", default.dead_letters_per_minute, 0, 10_000
        ),
        reconcile_interval_s=number(
            "RECONCILE_INTERVAL_S", default.reconcile_interval_s, 1, 86_400
        ),
        log_level=_log_level(environment),
    )


def topics_config_from(environment: Mapping[str, str]) -> TopicsConfig:
    """KAFKA_BOOTSTRAP, STREAMS_PARTITIONS and STREAMS_REPLICATION. Raises ConfigError."""
    default = TopicsConfig
    return TopicsConfig(
        kafka_bootstrap=_bootstrap(environment),
        partitions=_number(environment, "STREAMS_PARTITIONS", default.partitions, (1, 1_000)),
        replication=_number(environment, "STREAMS_REPLICATION", default.replication, (1, 7)),
    )


def clickhouse_url_from(environment: Mapping[str, str]) -> str:
    """CLICKHOUSE_URL. Raises ConfigError."""
    value = _required(environment, "CLICKHOUSE_URL")
    if not value.startswith(("http://", "https://")):
        raise ConfigError("CLICKHOUSE_URL must look like http://user:password@host:port")
    weakness = weakness_in_url(value)
    if weakness:
        raise ConfigError(f"the password in CLICKHOUSE_URL {weakness}")
    return value


def _bootstrap(environment: Mapping[str, str]) -> str:
    value = _required(environment, "KAFKA_BOOTSTRAP")
    for address in value.split(","):
        host, colon, port = address.strip().rpartition(":")
        if not (host and colon and port.isdecimal()):
            raise ConfigError(
                "KAFKA_BOOTSTRAP must be host:port, or several of them with commas between"
            )
    return value


def _required(environment: Mapping[str, str], key: str) -> str:
    value = environment.get(key, "").strip()
    if not value:
        raise ConfigError(f"{key} is not set")
    return value


def _number(
    environment: Mapping[str, str], key: str, default: int, allowed: tuple[int, int]
) -> int:
    low, high = allowed
    text = environment.get(key, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and low <= int(text) <= high):
        raise ConfigError(f"{key} must be a whole number from {low} to {high}")
    return int(text)


def _log_level(environment: Mapping[str, str]) -> str:
    value = environment.get("STREAMS_LOG_LEVEL", "").strip().upper() or StreamsConfig.log_level
    if value not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ConfigError("STREAMS_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR")
    return value
