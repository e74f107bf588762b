"""The token registry in a file, for a few sites: read again when it changes.

`{"tokens": [{"sha256": "<64 hex digits>", "tenant": "acme", "site": "pbx-01", "enabled": true}]}`
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import structlog
from pydantic import BaseModel, ConfigDict, Field

from ingest_api.auth import Grant, RegistryState, SiteIdentity, digest_prefix
from ingest_api.contract.limits import SITE_PATTERN
from ingest_api.errors import ConfigError
from ingest_api.owned_file import replace_owned
from ingest_api.settings_file import problem_of

_LOOK_AGAIN_S = 1.0

_log = structlog.get_logger()


class TokenEntry(BaseModel):
    """One token of the file; with a `connector`, a secret of that platform's webhook."""

    model_config = ConfigDict(strict=True, extra="forbid")

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    tenant: str = Field(pattern=SITE_PATTERN)
    site: str = Field(pattern=SITE_PATTERN)
    connector: str = ""
    enabled: bool = True


class _TokenFile(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    tokens: Annotated[list[TokenEntry], Field(max_length=100_000)]


class FileTokenRegistry:
    """A `TokenRegistry` over a JSON file, looked at for changes once a second.

    When a changed file cannot be read, the tokens known before stay valid and an error is logged.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises ConfigError if the file cannot be read now."""
        self._path = path
        self._clock = clock
        self._looked_at = self._read_at = clock()
        self._failures = 0
        self._is_unreadable = False
        try:
            self._stamp = _stamp(path)
            self._grants = _index(_read(path))
        except (OSError, ValueError) as error:
            raise ConfigError(f"INGEST_TOKENS_FILE: {problem_of(error)}") from error

    def grants(self, prefix: str) -> tuple[Grant, ...]:
        """As in `TokenRegistry`."""
        now = self._clock()
        if now - self._looked_at >= _LOOK_AGAIN_S:
            self._looked_at = now
            self._read_if_changed()
        return self._grants.get(prefix, ())

    def state(self) -> RegistryState:
        """As in `TokenRegistry`. It is looked at when somebody posts, or asks this."""
        self.grants("")
        tokens = sum(map(len, self._grants.values()))
        return RegistryState(tokens, self._clock() - self._read_at, self._failures)

    async def news(self) -> bool:
        """As in `TokenRegistry`: a second is soon enough for a file."""
        return False

    def _read_if_changed(self) -> None:
        try:
            stamp = _stamp(self._path)
            if stamp != self._stamp:
                self._grants = _index(_read(self._path))
                self._stamp = stamp
                _log.info("token_file_read")
        except (OSError, ValueError) as error:
            self._failures += 1
            if not self._is_unreadable:
                self._is_unreadable = True
                _log.error("token_file_unreadable", problem=problem_of(error))
        else:
            self._is_unreadable = False
            self._read_at = self._looked_at


def add_token(path: Path, entry: TokenEntry) -> None:
    """Append an entry to the file, which is made if there is none; replaced in one step.

    Raises ConfigError if there is a file that cannot be read.
    """
    try:
        tokens = _read(path) if path.exists() else []
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {problem_of(error)}") from error
    content = _TokenFile(tokens=[*tokens, entry]).model_dump()
    replace_owned(path, f"{json.dumps(content, indent=2)}\n".encode())


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


def _read(path: Path) -> list[TokenEntry]:
    return _TokenFile.model_validate_json(path.read_bytes()).tokens


def _index(entries: list[TokenEntry]) -> dict[str, tuple[Grant, ...]]:
    index: dict[str, tuple[Grant, ...]] = {}
    for entry in entries:
        if entry.enabled:
            identity = SiteIdentity(entry.tenant, entry.site)
            grant = Grant(entry.sha256, identity, entry.connector)
            prefix = digest_prefix(entry.sha256)
            index[prefix] = (*index.get(prefix, ()), grant)
    return index
