"""The token registry in ClickHouse: every usable token in memory, looked at every five seconds.

Ingest goes on while ClickHouse is away, for as long as it takes, with the tokens known before: who
was let in stays in, but for tokens whose end was known. A copy on disk (digests only, for its owner
only) carries them over a restart in that time. With ClickHouse there, a token that was disabled or
taken back ends within ten seconds: the interval, and the time-out of one look.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Annotated, NamedTuple, Protocol, Self
from urllib.parse import urlsplit

import clickhouse_connect
import structlog
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from pydantic import BaseModel, ConfigDict, Field

from ingest_api.auth import Grant, RegistryState, SiteIdentity, digest_prefix
from ingest_api.contract.limits import SITE_PATTERN
from ingest_api.errors import ConfigError

LOOK_AGAIN_S = 5.0
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

_log = structlog.get_logger()


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


class _Copy(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    tokens: Annotated[list[RegisteredToken], Field(max_length=MAX_TOKENS)]


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
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
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
            interface=urlsplit(self._url).scheme,
            connect_timeout=_CONNECT_TIMEOUT_S,
            send_receive_timeout=_ANSWER_TIMEOUT_S,
            query_retries=0,
            autogenerate_session_id=False,
        )


class _Entry(NamedTuple):
    grant: Grant
    valid_until_ms: int | None


class RegistryTokens:
    """A `TokenRegistry` over a source, kept fresh by a thread of its own.

    As a context manager it is closed at the end of the block.
    """

    def __init__(
        self, source: TokenSource, copy: Path, clock: Callable[[], float] = time.time
    ) -> None:
        """Reads the registry, or the copy if it is away; `clock` gives seconds since 1970.

        Raises ConfigError if neither can be read now: then nobody could be let in.
        """
        self._source = source
        self._copy = copy
        self._clock = clock
        self._tokens: list[RegisteredToken] = []
        self._entries: dict[str, tuple[_Entry, ...]] = {}
        self._is_away = False
        self._read_at = clock()
        self._failures = 0
        self._stopped = threading.Event()
        if not self.refresh():
            self._take(_read_copy(copy))
            self._read_at = copy.stat().st_mtime
        self._thread = threading.Thread(target=self._run, name="token-registry", daemon=True)
        self._thread.start()

    def grants(self, prefix: str) -> tuple[Grant, ...]:
        """As in `TokenRegistry`."""
        entries = self._entries.get(prefix, ())
        if not entries:
            return ()
        now_ms = self._clock() * 1000
        return tuple(grant for grant, until_ms in entries if until_ms is None or until_ms > now_ms)

    def state(self) -> RegistryState:
        """As in `TokenRegistry`."""
        return RegistryState(len(self._tokens), self._clock() - self._read_at, self._failures)

    def refresh(self) -> bool:
        """Reads the registry now; whether it could be read."""
        try:
            tokens = self._source.load()
        except RegistryAwayError as error:
            self._failures += 1
            if not self._is_away:
                self._is_away = True
                _log.error("token_registry_away", problem=str(error), tokens=len(self._tokens))
            return False
        if self._is_away:
            self._is_away = False
            _log.info("token_registry_back")
        self._read_at = self._clock()
        if tokens != self._tokens or not self._copy.exists():
            self._take(tokens)
            self._write_copy(tokens)
        else:
            # Whoever starts from it knows by this how old it is.
            with contextlib.suppress(OSError):
                os.utime(self._copy, (self._read_at, self._read_at))
        return True

    def close(self) -> None:
        """Ends the thread, after the look it may be at."""
        self._stopped.set()
        self._thread.join()

    def __enter__(self) -> Self:
        """The registry itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes it."""
        self.close()

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_AGAIN_S):
            try:
                self.refresh()
            except Exception:  # noqa: BLE001 - a thread that ended would leave everybody in for ever
                _log.exception("token_registry_not_looked_at")

    def _take(self, tokens: list[RegisteredToken]) -> None:
        entries: dict[str, tuple[_Entry, ...]] = {}
        for token in tokens:
            identity = SiteIdentity(token.tenant, token.site)
            grant = Grant(token.sha256, identity, token.connector)
            prefix = digest_prefix(token.sha256)
            entry = _Entry(grant, token.valid_until_ms)
            entries[prefix] = (*entries.get(prefix, ()), entry)
        self._tokens, self._entries = tokens, entries
        _log.info("token_registry_read", tokens=len(tokens))

    def _write_copy(self, tokens: list[RegisteredToken]) -> None:
        new = self._copy.with_name(f"{self._copy.name}.new")
        try:
            new.unlink(missing_ok=True)
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(_Copy(tokens=tokens).model_dump_json().encode())
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._copy)
        except OSError as error:
            # Only a restart while the registry is away would miss it.
            _log.error("token_copy_not_written", problem=error.strerror)


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


def _read_copy(copy: Path) -> list[RegisteredToken]:
    try:
        return _Copy.model_validate_json(copy.read_bytes()).tokens
    except FileNotFoundError as error:
        raise ConfigError("the token registry is away, and there is no copy of it yet") from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"the token registry is away, and {copy} is no copy of it") from error
