"""Asking the parts of a local run over HTTP."""

import json
import urllib.request
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit, urlunsplit

_PROBE_TIMEOUT_S = 2.0
_ANSWER_TIMEOUT_S = 30.0
_OK = 200


def bare(url: str) -> str:
    """The address without user and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def answers(url: str) -> bool:
    """Whether the address answers well."""
    try:
        with urllib.request.urlopen(url, timeout=_PROBE_TIMEOUT_S) as answer:  # noqa: S310
            return bool(answer.status == _OK)
    except (OSError, HTTPException):
        return False


def ask_json(url: str) -> Any:
    """The answer, decoded. Raises OSError if there is none, or not all of it."""
    return json.loads(_read(url))


def ask_clickhouse(url: str, query: str) -> str:
    """The answer's text; `url` carries user and password. Raises OSError as `ask_json` does."""
    parts = urlsplit(url)
    headers = {
        "X-ClickHouse-User": parts.username or "default",
        "X-ClickHouse-Key": parts.password or "",
    }
    request = urllib.request.Request(bare(url), query.encode(), headers)  # noqa: S310
    return _read(request).decode()


def _read(request: urllib.request.Request | str) -> bytes:
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_TIMEOUT_S) as answer:  # noqa: S310
            content: bytes = answer.read()
    except HTTPException as error:
        raise ConnectionError("the answer broke off") from error
    return content
