"""Reads a request's body within its limits: nothing is read or inflated beyond them."""

import asyncio
import zlib

from starlette.types import Receive

from ingest_api.budget import Lease
from ingest_api.contract.limits import MAX_COMPRESSED_BYTES, MAX_INFLATED_BYTES
from ingest_api.errors import BodyTooSlowError, MalformedBodyError, TooLargeError
from ingest_api.request_head import too_long

BODY_TIMEOUT_S = 10.0

_GZIP = zlib.MAX_WBITS | 16
_INFLATE_STEP_BYTES = 64 * 1024


async def read_body(
    receive: Receive, lease: Lease, most: int = MAX_COMPRESSED_BYTES
) -> bytes | bytearray:
    """The body as it was sent, at most `most` bytes; what is read is reserved in `lease` first.

    Raises TooLargeError above the limit, BodyTooSlowError if it does not arrive in time,
    MalformedBodyError if it ends early, UnavailableError if there is no room for it.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise MalformedBodyError("the body ended early")
                chunk: bytes = message.get("body", b"")
                is_last = not message.get("more_body", False)
                if len(body) + len(chunk) > most:
                    raise TooLargeError(too_long(most))
                lease.grow(len(chunk))
                if is_last and not body:
                    return chunk
                body += chunk
                if is_last:
                    return body
    except TimeoutError as error:
        raise BodyTooSlowError("the body did not arrive in time") from error


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
