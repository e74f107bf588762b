import pytest

from streams.config import StreamsConfig, TopicsConfig, config_from, topics_config_from
from streams.errors import ConfigError

NEEDED = {
    "KAFKA_BOOTSTRAP": "kafka-1:9092, kafka-2:9092",
    "CLICKHOUSE_URL": "http://writer:made-up-orbit-canyon-77@clickhouse:8123",
}


def test_two_addresses_are_enough() -> None:
    assert config_from(NEEDED) == StreamsConfig(
        topics=TopicsConfig("kafka-1:9092, kafka-2:9092", partitions=4, replication=1),
        clickhouse_url="http://writer:made-up-orbit-canyon-77@clickhouse:8123",
        metrics_host="127.0.0.1",
        metrics_port=0,
        session_timeout_s=6,
        flush_interval_ms=250,
        flush_max_rows=10_000,
        dead_letters_per_minute=20,
        reconcile_interval_s=60,
        log_level="INFO",
    )


def test_topics_need_no_clickhouse() -> None:
    settings = {"KAFKA_BOOTSTRAP": "localhost:9092", "STREAMS_PARTITIONS": "12"}

    assert topics_config_from(settings) == TopicsConfig("localhost:9092", 12, 1)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("KAFKA_BOOTSTRAP", ""),
        ("KAFKA_BOOTSTRAP", "kafka"),
        ("CLICKHOUSE_URL", " "),
        ("CLICKHOUSE_URL", "clickhouse:8123"),
        ("CLICKHOUSE_URL", "http://writer:short@clickhouse:8123"),
        ("STREAMS_PARTITIONS", "0"),
        ("STREAMS_PARTITIONS", "many"),
        ("STREAMS_SESSION_TIMEOUT_S", "2"),
        ("STREAMS_METRICS_PORT", "65536"),
        ("STREAMS_FLUSH_MAX_ROWS", "-1"),
        ("STREAMS_RECONCILE_INTERVAL_S", "0"),
        ("STREAMS_LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_value_is_named_by_its_key(key: str, value: str) -> None:
    with pytest.raises(ConfigError, match=key):
        config_from(NEEDED | {key: value})


def test_no_error_repeats_the_password() -> None:
    with pytest.raises(ConfigError) as caught:
        config_from(NEEDED | {"CLICKHOUSE_URL": "writer:made-up@clickhouse:8123"})

    assert "made-up@" not in str(caught.value)
