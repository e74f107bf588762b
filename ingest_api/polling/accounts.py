"""The chat accounts to ask, from a file of their owner only: it holds the platforms' tokens.

`[{"tenant": "acme", "site": "whatsapp-01", "connector": "helena",
   "base_url": "https://api.wts.chat", "token": "pn_…"}]`
"""

import stat
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

from connectors.pollers import POLLERS
from ingest_api.auth import SiteIdentity
from ingest_api.contract.addresses import parts_of
from ingest_api.contract.limits import SITE_PATTERN
from ingest_api.contract.secrets import is_loopback
from ingest_api.errors import ConfigError
from ingest_api.settings_file import read_settings

_KEY = "INGEST_POLL_FILE"
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
        parts = parts_of(url)
        host = parts.hostname or ""
        is_safe = parts.scheme == "https" or is_loopback(host)
        if not host or parts.path.strip("/") or not is_safe:
            raise ValueError("it must look like https://api.wts.chat, without a path")
        return url.rstrip("/")


_file = TypeAdapter(Annotated[list[PolledAccount], Field(max_length=10_000)])


def read_accounts(path: Path) -> list[PolledAccount]:
    """The accounts of the file. Raises ConfigError without repeating its content."""
    accounts = read_settings(_file, path, _KEY)
    if path.stat().st_mode & _OTHERS:
        raise ConfigError(f"{_KEY}: {path} holds tokens and can be read by others: chmod 600")
    return accounts
