"""Settings of the command line. Read from the environment here and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ingest_api.contract.addresses import parts_of
from ingest_api.contract.secrets import is_loopback, weakness_in_url, weakness_of
from tenants.errors import WrongInputError


@dataclass(frozen=True)
class GrafanaAccess:
    """Where Grafana is, and its server administrator.

    `clickhouse_url` is where Grafana reaches ClickHouse, without a user.
    """

    url: str
    user: str
    password: str
    clickhouse_url: str

    def __repr__(self) -> str:
        """Without the password."""
        return f"GrafanaAccess({self.url!r})"


@dataclass(frozen=True)
class TenantsConfig:
    """What every command is told.

    `clickhouse_url` is `http(s)://user:password@host:port` of a user who may write the registry
    and, for `sync`, manage access. `readers_file` is the file of readers of an embedded service;
    None if the server keeps its users itself. `operators` are further users who see all
    customers' rows. `ingest_url` is where collectors post to; empty if not told. `grafana` is None
    if there is none.
    """

    clickhouse_url: str
    readers_file: Path | None
    operators: tuple[str, ...]
    ingest_url: str
    grafana: GrafanaAccess | None = None


def config_from(environment: Mapping[str, str]) -> TenantsConfig:
    """The configuration in environment variables. Raises WrongInputError naming the wrong one."""
    url = environment.get("CLICKHOUSE_URL", "").strip()
    if not url:
        raise WrongInputError("CLICKHOUSE_URL is not set: http(s)://user:password@host:port")
    _refuse("the password in CLICKHOUSE_URL", weakness_in_url(url))
    file = environment.get("CLICKHOUSE_READERS_FILE", "").strip()
    operators = environment.get("CLICKHOUSE_OPERATORS", "").split(",")
    return TenantsConfig(
        clickhouse_url=url,
        readers_file=Path(file) if file else None,
        operators=tuple(name.strip() for name in operators if name.strip()),
        ingest_url=environment.get("INGEST_PUBLIC_URL", "").strip(),
        grafana=_grafana(environment, url),
    )


def _grafana(environment: Mapping[str, str], clickhouse_url: str) -> GrafanaAccess | None:
    url = _value(environment, "GRAFANA_URL").rstrip("/")
    if not url:
        return None
    parts = parts_of(url)
    if not parts.hostname or parts.username:
        raise WrongInputError("GRAFANA_URL must look like https://grafana.example.com")
    user = _value(environment, "GRAFANA_ADMIN_USER") or "admin"
    password = _value(environment, "GRAFANA_ADMIN_PASSWORD")
    if not password:
        raise WrongInputError(
            "GRAFANA_URL is set, but neither GRAFANA_ADMIN_PASSWORD nor GRAFANA_ADMIN_PASSWORD_FILE"
        )
    if not is_loopback(parts.hostname):
        _refuse("GRAFANA_ADMIN_PASSWORD", weakness_of(password))
    reached = _value(environment, "GRAFANA_CLICKHOUSE_URL") or clickhouse_url
    place = parts_of(reached)
    if not place.hostname:
        raise WrongInputError("GRAFANA_CLICKHOUSE_URL must look like http://clickhouse:8123")
    return GrafanaAccess(url, user, password, f"{place.scheme}://{place.netloc.rpartition('@')[2]}")


def _refuse(name: str, weakness: str) -> None:
    if weakness:
        raise WrongInputError(f"{name} {weakness}")


def _value(environment: Mapping[str, str], name: str) -> str:
    """The variable's text, or that of the file which `<name>_FILE` names."""
    file = environment.get(f"{name}_FILE", "").strip()
    if not file:
        return environment.get(name, "").strip()
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise WrongInputError(f"{name}_FILE: {file} cannot be read") from error
