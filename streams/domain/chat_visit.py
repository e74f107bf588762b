"""One visit of a chat session to a queue, and what people and messages add to it."""

import bisect
from collections.abc import Sequence

import msgspec

from streams.domain.chat_events import MessageSeen, SessionSeen
from streams.domain.chat_session import ChatSession
from streams.domain.facts import CallStatus, EndedBy, Outcome, Transfer


class ChatVisit(msgspec.Struct):
    """One visit of a session to a queue. Moments in milliseconds; `answered_at` before `agent`."""

    queue: str
    entered_at: int
    status: CallStatus = "waiting"
    outcome: Outcome = "open"
    answered_at: int | None = None
    ended_at: int | None = None
    wait_ms: int | None = None
    talk_ms: int = 0
    agent: str = ""
    agent_name: str = ""
    ended_by: EndedBy = ""
    transfer: Transfer = "none"
    first_response_at: int | None = None
    messages_in: int = 0
    messages_out: int = 0
    messages_read: int = 0
    is_estimated: bool = False


def name_agents(sightings: Sequence[SessionSeen], visits: list[ChatVisit]) -> None:
    """Give each visit the name of its agent as it was told last."""
    names = {seen.agent: seen.agent_name for seen in sightings if seen.agent and seen.agent_name}
    for visit in visits:
        visit.agent_name = names.get(visit.agent, "")


def count_messages(session: ChatSession, visits: list[ChatVisit]) -> None:
    """Each message belongs to the visit it was written in; what came before them to the first."""
    if not visits:
        return
    entries = [visit.entered_at for visit in visits]
    for message in session.messages.values():
        _count(visits[max(bisect.bisect_right(entries, message.written_at) - 1, 0)], message)
    for seen in session.sightings:
        place = bisect.bisect_right(entries, seen.responded_at) - 1
        if place >= 0:
            _respond(visits[place], seen.responded_at)


def _count(visit: ChatVisit, message: MessageSeen) -> None:
    if message.author == "customer":
        visit.messages_in += 1
        return
    if message.is_failed:
        return
    visit.messages_out += 1
    visit.messages_read += message.is_read
    if message.author == "person" and message.written_at >= visit.entered_at:
        _respond(visit, message.written_at)


def _respond(visit: ChatVisit, at: int) -> None:
    if visit.outcome != "bot_only":
        first = visit.first_response_at
        visit.first_response_at = at if first is None else min(first, at)
