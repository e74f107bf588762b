"""Settings of the ingest API. Read from the environment here and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ingest_api.errors import ConfigError

_MIB = 1024 * 1024


@dataclass(frozen=True)
class IngestConfig:
    """What an ingest process is told.

    `kafka_bootstrap` is a comma-separated list of `host:port`. `max_in_flight_bytes` bounds request
    bodies and, apart from them, messages that the broker has not acknowledged.
    """

    kafka_bootstrap: str
    tokens_file: Path
    requests_per_second_and_token: float = 200.0
    max_in_flight_bytes: int = 64 * _MIB


def config_from(environment: Mapping[str, str]) -> IngestConfig:
    """The configuration in environment variables. Raises ConfigError naming the wrong one."""
    return IngestConfig(
        kafka_bootstrap=_bootstrap(environment),
        tokens_file=Path(_required(environment, "INGEST_TOKENS_FILE")),
        requests_per_second_and_token=_number(
            environment,
            "INGEST_REQUESTS_PER_SECOND",
            IngestConfig.requests_per_second_and_token,
            (1, 1_000_000),
        ),
        max_in_flight_bytes=int(
            _number(
                environment,
                "INGEST_MAX_IN_FLIGHT_BYTES",
                IngestConfig.max_in_flight_bytes,
                (16 * _MIB, 4096 * _MIB),
            )
        ),
    )


def _required(environment: Mapping[str, str], key: str) -> str:
    value = environment.get(key, "").strip()
    if not value:
        raise ConfigError(f"{key} is not set")
    return value


def _bootstrap(environment: Mapping[str, str]) -> str:
    key = "KAFKA_BOOTSTRAP"
    addresses = [address.strip() for address in _required(environment, key).split(",")]
    for address in addresses:
        host, colon, port = address.rpartition(":")
        if not (host and colon and port.isdecimal()):
            raise ConfigError(f"{key} must be host:port, or several of them with commas between")
    return ",".join(addresses)


def _number(
    environment: Mapping[str, str], key: str, default: float, allowed: tuple[int, int]
) -> float:
    low, high = allowed
    text = environment.get(key, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and low <= int(text) <= high):
        raise ConfigError(f"{key} must be a whole number from {low} to {high}")
    return float(text)
