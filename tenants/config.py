"""Settings of the command line. Read from the environment here and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tenants.errors import WrongInputError


@dataclass(frozen=True)
class TenantsConfig:
    """What every command is told.

    `clickhouse_url` is `http(s)://user:password@host:port` of a user who may write the registry
    and, for `sync`, manage access. `readers_file` is the file of readers of an embedded service;
    None if the server keeps its users itself. `operators` are further users who see all
    customers' rows. `ingest_url` is where collectors post to; empty if not told.
    """

    clickhouse_url: str
    readers_file: Path | None
    operators: tuple[str, ...]
    ingest_url: str


def config_from(environment: Mapping[str, str]) -> TenantsConfig:
    """The configuration in environment variables. Raises WrongInputError naming the wrong one."""
    url = environment.get("CLICKHOUSE_URL", "").strip()
    if not url:
        raise WrongInputError("CLICKHOUSE_URL is not set: http(s)://user:password@host:port")
    file = environment.get("CLICKHOUSE_READERS_FILE", "").strip()
    operators = environment.get("CLICKHOUSE_OPERATORS", "").split(",")
    return TenantsConfig(
        clickhouse_url=url,
        readers_file=Path(file) if file else None,
        operators=tuple(name.strip() for name in operators if name.strip()),
        ingest_url=environment.get("INGEST_PUBLIC_URL", "").strip(),
    )
