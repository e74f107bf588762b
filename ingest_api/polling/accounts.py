"""The chat accounts to ask, from a file of their owner only: it holds the platforms' tokens.

`[{"tenant": "acme", "site": "whatsapp-01", "connector": "helena",
   "base_url": "https://api.wts.chat", "token": "pn_…"}]`
"""

import stat
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from connectors.pollers import POLLERS
from ingest_api.auth import SiteIdentity
from ingest_api.contract.limits import SITE_PATTERN
from ingest_api.errors import ConfigError

_KEY = "INGEST_POLL_FILE"
_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class PolledAccount(BaseModel):
    """One account: whose it is, and how its platform is asked."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    tenant: str = Field(pattern=SITE_PATTERN)
    site: str = Field(pattern=SITE_PATTERN)
    connector: str
    base_url: str
    token: str = Field(min_length=8, repr=False)

    @property
    def identity(self) -> SiteIdentity:
        """Whose it is."""
        return SiteIdentity(self.tenant, self.site)

    @field_validator("connector")
    @classmethod
    def _can_be_asked(cls, name: str) -> str:
        if name not in POLLERS:
            raise ValueError(f"only {', '.join(POLLERS)} can be asked")
        return name

    @field_validator("base_url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        parts = urlsplit(url)
        is_here = parts.scheme == "http" and parts.hostname in _LOOPBACK
        if not parts.hostname or parts.path.strip("/") or not (parts.scheme == "https" or is_here):
            raise ValueError("it must look like https://api.wts.chat, without a path")
        return url.rstrip("/")


_file = TypeAdapter(Annotated[list[PolledAccount], Field(max_length=10_000)])


def read_accounts(path: Path) -> list[PolledAccount]:
    """The accounts of the file. Raises ConfigError without repeating its content."""
    try:
        if path.stat().st_mode & _OTHERS:
            raise ConfigError(f"{_KEY}: {path} holds tokens and can be read by others: chmod 600")
        return _file.validate_json(path.read_bytes(), strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, found["loc"])) or "the file"
        raise ConfigError(f"{_KEY}: {place}: {found['msg']}") from error
    except OSError as error:
        raise ConfigError(f"{_KEY}: {path}: {error.strerror}") from error
