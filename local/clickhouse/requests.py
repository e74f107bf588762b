"""From an HTTP request to what is asked: who, what statement, with which options.

The statement is the URL's `query` and the body, joined by a newline, as ClickHouse reads it. A body
is held compressed, up to a limit, and inflated piece by piece.
"""

import asyncio
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from starlette.requests import ClientDisconnect, Request

from local.clickhouse.compression import inflated, unframed
from local.clickhouse.errors import RequestError, bad_request
from local.clickhouse.statements import MAX_HEAD_BYTES, decoded, require_no_files

MAX_STATEMENT_BYTES = 16 << 20


class Asked(NamedTuple):
    """A request as received: `keys` of the URL and of a form; header names in lower case."""

    method: str
    keys: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Text(NamedTuple):
    """The beginning of the statement, enough to know its kind, and the pieces after it."""

    head: bytes
    rest: Iterator[bytes]

    def whole(self) -> str:
        """All of it. Raises RequestError if it is longer than MAX_STATEMENT_BYTES or no UTF-8."""
        parts = [self.head]
        size = len(self.head)
        for piece in self.rest:
            size += len(piece)
            if size > MAX_STATEMENT_BYTES:
                raise RequestError(62, "SYNTAX_ERROR", "The statement is too long.")
            parts.append(piece)
        return decoded(b"".join(parts))


async def receive(request: Request, max_body_bytes: int, within_s: float) -> Asked:
    """Reads the request. Raises RequestError if its body is too large, too slow or brings files."""
    try:
        async with asyncio.timeout(within_s):
            body = await _read_body(request, max_body_bytes)
    except TimeoutError as error:
        text = f"Timeout exceeded: the body did not come within {within_s:g} seconds."
        raise RequestError(159, "TIMEOUT_EXCEEDED", text) from error
    keys = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        form = await _form(request, body)
        require_no_files([name for name, value in form.items() if not isinstance(value, str)])
        keys.update({name: str(value) for name, value in form.items()})
        body = b""
    return Asked(request.method, keys, dict(request.headers), body)


def text_of(asked: Asked) -> Text:
    """The statement with its data. Raises RequestError, here or while iterating, on a bad body."""
    query = asked.keys.get("query", "").encode()
    encoding = asked.headers.get("content-encoding", "").lower()
    if asked.keys.get("decompress") != "1":
        pieces = inflated(asked.body, encoding)
    elif encoding:
        raise bad_request("a body is either encoded or in frames, not both")
    else:
        pieces = unframed(asked.body)
    if query and asked.body:
        pieces = chain((query, b"\n"), pieces)
    elif query:
        pieces = iter((query,))
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= MAX_HEAD_BYTES:
            break
    return Text(head, pieces)


async def _read_body(request: Request, max_bytes: int) -> bytes:
    parts = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > max_bytes:
                raise RequestError(307, "TOO_MANY_BYTES", "The body is too large.")
            parts.append(chunk)
    except ClientDisconnect as error:
        raise RequestError(210, "NETWORK_ERROR", "The client went away.") from error
    return b"".join(parts)


async def _form(request: Request, body: bytes) -> Mapping[str, object]:
    async def replay() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    form = await Request(request.scope, replay).form()
    return dict(form)
