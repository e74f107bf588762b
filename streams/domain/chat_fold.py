"""One more event of a chat account: what it changes in the rows of its session.

`(ChatSession, event) → facts`, deterministic, without a clock. The rows before and after are both
made from what is known of the session; told is what differs: rows that are new or other, rows that
are none any more, and the windows of both, which are summed anew from the stored queue calls.
"""

import msgspec

from streams.domain.chat_events import (
    TICKS_PER_MS,
    MessageSighting,
    SessionSeen,
    SessionSighting,
)
from streams.domain.chat_session import (
    KEPT_AFTER_END_MS,
    ChatSession,
    message_sighted,
    queue_named,
    sighted,
)
from streams.domain.chat_visits import visits_of
from streams.domain.facts import Channel, Fact, QueueCall, QueueCallGone, QueueName, StaleWindow
from streams.domain.interval import window_start
from streams.domain.version import chat_place, version_of_place

CHANNEL: Channel = "whatsapp"

_COUNTED = ("outcome", "status", "wait_ms", "talk_ms")
"""What of a queue call is in its window; its place in time and queue besides."""

_Key = tuple[str, int, str]


class SessionEvent(msgspec.Struct, frozen=True):
    """A sighting that was received at `received_at` (milliseconds since the epoch).

    `caller` is the customer's number as it may be shown, `caller_hash` links the customer's
    contacts; both are empty if the event does not tell them.
    """

    received_at: int
    sighting: SessionSighting | MessageSighting
    caller: str = ""
    caller_hash: str = ""


def apply(session: ChatSession, event: SessionEvent) -> list[Fact]:
    """Applies the event to the session (in place); the facts that it changed, often none.

    A repeated event changes nothing. What is told late of a session that has been forgotten since
    changes nothing either.
    """
    before = _rows(session, 0)
    sighting = event.sighting
    if isinstance(sighting, SessionSighting):
        if not session.sightings and _is_long_over(sighting.seen):
            return []
        is_changed = sighted(session, sighting)
    else:
        is_changed = message_sighted(session, sighting.message_id, sighting.seen)
    is_changed |= _meet(session, event)
    name = _name_of_queue(session, sighting)
    session.received_at = max(session.received_at, event.received_at)
    if not is_changed and not name:
        return []
    session.place = chat_place(session.place, event.received_at)
    version = version_of_place(session.place)
    facts: list[Fact] = list(_differences(before, _rows(session, version), version))
    if name:
        facts.append(QueueName(session.tenant_id, session.site, *name, _version_of_name(event)))
    return facts


def _version_of_name(event: SessionEvent) -> int:
    """By when the queue was called so: sessions that tell its name come late and in any order.

    A session that was asked for shows the queue as it was then, however old the session is.
    """
    seen = event.sighting.seen
    is_polled = isinstance(seen, SessionSeen) and seen.kind == "polled"
    told_at = event.received_at if is_polled else seen.at_ticks // TICKS_PER_MS
    return version_of_place(chat_place(0, min(told_at, event.received_at)))


def _is_long_over(seen: SessionSeen) -> bool:
    """Whether a session that is not known was over so long before that it has been forgotten."""
    is_over = seen.phase == "ended" and seen.ended_at > 0
    return is_over and seen.at_ticks // TICKS_PER_MS - seen.ended_at > KEPT_AFTER_END_MS


def _meet(session: ChatSession, event: SessionEvent) -> bool:
    """Who the customer is; the greater one if two events differ, so that no order matters."""
    caller = max(session.caller, event.caller)
    caller_hash = max(session.caller_hash, event.caller_hash)
    is_new = (caller, caller_hash) != (session.caller, session.caller_hash)
    session.caller, session.caller_hash = caller, caller_hash
    return is_new


def _name_of_queue(
    session: ChatSession, sighting: SessionSighting | MessageSighting
) -> tuple[str, str] | None:
    """A queue and what people call it, if that is news; also told by what tells nothing else."""
    if not isinstance(sighting, SessionSighting):
        return None
    queue, name = sighting.seen.queue, sighting.queue_name
    if queue and name and queue_named(session, queue, name):
        return queue, name
    return None


def _rows(session: ChatSession, version: int) -> dict[_Key, QueueCall]:
    """The session's queue calls by what identifies them within it."""
    first = _first_number(session)
    rows = {}
    for number, visit in enumerate(visits_of(session), first):
        call_id = f"{session.session_id}/{number}"
        rows[visit.queue, visit.entered_at, call_id] = QueueCall(
            tenant_id=session.tenant_id,
            site=session.site,
            channel=CHANNEL,
            queue=visit.queue,
            call_id=call_id,
            uniqueid=session.session_id,
            contact_id=session.session_id,
            entered_at=visit.entered_at,
            status=visit.status,
            outcome=visit.outcome,
            answered_at=visit.answered_at,
            ended_at=visit.ended_at,
            wait_ms=visit.wait_ms,
            talk_ms=visit.talk_ms,
            hold_ms=0,
            wrap_up_ms=0,
            agent_key=agent_key(session.site, visit.agent) if visit.agent else "",
            agent_name=visit.agent_name,
            ended_by=visit.ended_by,
            transfer=visit.transfer,
            missed_offers=0,
            position_at_entry=0,
            caller=session.caller,
            caller_hash=session.caller_hash,
            is_estimated=visit.is_estimated or bool(session.dropped),
            version=version,
            first_response_at=visit.first_response_at,
            messages_in=visit.messages_in,
            messages_out=visit.messages_out,
            messages_read=visit.messages_read,
        )
    return rows


def agent_key(site: str, agent: str) -> str:
    """The key of an agent of a chat account, as of one of a telephone exchange."""
    return f"{site}/{agent}"


def _first_number(session: ChatSession) -> int:
    """Visits are numbered from 1; those of a resumed session from a number its past did not use."""
    if not session.is_resumed or not session.sightings:
        return 1
    return session.sightings[0].at_ticks // 10_000_000


def _differences(
    before: dict[_Key, QueueCall], after: dict[_Key, QueueCall], version: int
) -> list[Fact]:
    facts: list[Fact] = []
    stale: dict[tuple[str, int], QueueCall] = {}
    for key, row in after.items():
        known = before.get(key)
        if known is not None and known == msgspec.structs.replace(row, version=known.version):
            continue
        facts.append(row)
        if known is None or any(getattr(known, name) != getattr(row, name) for name in _COUNTED):
            stale[row.queue, window_start(row.entered_at)] = row
    for key, row in before.items():
        if key not in after:
            facts.append(
                QueueCallGone(
                    row.tenant_id,
                    row.site,
                    row.channel,
                    row.queue,
                    row.call_id,
                    row.entered_at,
                    version,
                )
            )
            stale[row.queue, window_start(row.entered_at)] = row
    facts += [
        StaleWindow(row.tenant_id, row.site, row.channel, queue, start, version)
        for (queue, start), row in stale.items()
    ]
    return facts
