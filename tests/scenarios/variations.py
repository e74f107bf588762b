"""What the same story looks like on another server: recorded packets with something else in them.

Each function takes a connection and returns another one. Packets that text from outside broke in
two are changed like any other piece of bytes.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from tests.support.captures import Chunk, Connection

Variation = Callable[[Connection], Connection]

_OPTIONAL_IN_COMPLETE = re.compile(
    rb"(?:Dest)?(?:Channel|Uniqueid|Linkedid|CallerIDNum|Context|Exten)[A-Za-z]*: [^\r]*\r\n"
)
_TIMESTAMP = re.compile(rb"Timestamp: [0-9.]+\r\n")
_PRIVILEGE = re.compile(rb"(Event: [^\r]*\r\nPrivilege: [^\r]*\r\n)")
REQUESTS = ("HangupRequest", "SoftHangupRequest")
DIALS = ("DialBegin", "DialEnd", "DialState")


def _is_named(chunk: Chunk, names: Iterable[str]) -> bool:
    return chunk.data.startswith(tuple(f"Event: {name}\r\n".encode() for name in names))


def without(*names: str) -> Variation:
    """A server or class of rights without these events."""

    def vary(connection: Connection) -> Connection:
        kept = [chunk for chunk in connection.chunks if not _is_named(chunk, names)]
        return Connection(tuple(kept))

    return vary


def bare_completes(connection: Connection) -> Connection:
    """AgentComplete with neither the caller's nor the agent's channel, as happens at times."""

    def vary(chunk: Chunk) -> Chunk:
        if not _is_named(chunk, ("AgentComplete",)):
            return chunk
        return replace(chunk, data=_OPTIONAL_IN_COMPLETE.sub(b"", chunk.data))

    return Connection(tuple(vary(chunk) for chunk in connection.chunks))


def without_timestamps(connection: Connection) -> Connection:
    """`timestampevents = no`: only the receive time is known."""
    return Connection(
        tuple(replace(c, data=_TIMESTAMP.sub(b"", c.data)) for c in connection.chunks)
    )


def with_timestamps(connection: Connection) -> Connection:
    """`timestampevents = yes`, and a client that hears everything 40 ms late."""

    def vary(chunk: Chunk) -> Chunk:
        data = chunk.data
        if not _TIMESTAMP.search(data):
            stamp = f"Timestamp: {chunk.received_ms / 1000:.6f}\r\n".encode()
            data = _PRIVILEGE.sub(lambda found: found[1] + stamp, data, count=1)
        return Chunk(chunk.received_ms + 40, data)

    return Connection(tuple(vary(chunk) for chunk in connection.chunks))


def twice(*names: str) -> Variation:
    """A server that says some events twice."""

    def vary(connection: Connection) -> Connection:
        chunks: list[Chunk] = []
        for chunk in connection.chunks:
            chunks += [chunk, chunk] if _is_named(chunk, names) else [chunk]
        return Connection(tuple(chunks))

    return vary


def late(delay_ms: int, *names: str) -> Variation:
    """Events that come later than what they are about, in the order among themselves."""

    def vary(connection: Connection) -> Connection:
        chunks = [
            replace(chunk, received_ms=chunk.received_ms + delay_ms)
            if _is_named(chunk, names)
            else chunk
            for chunk in connection.chunks
        ]
        return Connection(tuple(sorted(chunks, key=lambda chunk: chunk.received_ms)))

    return vary
