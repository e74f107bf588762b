from pathlib import Path

import pytest

from ingest_api.config import IngestConfig, RegistryPlace, config_from
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


def in_registry(folder: Path, url: str) -> dict[str, str]:
    return {
        "KAFKA_BOOTSTRAP": LEAST["KAFKA_BOOTSTRAP"],
        "CLICKHOUSE_URL": url,
        "INGEST_TOKENS_COPY": str(folder / "copy.json"),
    }


def test_tokens_may_be_in_the_registry(tmp_path: Path) -> None:
    url = "http://ingest:jW3-made-up-zR81-xkq@clickhouse:8123"
    place = RegistryPlace(url, tmp_path / "copy.json")
    config = config_from(in_registry(tmp_path, url))
    assert config.tokens == place
    assert "jW3" not in repr(config)
    assert config_from({**in_registry(tmp_path, url), **LEAST}).tokens == Path("/run/tokens.json")


def test_without_a_place_for_tokens_both_are_named() -> None:
    with pytest.raises(ConfigError, match=r"neither CLICKHOUSE_URL.* nor INGEST_TOKENS_FILE"):
        config_from({"KAFKA_BOOTSTRAP": "a:1", "INGEST_TOKENS_FILE": "  "})


def test_a_copy_is_needed_and_a_directory_for_it(tmp_path: Path) -> None:
    said = in_registry(tmp_path / "missing", "http://127.0.0.1:8123")
    with pytest.raises(ConfigError, match="INGEST_TOKENS_COPY: there is no directory"):
        config_from(said)
    with pytest.raises(ConfigError, match="INGEST_TOKENS_COPY is not set"):
        config_from({**said, "INGEST_TOKENS_COPY": ""})


@pytest.mark.parametrize("password", ["", ":short", ":changeme-changeme-changeme", ":" + "a" * 40])
def test_a_weak_password_is_refused_without_repeating_it(tmp_path: Path, password: str) -> None:
    url = f"http://ingest{password}@clickhouse:8123"
    with pytest.raises(ConfigError, match="the password in CLICKHOUSE_URL") as refused:
        config_from(in_registry(tmp_path, url))
    assert "change" not in str(refused.value).replace("CLICKHOUSE_URL", "")
    assert config_from(in_registry(tmp_path, url.replace("clickhouse:", "localhost:"))).tokens
