"""Who may ask: one admin, and readers of one tenant each from a file that may change at any time.

The file of readers: `{"readers": {"<user>": {"password": "…", "tenant": "…"}, …}}`. Instead of
`password` there may be `sha256`, its hex SHA-256. The file is read again when its time or size
changed, so new tenants need no restart. A file that cannot be read or understood leaves the readers
known before and says so: a half-written file must lock nobody out.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog

ADMIN = "admin"

_log = structlog.get_logger()


class User(NamedTuple):
    """Who asks. `tenant` is None for the admin, who sees everything and may write."""

    name: str
    tenant: str | None


class _Reader(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tenant: str
    password: str = ""
    sha256: str = ""

    def expected(self) -> str:
        """The digest of the right password."""
        return self.sha256 or _digest(self.password)


class _ReaderFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    readers: dict[str, _Reader]


class Users:
    """The known users; `authenticate` is safe to call from any thread."""

    def __init__(self, admin_password: str, reader_file: Path | None) -> None:
        """Raises ValueError if the password is empty or the file is wrong at this first reading."""
        if not admin_password:
            raise ValueError("the password of the admin is empty")
        self._admin_password = admin_password.encode()
        self._file = reader_file
        self._seen: tuple[int, int] | None = None
        self._readers: Mapping[str, _Reader] = {}
        if reader_file is not None:
            self._seen = _fingerprint(reader_file)
            self._readers = _read_readers(reader_file)

    def authenticate(self, name: str, password: str) -> User | None:
        """The user, or None without telling whether the name or the password is wrong."""
        self._refresh()
        if name == ADMIN:
            is_right = hmac.compare_digest(self._admin_password, password.encode())
            return User(ADMIN, None) if is_right else None
        reader = self._readers.get(name)
        expected = reader.expected() if reader else ""
        is_right = hmac.compare_digest(expected.encode(), _digest(password).encode())
        return User(name, reader.tenant) if reader and is_right else None

    def _refresh(self) -> None:
        if self._file is None:
            return
        try:
            seen = _fingerprint(self._file)
            if seen == self._seen:
                return
            self._seen = seen
            self._readers = _read_readers(self._file)
        except (OSError, ValueError) as error:
            _log.warning("reader_file_not_read", file=str(self._file), error=str(error))


def credentials(
    headers: Mapping[str, str], parameters: Mapping[str, str]
) -> tuple[str, str] | None:
    """Name and password of a request, from where ClickHouse takes them; None if malformed.

    Its own headers go before basic authentication, that before the URL.
    """
    if "x-clickhouse-user" in headers:
        return headers["x-clickhouse-user"], headers.get("x-clickhouse-key", "")
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return name, password
    return parameters.get("user", "default"), parameters.get("password", "")


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


def _fingerprint(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_mtime_ns, status.st_size


def _read_readers(file: Path) -> Mapping[str, _Reader]:
    try:
        readers = msgspec.json.decode(file.read_bytes(), type=_ReaderFile).readers
    except msgspec.DecodeError as error:
        raise ValueError(f"{file} is no file of readers: {error}") from error
    for name, reader in readers.items():
        has_one_secret = bool(reader.password) != bool(reader.sha256)
        if name == ADMIN or not name or not has_one_secret or reader.tenant in ("", "*"):
            raise ValueError(
                f"{file}: reader {name!r} lacks a password or tenant, or has a taken name"
            )
    return readers
