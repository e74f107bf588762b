"""Whom Helena's payloads name: a person has a user id, and as an agent of the account another."""

from typing import Any

import pytest

from connectors.helena.meaning import understand
from ingest_api.contract.chat import decode_chat_event
from streams.domain.chat_events import AgentSighting, SessionSighting
from tests.support import chat
from tests.support.chat import AGENT, Told, ms, passed, polled_agent, polled_session, session_event

AGENT_ID = "a9000000-0000-4000-8000-000000000001"
FORMS: dict[str, dict[str, Any]] = {
    "by user id": {"userId": AGENT},
    "with details": {"userId": AGENT, "agentDetails": {"id": AGENT_ID, "userId": AGENT}},
    "by details alone": {"userId": None, "agentDetails": {"id": AGENT_ID, "userId": AGENT}},
    "by user id of few details": {"userId": AGENT, "agentDetails": {"id": AGENT_ID}},
}


def agent_of(value: bytes) -> str | None:
    sighting = understand(decode_chat_event(value)).sighting
    if isinstance(sighting, AgentSighting):
        return sighting.agent
    assert isinstance(sighting, SessionSighting)
    return sighting.seen.agent


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS)
def test_one_person_is_one_agent_however_and_wherever_they_are_named(
    content: dict[str, Any],
) -> None:
    body = session_event("SESSION_UPDATE", "13:01:00", status="IN_PROGRESS", **content)
    asked = {"id": AGENT_ID, "userId": AGENT, "name": "Ana", "availability": "AVAILABLE"}
    found = {
        agent_of(passed(body)),
        agent_of(polled_session(body, ms("14:00:00"))),
        agent_of(polled_agent(asked, ms("14:00:00"))),
    }
    assert found == {AGENT}


@pytest.mark.parametrize("status", ["IN_PROGRESS", "PENDING"])
def test_who_is_named_by_the_id_of_an_agent_alone_has_answered_and_is_not_known(
    status: str,
) -> None:
    """Under that id the person would be another agent than by all other events."""
    named = {"userId": None, "agentDetails": {"id": AGENT_ID, "name": "Ana"}}
    told = Told().tell(
        session_event("SESSION_NEW", "13:00:00"),
        session_event("SESSION_UPDATE", "13:01:00", status=status, **named),
    )
    (call,) = told.calls
    assert (call.outcome, call.wait_ms, call.agent_key) == ("answered", 60_000, "")
    assert told.unknown == ["id"]
    told.tell(session_event("SESSION_UPDATE", "13:02:00", status="IN_PROGRESS", userId=AGENT))
    (call,) = told.calls
    assert (call.wait_ms, call.agent_key) == (60_000, f"{chat.ACCOUNT}/{AGENT}")


def test_an_agent_who_is_asked_for_and_has_no_user_id_is_nobody() -> None:
    understood = understand(
        decode_chat_event(
            polled_agent({"id": AGENT_ID, "availability": "AVAILABLE"}, ms("14:00:00"))
        )
    )
    assert understood == (None, ("id",))
