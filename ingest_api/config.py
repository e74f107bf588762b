"""Settings of the ingest API. Read from the environment here and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ingest_api.contract.secrets import weakness_in_url
from ingest_api.errors import ConfigError

_MIB = 1024 * 1024


@dataclass(frozen=True)
class RegistryPlace:
    """The registry of tenants in ClickHouse, and the file that carries its digests over a restart.

    `clickhouse_url` is `http(s)://user:password@host:port`.
    """

    clickhouse_url: str = field(repr=False)
    copy: Path


@dataclass(frozen=True)
class IngestConfig:
    """What an ingest process is told.

    `kafka_bootstrap` is a comma-separated list of `host:port`. `tokens` says where the valid tokens
    are known: in the registry, or in a file for a few sites. `max_in_flight_bytes` bounds request
    bodies and, apart from them, messages that the broker has not acknowledged. `chat_keys_file`
    holds the keys by which numbers of chats are hashed (`masking.py`).
    """

    kafka_bootstrap: str
    tokens: Path | RegistryPlace
    requests_per_second_and_token: float = 200.0
    max_in_flight_bytes: int = 64 * _MIB
    chat_keys_file: Path | None = None


def config_from(environment: Mapping[str, str]) -> IngestConfig:
    """The configuration in environment variables. Raises ConfigError naming the wrong one."""
    return IngestConfig(
        kafka_bootstrap=bootstrap_from(environment),
        tokens=_tokens(environment),
        requests_per_second_and_token=number_from(
            environment,
            "INGEST_REQUESTS_PER_SECOND",
            IngestConfig.requests_per_second_and_token,
            (1, 1_000_000),
        ),
        max_in_flight_bytes=int(
            number_from(
                environment,
                "INGEST_MAX_IN_FLIGHT_BYTES",
                IngestConfig.max_in_flight_bytes,
                (16 * _MIB, 4096 * _MIB),
            )
        ),
        chat_keys_file=optional_file_from(environment, "INGEST_CHAT_KEYS_FILE"),
    )


def required_from(environment: Mapping[str, str], key: str) -> str:
    """A text that must be set. Raises ConfigError."""
    value = environment.get(key, "").strip()
    if not value:
        raise ConfigError(f"{key} is not set")
    return value


def optional_file_from(environment: Mapping[str, str], key: str) -> Path | None:
    """A path that may be set."""
    text = environment.get(key, "").strip()
    return Path(text) if text else None


def _tokens(environment: Mapping[str, str]) -> Path | RegistryPlace:
    """A file that is named wins: CLICKHOUSE_URL may stand in an environment for other programs."""
    file = environment.get("INGEST_TOKENS_FILE", "").strip()
    if file:
        return Path(file)
    url = environment.get("CLICKHOUSE_URL", "").strip()
    if not url:
        raise ConfigError(
            "neither CLICKHOUSE_URL, where the registry of tenants is, nor INGEST_TOKENS_FILE"
            " is set"
        )
    weakness = weakness_in_url(url)
    if weakness:
        raise ConfigError(f"the password in CLICKHOUSE_URL {weakness}")
    copy = Path(required_from(environment, "INGEST_TOKENS_COPY"))
    if not copy.parent.is_dir():
        raise ConfigError(f"INGEST_TOKENS_COPY: there is no directory {copy.parent}")
    return RegistryPlace(url, copy)


def bootstrap_from(environment: Mapping[str, str]) -> str:
    """KAFKA_BOOTSTRAP. Raises ConfigError."""
    key = "KAFKA_BOOTSTRAP"
    addresses = [address.strip() for address in required_from(environment, key).split(",")]
    for address in addresses:
        host, colon, port = address.rpartition(":")
        if not (host and colon and port.isdecimal()):
            raise ConfigError(f"{key} must be host:port, or several of them with commas between")
    return ",".join(addresses)


def number_from(
    environment: Mapping[str, str], key: str, default: float, allowed: tuple[int, int]
) -> float:
    """A whole number within bounds. Raises ConfigError."""
    low, high = allowed
    text = environment.get(key, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and low <= int(text) <= high):
        raise ConfigError(f"{key} must be a whole number from {low} to {high}")
    return float(text)
