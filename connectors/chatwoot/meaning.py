"""What Chatwoot's words mean. A conversation is a session, a team (else the inbox) its queue."""

from connectors.chatwoot.door import EVENTS
from connectors.fields import Fields, at_ticks, text
from connectors.meaning import Understood
from connectors.moments import Moments
from ingest_api.contract.chat import PublishedChatEvent
from streams.domain.chat_events import (
    TICKS_PER_MS,
    Author,
    MessageSeen,
    MessageSighting,
    Phase,
    SessionSeen,
    SessionSighting,
    SightingKind,
)

_KINDS: dict[str, SightingKind] = {
    "conversation_created": "created",
    "conversation_updated": "changed",
    "conversation_status_changed": "changed",
}

# "pending" is with a bot; a snoozed one is put off, and who has it keeps it.
_PHASES: dict[str, Phase] = {
    "open": "waiting",
    "pending": "opened",
    "snoozed": "untold",
    "resolved": "ended",
}

_MESSAGES = frozenset(("message_created", "message_updated"))

# In webhooks the type is a word, in older ones a number.
_TYPES = {0: "incoming", 1: "outgoing", 2: "activity", 3: "template"}

_CHANGED = ("updated_at", "timestamp", "last_activity_at", "created_at")
"""When what is shown was so."""


def understand(event: PublishedChatEvent) -> Understood:
    """What the event shows; nothing if it is about something else."""
    if event.name in _KINDS:
        return _conversation(event.fields, _KINDS[event.name], event.received_at)
    if event.name in _MESSAGES:
        return _message(event.fields, event.received_at)
    return Understood(None, () if event.name in EVENTS else ("event",))


def _conversation(fields: Fields, kind: SightingKind, received_at: int) -> Understood:
    session_id = _id(fields, "id")
    if not session_id:
        return Understood(None, ("id",))
    status = str(fields.get("status"))
    phase = _PHASES.get(status, "untold")
    at, moments = at_ticks(fields, _CHANGED, received_at), Moments(received_at)
    team, inbox = _id(fields, "meta.team.id"), _id(fields, "inbox_id")
    seen = SessionSeen(
        at_ticks=at,
        kind=kind,
        phase=phase,
        queue=f"team-{team}" if team else f"inbox-{inbox}" if inbox else None,
        agent=_id(fields, "meta.assignee.id"),
        agent_name=text(fields, "meta.assignee.name"),
        has_bot=phase == "opened",
        started_at=moments.ms(fields.get("created_at")),
        ended_at=at // TICKS_PER_MS if phase == "ended" else 0,
        responded_at=moments.ms(fields.get("first_reply_created_at")),
    )
    unknown = () if status in _PHASES else ("session_status",)
    return Understood(SessionSighting(session_id, seen, text(fields, "meta.team.name")), unknown)


def _message(fields: Fields, received_at: int) -> Understood:
    message_id, session_id = _id(fields, "id"), _id(fields, "conversation.id")
    if not message_id or not session_id:
        return Understood(None, ("id",))
    told = fields.get("message_type")
    kind = _TYPES.get(told, "") if isinstance(told, int) else str(told)
    if kind == "activity" or fields.get("private") is True:
        return Understood(None)  # a note among ourselves
    authors: dict[str, Author] = {
        "incoming": "customer",
        "outgoing": "person" if text(fields, "sender.type").lower() == "user" else "machine",
        "template": "machine",
    }
    written_at = Moments(received_at).ms(fields.get("created_at")) or received_at
    seen = MessageSeen(
        at_ticks=at_ticks(fields, _CHANGED, received_at),
        written_at=written_at,
        author=authors.get(kind, "machine"),
        is_read=fields.get("status") == "read",
        is_failed=fields.get("status") == "failed",
    )
    unknown = () if kind in authors else ("message_direction",)
    return Understood(MessageSighting(session_id, message_id, seen), unknown)


def _id(fields: Fields, name: str) -> str | None:
    """An id, which is a number mostly; "" if it is told that there is none."""
    if name not in fields:
        return None
    value = fields[name]
    return "" if value is None or isinstance(value, bool | float) else str(value).strip()
