"""Where the registry of tokens is read: ClickHouse."""

from collections.abc import Sequence
from typing import Protocol

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from pydantic import BaseModel, ConfigDict, Field

from ingest_api.contract.addresses import parts_of
from ingest_api.contract.limits import SITE_PATTERN
from ingest_api.errors import ConfigError

MAX_TOKENS = 100_000

_CONNECT_TIMEOUT_S = 2
_ANSWER_TIMEOUT_S = 3

_STATEMENT = f"""\
SELECT sha256, tenant_id, site, connector, toUnixTimestamp64Milli(valid_until)
FROM
(
    SELECT sha256, tenant_id, site, '' AS connector, valid_until FROM callcentre.usable_tokens
    UNION ALL
    SELECT sha256, tenant_id, site, connector, valid_until FROM callcentre.usable_webhooks
)
ORDER BY sha256 LIMIT {MAX_TOKENS + 1}"""  # noqa: S608 - a number of ours


class RegisteredToken(BaseModel):
    """One usable token, or secret of a `connector`'s webhook.

    `valid_until_ms` is UTC, milliseconds since 1970; None for no end.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    tenant: str = Field(pattern=SITE_PATTERN)
    site: str = Field(pattern=SITE_PATTERN)
    connector: str = ""
    valid_until_ms: int | None = None


class RegistryAwayError(Exception):
    """The registry cannot be read now, or not be understood. The tokens known before stay."""


class TokenSource(Protocol):
    """Where the registry is read."""

    def load(self) -> list[RegisteredToken]:
        """All usable tokens; none if there are none. Raises RegistryAwayError."""


class ClickHouseTokenSource:
    """The registry behind `http(s)://user:password@host:port`; for one thread at a time."""

    def __init__(self, url: str) -> None:
        """Connects at the first load. Raises ConfigError if the address has another form."""
        parts = parts_of(url)
        if not parts.hostname or parts.query:
            raise ConfigError("CLICKHOUSE_URL must look like http://user:password@host:port")
        self._url = url
        self._client: Client | None = None

    def load(self) -> list[RegisteredToken]:
        """As in `TokenSource`."""
        try:
            client = self._client or self._connect()
            self._client = client
            rows = client.query(_STATEMENT).result_rows
        except ClickHouseError as error:
            self.close()
            # Its text may repeat the address, and with it the password.
            raise RegistryAwayError(type(error).__name__) from error
        return _understood(rows)

    def close(self) -> None:
        """Lets the connection go; the next load makes a new one."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _connect(self) -> Client:
        return clickhouse_connect.get_client(
            dsn=self._url,
            interface=parts_of(self._url).scheme,
            connect_timeout=_CONNECT_TIMEOUT_S,
            send_receive_timeout=_ANSWER_TIMEOUT_S,
            query_retries=0,
            autogenerate_session_id=False,
        )


def _understood(rows: Sequence[Sequence[object]]) -> list[RegisteredToken]:
    if len(rows) > MAX_TOKENS:
        raise RegistryAwayError(f"it holds more than {MAX_TOKENS} tokens")
    try:
        return [
            RegisteredToken.model_validate(
                {
                    "sha256": sha256,
                    "tenant": tenant,
                    "site": site,
                    "connector": connector,
                    "valid_until_ms": until_ms,
                }
            )
            for sha256, tenant, site, connector, until_ms in rows
        ]
    except ValueError as error:
        raise RegistryAwayError("a row of it is no token") from error
