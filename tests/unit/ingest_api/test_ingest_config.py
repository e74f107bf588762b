from pathlib import Path

import pytest

from ingest_api.config import IngestConfig, config_from
from ingest_api.errors import ConfigError

LEAST = {"KAFKA_BOOTSTRAP": "127.0.0.1:9092", "INGEST_TOKENS_FILE": "/run/tokens.json"}


def test_what_is_not_said_has_a_default() -> None:
    assert config_from(LEAST) == IngestConfig("127.0.0.1:9092", Path("/run/tokens.json"))


def test_everything_can_be_said() -> None:
    said = {
        **LEAST,
        "KAFKA_BOOTSTRAP": "a:9092, b:9092",
        "INGEST_REQUESTS_PER_SECOND": "5",
        "INGEST_MAX_IN_FLIGHT_BYTES": "16777216",
    }
    assert config_from(said) == IngestConfig(
        "a:9092,b:9092", Path("/run/tokens.json"), 5, 16 * 1024 * 1024
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("KAFKA_BOOTSTRAP", ""),
        ("KAFKA_BOOTSTRAP", "kafka"),
        ("KAFKA_BOOTSTRAP", "kafka:"),
        ("KAFKA_BOOTSTRAP", "a:1,,b:2"),
        ("INGEST_TOKENS_FILE", "  "),
        ("INGEST_REQUESTS_PER_SECOND", "0"),
        ("INGEST_REQUESTS_PER_SECOND", "1.5"),
        ("INGEST_REQUESTS_PER_SECOND", "many"),
        ("INGEST_MAX_IN_FLIGHT_BYTES", "1024"),
        ("INGEST_MAX_IN_FLIGHT_BYTES", "9" * 20),
    ],
)
def test_a_wrong_setting_is_named(key: str, value: str) -> None:
    with pytest.raises(ConfigError, match=key):
        config_from({**LEAST, key: value})
