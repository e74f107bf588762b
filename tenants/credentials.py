"""Secrets: made here, shown once, kept as SHA-256 only. Each has 256 bits of chance."""

import hashlib
import secrets

_BYTES = 32


def new_secret() -> str:
    """A new token, password or key: letters, digits, hyphens and underscores, 43 of them."""
    return secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> str:
    """The hex SHA-256, as the registry, ClickHouse and the ingest API compare it."""
    return hashlib.sha256(secret.encode()).hexdigest()
