"""What Helena's words mean.

Created, changed or completed is told by the event's name, not by the status. A person is their user
id: as an agent they have another one, which not all events tell. Whatever is not known
(names, statuses, missing or odd values) never breaks anything: it is less that is told.
"""

from connectors.fields import Fields, at_ticks, text
from connectors.helena.door import DATE, EVENTS
from connectors.meaning import Understood
from connectors.moments import Moments
from ingest_api.contract.chat import PublishedChatEvent
from streams.domain.chat_events import (
    TICKS_PER_MS,
    AgentSighting,
    Author,
    MessageSeen,
    MessageSighting,
    Phase,
    SessionSeen,
    SessionSighting,
    SightingKind,
)

POLLED_SESSION = "polled session"
POLLED_AGENT = "polled agent"
"""Names of what was not posted but asked for (`poller.py`)."""

_KINDS: dict[str, SightingKind] = {
    "SESSION_NEW": "created",
    "SESSION_UPDATE": "changed",
    "SESSION_COMPLETE": "completed",
    POLLED_SESSION: "polled",
}

_PHASES: dict[str, Phase] = {
    "UNDEFINED": "untold",
    "STARTED": "opened",
    "PENDING": "waiting",
    "IN_PROGRESS": "served",
    "COMPLETED": "ended",
    "HIDDEN": "hidden",
}

_MESSAGES = frozenset(("MESSAGE_RECEIVED", "MESSAGE_UPDATED", "MESSAGE_SENT"))

_MESSAGE_STATUSES = frozenset(
    (
        "PROCESSING",
        "SAVED",
        "QUEUED",
        "SENT",
        "DELIVERED",
        "READ",
        "FAILED",
        "DELETED",
        "WAIT_REPLY",
    )
)

# Only what a person wrote is a response. Campaigns open conversations, programs may do so; the
# others answer by themselves.
_AUTHORS: dict[str, Author] = {
    "DEFAULT": "person",
    "CAMPAIGN": "sender",
    "API": "program",
    "PAYMENT": "machine",
    "OFFICE_HOURS": "machine",
    "BOT": "machine",
    "GATEWAY": "machine",
}

_CHANGED = ("updatedAt", DATE, "createdAt")
"""When what is shown was so: by the object, else by the envelope."""


def understand(event: PublishedChatEvent) -> Understood:
    """What the event shows; nothing if it is about something else."""
    fields = event.fields
    if event.name in _KINDS:
        return _session(fields, _KINDS[event.name], event.received_at)
    if event.name in _MESSAGES:
        return _message(fields, event.name == "MESSAGE_RECEIVED", event.received_at)
    if event.name == POLLED_AGENT:
        return _agent(fields, event.received_at)
    return Understood(None, () if event.name in EVENTS else ("event",))


def _session(fields: Fields, kind: SightingKind, received_at: int) -> Understood:
    session_id = text(fields, "id")
    if not session_id:
        return Understood(None, ("id",))
    moments = Moments(received_at)
    status = text(fields, "status").upper()
    ended_at = moments.ms(fields.get("endAt"))
    phase = _PHASES.get(status, "untold")
    agent = _id(fields, "userId", "agentDetails.userId")
    is_unnamed = not agent and bool(text(fields, "agentDetails.id"))
    has_bot = bool(text(fields, "botId"))
    if kind == "completed" or (phase == "untold" and ended_at):
        phase = "ended"
    elif is_unnamed and phase in ("opened", "waiting"):
        phase = "served"
    elif phase == "served" and agent == "" and has_bot and not is_unnamed:
        phase = "opened"  # served by the bot
    seen = SessionSeen(
        at_ticks=at_ticks(fields, _CHANGED, received_at),
        kind=kind,
        phase=phase,
        queue=_id(fields, "departmentId", "departmentDetails.id"),
        agent=None if is_unnamed else agent,
        agent_name=text(fields, "agentDetails.name"),
        has_bot=has_bot,
        is_group=text(fields, "type").upper() == "GROUP",
        is_unanswered_send=text(fields, "windowStatus").upper() == "NOT_STARTED",
        started_at=moments.ms(fields.get("startAt")) or moments.ms(fields.get("createdAt")),
        ended_at=ended_at,
        picked_up_at=moments.ms(fields.get("firstUserInteractionAt")),
        responded_at=moments.ms(fields.get("firstAgentMessageAt")),
    )
    sighting = SessionSighting(session_id, seen, text(fields, "departmentDetails.name"))
    return Understood(sighting, _unknown(session_status=status in _PHASES, id=not is_unnamed))


def _message(fields: Fields, is_received: bool, received_at: int) -> Understood:
    message_id, session_id = text(fields, "id"), text(fields, "sessionId")
    if not message_id or not session_id:
        return Understood(None, ("id",))
    direction = text(fields, "direction").upper()
    status = text(fields, "status").upper()
    origin = text(fields, "origin").upper()
    unknown = _unknown(
        message_direction=direction in ("TO_HUB", "FROM_HUB"),
        message_status=status in _MESSAGE_STATUSES,
        message_origin=origin in _AUTHORS or direction == "FROM_HUB",
    )
    is_customers = direction == "FROM_HUB" or (is_received and direction != "TO_HUB")
    moments = Moments(received_at)
    told = filter(None, (moments.ms(fields.get(name)) for name in _WRITTEN))
    seen = MessageSeen(
        at_ticks=at_ticks(fields, _CHANGED, received_at),
        written_at=next(told, received_at),
        author="customer" if is_customers else _author(fields, origin),
        is_read=status == "READ" or bool(moments.ms(fields.get("readContactAt"))),
        is_failed=status in ("FAILED", "DELETED"),
    )
    return Understood(MessageSighting(session_id, message_id, seen), unknown)


_WRITTEN = ("createdAt", "timestamp", "updatedAt", DATE)


def _author(fields: Fields, origin: str) -> Author:
    author = _AUTHORS.get(origin, "machine")
    if text(fields, "templateId") and author != "machine":
        return "sender"
    if author == "person" and not text(fields, "userId"):
        return "machine"
    return author


def _agent(fields: Fields, received_at: int) -> Understood:
    agent = text(fields, "userId")
    availability = text(fields, "availability").upper()
    if not agent:
        return Understood(None, ("id",))
    if availability not in ("AVAILABLE", "UNAVAILABLE"):
        return Understood(None, ("availability",))
    is_available = availability == "AVAILABLE"
    at = received_at * TICKS_PER_MS
    return Understood(AgentSighting(agent, text(fields, "name"), is_available, at), ())


def _unknown(**known: bool) -> tuple[str, ...]:
    """The names of what is not known, in this order."""
    return tuple(name for name, is_known in known.items() if not is_known)


def _id(fields: Fields, *names: str) -> str | None:
    """The first id that is told; "" if it is told that there is none, None if nothing is told."""
    if found := next(filter(None, (text(fields, name) for name in names)), ""):
        return found
    return "" if any(name in fields and fields[name] is None for name in names) else None
