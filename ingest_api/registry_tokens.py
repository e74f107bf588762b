"""The token registry in ClickHouse: every usable token in memory, looked at every five seconds.

Ingest goes on while ClickHouse is away, for as long as it takes, with the tokens known before: who
was let in stays in, but for tokens whose end was known. A copy on disk (digests only, for its owner
only) carries them over a restart in that time. With ClickHouse there, a token that was disabled or
taken back ends within ten seconds: the interval, and the time-out of one look.

A token that is not known may have been made a moment ago, and a collector that is refused comes
again after half a minute only. So whoever shows one waits for the next look, which is then taken
within a second; of many who wait at a time the rest is refused at once.
"""

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Annotated, NamedTuple, Self

import structlog
from pydantic import BaseModel, ConfigDict, Field

from ingest_api.auth import Grant, RegistryState, SiteIdentity, digest_prefix
from ingest_api.errors import ConfigError
from ingest_api.owned_file import replace_owned
from ingest_api.token_source import (
    MAX_TOKENS,
    RegisteredToken,
    RegistryAwayError,
    TokenSource,
)

LOOK_AGAIN_S = 5.0
LOOK_FOR_UNKNOWN_S = 1.0
"""Between two looks at least, whoever shows whatever."""
NEWS_WITHIN_S = 2.0
MAX_WAITING = 50

_log = structlog.get_logger()


class _Copy(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    tokens: Annotated[list[RegisteredToken], Field(max_length=MAX_TOKENS)]


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
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._waiting: set[asyncio.Future[bool]] = set()
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

    async def news(self) -> bool:
        """As in `TokenRegistry`: waits for a look that begins after now; so do 50 at most."""
        waits: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        with self._lock:
            if len(self._waiting) >= MAX_WAITING:
                return False
            self._waiting.add(waits)
        self._wake.set()
        try:
            async with asyncio.timeout(NEWS_WITHIN_S):
                return await waits
        except TimeoutError:
            return False
        finally:
            with self._lock:
                self._waiting.discard(waits)

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
        self._wake.set()
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
        while not self._stopped.wait(LOOK_FOR_UNKNOWN_S):
            self._wake.wait(LOOK_AGAIN_S - LOOK_FOR_UNKNOWN_S)
            self._wake.clear()
            if self._stopped.is_set():
                return
            with self._lock:
                waiting, self._waiting = self._waiting, set()
            is_read = False
            try:
                is_read = self.refresh()
            except Exception:  # noqa: BLE001 - a thread that ended would leave everybody in for ever
                _log.exception("token_registry_not_looked_at")
            for waits in waiting:
                # The loop is closed when ingest ends, and nobody waits any more.
                with contextlib.suppress(RuntimeError):
                    waits.get_loop().call_soon_threadsafe(_tell, waits, is_read)

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
        try:
            replace_owned(self._copy, _Copy(tokens=tokens).model_dump_json().encode())
        except OSError as error:
            # Only a restart while the registry is away would miss it.
            _log.error("token_copy_not_written", problem=error.strerror)


def _tell(waits: asyncio.Future[bool], is_read: bool) -> None:
    if not waits.done():
        waits.set_result(is_read)


def _read_copy(copy: Path) -> list[RegisteredToken]:
    try:
        return _Copy.model_validate_json(copy.read_bytes()).tokens
    except FileNotFoundError as error:
        raise ConfigError("the token registry is away, and there is no copy of it yet") from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"the token registry is away, and {copy} is no copy of it") from error
