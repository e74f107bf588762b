"""Chat events as Helena posts them, and what a session of them comes to. Made-up values only."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from connectors.doors import DOORS
from connectors.helena.meaning import POLLED_AGENT, POLLED_SESSION
from ingest_api.contract.chat import PublishedChatEvent, decode_chat_event, encode_chat_event
from streams.domain.chat_events import AgentSighting
from streams.domain.chat_fold import SessionEvent, apply
from streams.domain.chat_session import (
    ChatSession,
    decode_session,
    encode_session,
    new_session,
)
from streams.domain.facts import Fact, QueueCall, QueueCallGone
from streams.interpreter.chats import understand

TENANT = "acme"
ACCOUNT = "whatsapp-01"
SESSION = "0b6e1f6a-0000-4000-8000-000000000001"
QUEUE = "e0000000-0000-4000-8000-000000000001"
OTHER_QUEUE = "e0000000-0000-4000-8000-000000000002"
AGENT = "a0000000-0000-4000-8000-000000000001"
OTHER_AGENT = "a0000000-0000-4000-8000-000000000002"
BOT = "b0000000-0000-4000-8000-000000000001"

WORKED_EXAMPLE = Path(__file__).parents[1] / "scenarios" / "helena" / "worked_example.json"

_DAY = datetime(2026, 3, 10, tzinfo=UTC)


def at(clock: str) -> datetime:
    """A moment of the made-up day, `13:00:00.1` in UTC."""
    hours, minutes, seconds = clock.split(":")
    return _DAY + timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))


def clock_after(clock: str, seconds: int) -> str:
    """The time of day so many seconds later."""
    return f"{at(clock) + timedelta(seconds=seconds):%H:%M:%S}"


def ms(clock: str) -> int:
    return round(at(clock).timestamp() * 1000)


def told(clock: str) -> str:
    """The moment as Helena writes it."""
    return at(clock).isoformat(timespec="microseconds").replace("+00:00", "Z")


def told_ms(moment: int) -> str:
    """Milliseconds since the epoch as Helena writes them."""
    return datetime.fromtimestamp(moment / 1000, UTC).isoformat().replace("+00:00", "Z")


def session_event(name: str, clock: str, **content: Any) -> dict[str, Any]:
    """A SESSION_* event of the made-up session; `content` replaces and adds."""
    moments = {"createdAt", "startAt", "endAt", "firstUserInteractionAt", "firstAgentMessageAt"}
    plain = {
        "id": SESSION,
        "createdAt": "13:00:00",
        "updatedAt": told(clock),
        "startAt": "13:00:00",
        "endAt": None,
        "status": "PENDING",
        "type": "INDIVIDUAL",
        "departmentId": QUEUE,
        "userId": None,
        "botId": None,
        "firstUserInteractionAt": None,
        "firstAgentMessageAt": None,
        "windowStatus": "ACTIVE",
        **content,
    }
    for moment in moments:
        if plain.get(moment):
            plain[moment] = told(plain[moment])
    return {"eventType": name, "date": told(clock), "content": plain}


def message_event(name: str, clock: str, message: str, **content: Any) -> dict[str, Any]:
    """A MESSAGE_* event of the made-up session; written and updated at `clock`, unless told."""
    plain = {
        "id": message,
        "sessionId": SESSION,
        "createdAt": content.pop("written", clock),
        "type": "TEXT",
        "direction": "FROM_HUB" if name == "MESSAGE_RECEIVED" else "TO_HUB",
        "origin": "DEFAULT",
        "status": "SENT",
        "userId": None,
        "text": "made-up words that nobody may keep",
        **content,
    }
    plain["createdAt"] = told(plain["createdAt"])
    plain["updatedAt"] = told(clock)
    return {"eventType": name, "date": told(clock), "content": plain}


def passed(body: Mapping[str, Any], connector: str = "helena", received_at: int = 0) -> bytes:
    """What a posted event is in Kafka, without the number."""
    kept = DOORS[connector].passes(json.loads(json.dumps(body)))
    event = PublishedChatEvent(
        TENANT, ACCOUNT, connector, received_at or ms("14:00:00"), kept.name, kept.fields
    )
    return encode_chat_event(event)


def polled_session(body: Mapping[str, Any], received_at: int) -> bytes:
    """What the session of an event is in Kafka, when asked for."""
    event = decode_chat_event(passed(body, received_at=received_at))
    return encode_chat_event(msgspec.structs.replace(event, name=POLLED_SESSION))


def polled_agent(body: Mapping[str, Any], received_at: int) -> bytes:
    """What an agent of Helena is in Kafka, when asked for."""
    return encode_chat_event(
        PublishedChatEvent(TENANT, ACCOUNT, "helena", received_at, POLLED_AGENT, dict(body))
    )


class Told:
    """Sessions as they come to be, event by event, each stored and read again in between."""

    def __init__(self, connector: str = "helena") -> None:
        self._connector = connector
        self._received_at = ms("14:00:00")
        self.sessions: dict[str, ChatSession] = {}
        self.rows: dict[tuple[str, int, str], QueueCall] = {}
        self.facts: list[Fact] = []
        self.unknown: list[str] = []

    def tell(self, *bodies: Mapping[str, Any]) -> "Told":
        """Post these events, one after the other, a second apart."""
        for body in bodies:
            self._received_at += 1_000
            self.take(passed(body, self._connector, self._received_at))
        return self

    def take(self, value: bytes) -> list[Fact]:
        """Take one message of the topic; the facts it made."""
        event = decode_chat_event(value)
        understood = understand(event)
        self.unknown += understood.unknown
        sighting = understood.sighting
        if sighting is None or isinstance(sighting, AgentSighting):
            return []
        known = self.sessions.get(sighting.session_id)
        session = known or new_session(event.tenant, event.site, sighting.session_id)
        came = SessionEvent(event.received_at, sighting, event.caller, event.caller_hash)
        facts = apply(session, came)
        self.sessions[sighting.session_id] = decode_session(encode_session(session))
        self.facts += facts
        for fact in facts:
            if isinstance(fact, QueueCall):
                self.rows[fact.queue, fact.entered_at, fact.call_id] = fact
            elif isinstance(fact, QueueCallGone):
                del self.rows[fact.queue, fact.entered_at, fact.call_id]
        return facts

    @property
    def calls(self) -> list[QueueCall]:
        """The queue calls that hold, in order of entry."""
        return sorted(self.rows.values(), key=lambda call: (call.entered_at, call.call_id))


def calls_of(bodies: Iterable[Mapping[str, Any]], connector: str = "helena") -> list[QueueCall]:
    """The queue calls that these events come to in the end."""
    return Told(connector).tell(*bodies).calls
