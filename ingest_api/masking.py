"""How customers' numbers are masked before a chat event goes into Kafka, as collectors do.

The same three modes and the same hash under the tenant's key (agent/redaction.py), so that one
person's calls and chats can be linked. The keys stand in a file of their own, since registries keep
no secret: `{"acme": {"key": "…", "numbers": "last4"}}`. A tenant without a key has no hash, and its
numbers are not shown.
"""

import hashlib
import hmac
import re
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import structlog
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ingest_api.contract.limits import SITE_PATTERN
from ingest_api.contract.secrets import MIN_CHARACTERS
from ingest_api.settings_file import read_settings

MARK = "…"
_SHOWN_DIGITS = 4
_HASHED_DIGITS = 8
_HASH_HEX_CHARACTERS = 16
_NOT_A_DIGIT = re.compile(r"[^0-9]")

_log = structlog.get_logger()


class Shown(NamedTuple):
    """A number as it may be shown, and the hash that links it; both may be empty."""

    number: str
    hash: str


class Masking(BaseModel):
    """What a tenant wants of its customers' numbers."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    key: str = Field(min_length=MIN_CHARACTERS, repr=False)
    numbers: Literal["last4", "full", "none"] = "last4"

    def shown(self, number: str) -> Shown:
        """The number masked; empty and without hash if there are no digits in it."""
        digits = _NOT_A_DIGIT.sub("", number)
        if not digits or self.numbers == "none":
            return Shown("", "")
        mac = hmac.new(self.key.encode(), digits[-_HASHED_DIGITS:].encode(), hashlib.sha256)
        told = f"+{digits}" if self.numbers == "full" else MARK + digits[-_SHOWN_DIGITS:]
        return Shown(told, mac.hexdigest()[:_HASH_HEX_CHARACTERS])


_Tenant = Annotated[str, Field(pattern=SITE_PATTERN)]
_file = TypeAdapter(dict[_Tenant, Masking])


class Maskings:
    """Of each tenant what to do; of one that is not known nothing is shown."""

    def __init__(self, by_tenant: dict[str, Masking]) -> None:
        """Tenants that are missed are logged once each."""
        self._by_tenant = by_tenant
        self._missed: set[str] = set()

    def shown(self, tenant: str, number: str) -> Shown:
        """The number as this tenant wants it shown; empty if there is none."""
        masking = self._by_tenant.get(tenant)
        if masking is not None:
            return masking.shown(number)
        if number and tenant not in self._missed:
            self._missed.add(tenant)
            _log.warning("no_key_for_numbers", tenant=tenant)
        return Shown("", "")


def read_maskings(path: Path | None) -> Maskings:
    """Those of the file; none without one. Raises ConfigError without repeating its content."""
    if path is None:
        return Maskings({})
    return Maskings(read_settings(_file, path, "INGEST_CHAT_KEYS_FILE"))
