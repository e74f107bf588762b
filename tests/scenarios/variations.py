"""The same stories as another server tells them: the recorded one with something else in it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from agent.event import Event
from tests.support.captures import Chunk, Connection

Variation = Callable[[Sequence[Event]], list[Event]]
"""Of the events that the collector makes."""

REQUESTS = ("HangupRequest", "SoftHangupRequest")
DIALS = ("DialBegin", "DialEnd", "DialState")

_PARTY = ("Channel", "Uniqueid", "Linkedid", "CallerIDNum", "CallerHash", "Context", "Exten")
_TIMESTAMP = re.compile(rb"Timestamp: [0-9.]+\r\n")
_PRIVILEGE = re.compile(rb"(Event: [^\r]*\r\nPrivilege: [^\r]*\r\n)")


def without(*names: str) -> Variation:
    """A server or class of rights without these events."""
    return lambda events: [event for event in events if event.name not in names]


def bare_completes(events: Sequence[Event]) -> list[Event]:
    """AgentComplete with neither the caller's nor the agent's channel, as happens at times."""

    def vary(event: Event) -> Event:
        if event.name != "AgentComplete":
            return event
        return event._replace(
            fields={
                name: value
                for name, value in event.fields.items()
                if name not in _PARTY and not name.startswith("Dest")
            }
        )

    return [vary(event) for event in events]


def twice(*names: str) -> Variation:
    """A server that says some events twice."""
    return lambda events: [
        event for event in events for _ in range(2 if event.name in names else 1)
    ]


def late(delay_ms: int, *names: str) -> Variation:
    """Events that come later than what they are about, in the order among themselves."""

    def vary(events: Sequence[Event]) -> list[Event]:
        moved = [
            event._replace(at_ms=event.at_ms + delay_ms) if event.name in names else event
            for event in events
        ]
        return sorted(moved, key=lambda event: event.at_ms)

    return vary


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
