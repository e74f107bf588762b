"""Reads a request's body within its limits: nothing is read or inflated beyond them."""

import asyncio
import zlib

from starlette.requests import ClientDisconnect, Request

from ingest_api.budget import Lease
from ingest_api.contract.limits import MAX_COMPRESSED_BYTES, MAX_INFLATED_BYTES
from ingest_api.errors import (
    BodyTooSlowError,
    MalformedBodyError,
    TooLargeError,
    UnsupportedBodyError,
)

BODY_TIMEOUT_S = 10.0

_GZIP = zlib.MAX_WBITS | 16
_MAX_DIGITS = 18
_INFLATE_STEP_BYTES = 64 * 1024
_TOO_LONG = f"a body has at most {MAX_COMPRESSED_BYTES} bytes"


def is_gzip(request: Request) -> bool:
    """Whether the body is gzip; raises UnsupportedBodyError if it is neither that nor plain JSON.

    Without a Content-Type the body is taken for JSON.
    """
    media_type = request.headers.get("content-type", "application/json").partition(";")[0]
    if media_type.strip().lower() != "application/json":
        raise UnsupportedBodyError("the content type must be application/json")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("gzip", "identity"):
        raise UnsupportedBodyError("the content encoding must be gzip, or none")
    return encoding == "gzip"


async def read_body(request: Request, lease: Lease) -> bytearray:
    """The body as it was sent; what is read is reserved in `lease` first.

    Raises TooLargeError above the limit (before reading, if the length is declared),
    BodyTooSlowError if it does not arrive in time, MalformedBodyError if it ends early,
    UnavailableError if there is no room for it.
    """
    declared = request.headers.get("content-length", "0")
    if not (declared.isascii() and declared.isdecimal()):
        raise MalformedBodyError("the content length is not a number")
    if len(declared) > _MAX_DIGITS or int(declared) > MAX_COMPRESSED_BYTES:
        raise TooLargeError(_TOO_LONG)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.stream():
                if len(body) + len(chunk) > MAX_COMPRESSED_BYTES:
                    raise TooLargeError(_TOO_LONG)
                lease.grow(len(chunk))
                body += chunk
    except TimeoutError as error:
        raise BodyTooSlowError("the body did not arrive in time") from error
    except ClientDisconnect as error:
        raise MalformedBodyError("the body ended early") from error
    return body


def inflate(compressed: bytes | bytearray, most: int = MAX_INFLATED_BYTES) -> bytearray:
    """The content of a gzip of one or more members.

    Raises TooLargeError as soon as it is above `most` bytes, MalformedBodyError if it is damaged,
    cut, or followed by something else.
    """
    inflated = bytearray()
    rest = bytes(compressed)
    try:
        while rest:
            member = zlib.decompressobj(_GZIP)
            while not member.eof:
                step = member.decompress(rest, _INFLATE_STEP_BYTES)
                inflated += step
                if len(inflated) > most:
                    raise TooLargeError(f"a body inflates to at most {most} bytes")
                rest = member.unconsumed_tail
                if not step and not rest and not member.eof:
                    raise MalformedBodyError("the gzip is cut")
            rest = member.unused_data
    except zlib.error as error:
        raise MalformedBodyError("the gzip is damaged") from error
    return inflated
