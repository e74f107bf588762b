"""Who posts: a token stands for one site of one tenant. Only its SHA-256 is ever stored."""

import hashlib
import hmac
import secrets
from typing import NamedTuple, Protocol

from ingest_api.errors import UnauthorizedError

# A prefix finds the candidates, the rest is compared in constant time.
_PREFIX_DIGITS = 8
_TOKEN_BYTES = 32


class SiteIdentity(NamedTuple):
    """For whom a token speaks."""

    tenant: str
    site: str


class Grant(NamedTuple):
    """One usable token of a registry: the hex SHA-256 of it, and whose it is.

    `connector` is empty for a collector's token, else the chat platform whose webhooks carry it:
    what stands in an address is known to more people, and opens nothing else.
    """

    sha256: str
    identity: SiteIdentity
    connector: str = ""


class RegistryState(NamedTuple):
    """How a registry is doing: `age_s` since it was last read well, and how often it was not."""

    tokens: int
    age_s: float
    failures: int


class TokenRegistry(Protocol):
    """Where the usable tokens come from. It answers from memory, at once."""

    def grants(self, prefix: str) -> tuple[Grant, ...]:
        """The usable tokens whose digest begins with these eight hex digits; often none."""

    def state(self) -> RegistryState:
        """For the metrics."""

    async def news(self) -> bool:
        """Look again, before somebody unknown is refused; whether it was done. Takes a moment."""


async def admit(tokens: TokenRegistry, token: str, connector: str = "") -> Grant:
    """The grant of a token or of a webhook's secret, which may have been made just now.

    Raises UnauthorizedError as `authenticate` does.
    """
    try:
        return authenticate(tokens, token, connector)
    except UnauthorizedError:
        if not await tokens.news():
            raise
        return authenticate(tokens, token, connector)


def authenticate(tokens: TokenRegistry, token: str, connector: str = "") -> Grant:
    """The grant of a collector's token, or of the secret of a platform's webhook.

    Raises UnauthorizedError, alike for unknown and disabled ones and those for something else.
    """
    digest = token_digest(token)
    for grant in tokens.grants(digest[:_PREFIX_DIGITS]):
        if hmac.compare_digest(grant.sha256, digest) and grant.connector == connector:
            return grant
    raise UnauthorizedError("the token is not valid")


def token_digest(token: str) -> str:
    """The hex SHA-256 of a token, as registries store it."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def digest_prefix(digest: str) -> str:
    """What a registry indexes its grants by."""
    return digest[:_PREFIX_DIGITS]


def new_token() -> str:
    """A token with 256 bits of chance."""
    return secrets.token_urlsafe(_TOKEN_BYTES)
