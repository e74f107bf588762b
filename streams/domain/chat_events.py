"""What was seen of chat sessions, in words of our own: connectors translate into these.

A chat platform shows its sessions as they are at a moment, again and again, late, twice and in any
order; so nothing here says "then this happened", only "at that moment it was so". The fold draws
its conclusions from all that was seen, sorted by the platform's own time.

Moments named `_ticks` are 100 nanoseconds since the Unix epoch, UTC, as fine as platforms tell
them; all others are milliseconds.
"""

from typing import Literal

import msgspec

TICKS_PER_MS = 10_000

SightingKind = Literal["created", "changed", "polled", "completed"]
"""What made the platform show the session. Of two sightings at one moment the later word holds."""

Phase = Literal["opened", "waiting", "served", "ended", "hidden", "untold"]
"""How the session was: with a bot or just opened; waiting for people; with a person; over; kept out
of the queues by the platform; or in a state that we do not know."""

Author = Literal["customer", "person", "sender", "program", "machine"]
"""Who wrote a message: the customer, a person of ours, a campaign or template, which open
conversations, a program, which may do so or answer, or a bot and the like, which only answers."""


class SessionSeen(msgspec.Struct, frozen=True, array_like=True):
    """One sighting of a session. None means that this one does not tell; "" that there is none."""

    at_ticks: int
    kind: SightingKind
    phase: Phase
    queue: str | None = None
    agent: str | None = None
    agent_name: str = ""
    has_bot: bool = False
    is_group: bool = False
    is_unanswered_send: bool = False
    """We wrote, and the customer has never answered."""
    started_at: int = 0
    ended_at: int = 0
    picked_up_at: int = 0
    """When a person first opened it; 0 if not told, as all moments here."""
    responded_at: int = 0
    """When a person first wrote."""


class MessageSeen(msgspec.Struct, frozen=True, array_like=True):
    """One sighting of a message. `at_ticks` decides which of two says how the message is now."""

    at_ticks: int
    written_at: int
    author: Author
    is_read: bool = False
    is_failed: bool = False


class SessionSighting(msgspec.Struct, frozen=True):
    """A session was seen; `queue_name` is what people call its queue, "" if not told."""

    session_id: str
    seen: SessionSeen
    queue_name: str = ""


class MessageSighting(msgspec.Struct, frozen=True):
    """A message of a session was seen."""

    session_id: str
    message_id: str
    seen: MessageSeen


class AgentSighting(msgspec.Struct, frozen=True):
    """A person of ours was seen on the platform, taking sessions or not."""

    agent: str
    name: str
    is_available: bool
    at_ticks: int


ChatSighting = SessionSighting | MessageSighting | AgentSighting
