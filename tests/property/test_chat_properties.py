"""Whatever order chat events come in, how often and in what form, the session is the same."""

import copy
import itertools
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.door import NotAnEventError
from connectors.doors import DOORS
from ingest_api.contract.chat import PublishedChatEvent, decode_chat_event, encode_chat_event
from streams.domain import chat_session
from streams.domain.chat_events import SessionSighting
from streams.domain.chat_session import MAX_SIGHTINGS, ChatSession, new_session, sighted
from streams.domain.chat_visits import visits_of
from streams.domain.facts import QueueCall
from tests.support import chat
from tests.support.chat import Told, message_event, session_event

STATUSES = st.sampled_from(
    ["STARTED", "PENDING", "IN_PROGRESS", "COMPLETED", "HIDDEN", "UNDEFINED", "ELSE"]
)
QUEUES = st.sampled_from([chat.QUEUE, chat.OTHER_QUEUE, None])
AGENTS = st.sampled_from([None, None, chat.AGENT, chat.OTHER_AGENT])
BOTS = st.sampled_from([None, None, chat.BOT])
ORIGINS = st.sampled_from(["DEFAULT", "BOT", "CAMPAIGN", "API", "OFFICE_HOURS", "ELSE"])
SAME_CLOCKS = st.sampled_from(["13:01:00", "13:02:00", "13:02:01"])
CLOCKS = SAME_CLOCKS | st.builds(
    lambda minute, second, part: f"13:{minute:02}:{second:02}.{part}",
    st.integers(0, 40),
    st.integers(0, 59),
    st.integers(0, 9),
)


@st.composite
def session_events(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from(["SESSION_UPDATE"] * 4 + ["SESSION_COMPLETE"]))
    moments = {
        key: draw(st.none() | CLOCKS)
        for key in ("endAt", "firstUserInteractionAt", "firstAgentMessageAt")
    }
    return session_event(
        name,
        draw(CLOCKS),
        status=draw(STATUSES),
        departmentId=draw(QUEUES),
        userId=draw(AGENTS),
        botId=draw(BOTS),
        windowStatus=draw(st.sampled_from(["ACTIVE", "NOT_STARTED", "EXPIRED", None])),
        **moments,
    )


@st.composite
def message_events(draw: st.DrawFn) -> dict[str, Any]:
    return message_event(
        draw(st.sampled_from(["MESSAGE_RECEIVED", "MESSAGE_SENT", "MESSAGE_UPDATED"])),
        draw(CLOCKS),
        draw(st.sampled_from(["m1", "m2", "m3"])),
        written=draw(CLOCKS),
        direction=draw(st.sampled_from(["FROM_HUB", "TO_HUB"])),
        origin=draw(ORIGINS),
        userId=draw(AGENTS),
        status=draw(st.sampled_from(["SENT", "DELIVERED", "READ", "FAILED", "ELSE"])),
    )


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    begin = [session_event("SESSION_NEW", "13:00:00", status=draw(STATUSES), botId=draw(BOTS))]
    rest = draw(st.lists(session_events() | message_events(), max_size=12))
    return (begin if draw(st.booleans()) else []) + rest


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A history, and one way it may arrive: shuffled, some of it twice."""
    events = draw(histories())
    again = draw(st.lists(st.sampled_from(events), max_size=6)) if events else []
    return events, list(draw(st.permutations(events + again)))


@st.composite
def one_second(draw: st.DrawFn) -> list[tuple[dict[str, Any], bool]]:
    """What a platform whose dates are whole seconds tells of one, in any order; if it was asked."""
    over = {"status": "COMPLETED", "endAt": "13:01:00"}
    phases = [{"status": "STARTED"}, {"status": "PENDING"}, {"status": "UNDEFINED"}]
    phases += [{"status": "IN_PROGRESS", "userId": chat.AGENT}, over]
    told = draw(st.lists(st.sampled_from(phases), min_size=1, max_size=8))
    return [
        (session_event("SESSION_UPDATE", "13:01:00", **content), draw(st.booleans()))
        for content in told
    ]


@given(one_second())
def test_of_what_is_told_of_one_moment_the_furthest_phase_holds(
    events: list[tuple[dict[str, Any], bool]],
) -> None:
    told = Told().tell(session_event("SESSION_NEW", "13:00:00"))
    for event, is_asked in events:
        form = chat.polled_session if is_asked else chat.passed
        told.take(form(event, received_at=chat.ms("14:00:01")))
    (call,) = told.calls
    statuses = {event["content"]["status"] for event, _ in events}
    is_over, is_answered = "COMPLETED" in statuses, "IN_PROGRESS" in statuses
    outcome = "answered" if is_answered else "abandoned" if is_over else "open"
    status = "ended" if is_over else "talking" if is_answered else "waiting"
    assert (call.outcome, call.status) == (outcome, status)
    assert call.ended_at == (chat.ms("13:01:00") if is_over else None)


def unversioned(calls: list[QueueCall]) -> list[QueueCall]:
    return [msgspec.structs.replace(call, version=0) for call in calls]


@given(arrivals())
def test_any_order_and_any_repetition_make_the_same_queue_calls(
    arrival: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    events, arrived = arrival
    assert unversioned(Told().tell(*arrived).calls) == unversioned(Told().tell(*events).calls)


@given(arrivals())
def test_what_holds_is_what_is_known_in_the_end_and_versions_only_rise(
    arrival: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    """Rows that were told and not taken back are those of the session, whatever came before."""
    told = Told()
    highest: dict[tuple[str, int, str], int] = {}
    for event in arrival[1]:
        for fact in told.take(chat.passed(event, received_at=chat.ms("14:00:00"))):
            if fact.TABLE == QueueCall.TABLE:
                key = tuple(getattr(fact, name) for name in ("queue", "entered_at", "call_id"))
                assert fact.version > highest.get(key, 0)
                highest[key] = fact.version
    in_one = Told().tell(*arrival[0]).calls
    assert unversioned(told.calls) == unversioned(in_one)


@given(arrivals())
def test_queue_calls_are_whole_and_do_not_overlap(
    arrival: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    calls = Told().tell(*arrival[1]).calls
    for call in calls:
        assert (call.status == "ended") == (call.ended_at is not None)
        assert (call.outcome == "answered") == (call.answered_at is not None)
        assert (call.outcome == "open") == (call.status == "waiting")
        assert (call.wait_ms is None) == (call.outcome in ("open", "bot_only"))
        assert call.talk_ms >= 0
        if call.answered_at is not None:
            assert call.wait_ms == call.answered_at - call.entered_at >= 0
            assert call.ended_at is None or call.ended_at >= call.answered_at
        if call.first_response_at is not None:
            assert call.first_response_at >= call.entered_at
    for before, after in itertools.pairwise(calls):
        assert before.ended_at is not None
        assert before.ended_at <= after.entered_at
    messages = {message for session in told_sessions(arrival) for message in session}
    if calls:
        assert sum(call.messages_in + call.messages_out for call in calls) <= len(messages)


def told_sessions(arrival: tuple[list[dict[str, Any]], list[dict[str, Any]]]) -> list[list[str]]:
    return [list(s.messages) for s in Told().tell(*arrival[0]).sessions.values()]


_FORMS = ("Z", "", "+00:00", "0000Z", "000", "012Z")


@st.composite
def written_otherwise(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A history, and the same with dates and changeMetadata in other forms."""
    events = draw(histories())
    others = copy.deepcopy(events)
    for event in others:
        form = draw(st.sampled_from(_FORMS))
        for name, value in event["content"].items():
            if isinstance(value, str) and value.startswith("2026-"):
                event["content"][name] = value.removesuffix("Z") + form
        item = draw(
            st.sampled_from(
                [
                    {"property": "Status", "previousValue": "PENDING", "currentValue": "X"},
                    {"field": "Status", "oldValue": None, "newValue": {"a": [1]}},
                ]
            )
        )
        changes = draw(st.sampled_from([[item], item, [], None, "Status", [[item]]]))
        event["changeMetadata"] = draw(
            st.sampled_from([{"source": "USER", "changes": changes}, changes, None])
        )
    return events, others


@given(written_otherwise())
def test_no_form_of_dates_or_of_changes_makes_a_difference(
    pair: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    events, others = pair
    assert unversioned(Told().tell(*others).calls) == unversioned(Told().tell(*events).calls)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def bent(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """An event of which some values are anything else."""
    event: dict[str, Any] = draw(session_events() | message_events())
    content = event["content"]
    for name in draw(st.lists(st.sampled_from([*content, "agentDetails", "contactDetails"]))):
        content[name] = draw(_JSON)
    if draw(st.booleans()):
        event[draw(st.sampled_from(["eventType", "content", "date"]))] = draw(_JSON)
    if draw(st.booleans()):
        return "helena", event
    names = ["conversation_created", "conversation_updated", "message_created", "else"]
    return "chatwoot", {**content, "event": draw(st.sampled_from(names)), "meta": draw(_JSON)}


@given(st.lists(bent(), max_size=6))
def test_whatever_is_posted_breaks_nothing(events: list[tuple[str, dict[str, Any]]]) -> None:
    told = Told()
    for connector, event in events:
        try:
            kept = DOORS[connector].passes(json.loads(json.dumps(event)))
        except NotAnEventError:
            continue
        stored = encode_chat_event(
            PublishedChatEvent(
                chat.TENANT, chat.ACCOUNT, connector, chat.ms("14:00:00"), kept.name, kept.fields
            )
        )
        assert decode_chat_event(stored).fields == kept.fields
        told.take(stored)
    assert all(call.entered_at >= 0 for call in told.calls)


def test_a_session_of_very_many_sightings_stays_bounded_and_says_so() -> None:
    told = Told().tell(
        session_event("SESSION_NEW", "13:00:00"),
        session_event("SESSION_UPDATE", "13:01:00", status="IN_PROGRESS", userId=chat.AGENT),
    )
    (session,) = told.sessions.values()
    last = session.sightings[-1]
    for number in range(1, MAX_SIGHTINGS + 50):
        seen = msgspec.structs.replace(last, at_ticks=last.at_ticks + number)
        assert sighted(session, SessionSighting(session.session_id, seen))
    told.tell(message_event("MESSAGE_SENT", "13:02:00", "m1", userId=chat.AGENT))
    (call,) = told.calls
    assert (call.outcome, call.wait_ms, call.is_estimated) == ("answered", 60_000, True)
    assert (len(session.sightings), session.dropped) == (MAX_SIGHTINGS, 51)


@st.composite
def runs(draw: st.DrawFn) -> tuple[ChatSession, int]:
    """A session that is shown many times as it is, and how many sightings say something."""
    told = Told().tell(*draw(st.lists(session_events(), min_size=1, max_size=8)))
    if not told.sessions:
        return new_session(chat.TENANT, chat.ACCOUNT, chat.SESSION), 0
    (session,) = told.sessions.values()
    for seen in list(session.sightings):
        for ticks in range(1, draw(st.integers(1, 5))):
            again = msgspec.structs.replace(seen, at_ticks=seen.at_ticks + ticks)
            sighted(session, SessionSighting(session.session_id, again))
    same = itertools.groupby(
        msgspec.structs.replace(seen, at_ticks=0, kind="changed") for seen in session.sightings
    )
    return session, sum(min(len(list(run)), 2) for _, run in same)


@given(runs())
def test_what_says_nothing_new_can_be_given_up(drawn: tuple[ChatSession, int]) -> None:
    whole, telling = drawn
    thinned = new_session(whole.tenant_id, whole.site, whole.session_id)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chat_session, "MAX_SIGHTINGS", max(telling, 1))
        for seen in whole.sightings:
            sighted(thinned, SessionSighting(whole.session_id, seen))
    assert visits_of(thinned) == visits_of(whole)


@given(arrivals())
def test_what_holds_is_what_is_known_though_much_was_given_up(
    arrival: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chat_session, "MAX_SIGHTINGS", 4)
        patch.setattr(chat_session, "MAX_MESSAGES", 2)
        patch.setattr(chat_session, "MAX_BYTES", 700)
        told = Told().tell(*arrival[1])
    for session in told.sessions.values():
        assert session.weight <= 700
        assert [(call.queue, call.entered_at, call.outcome) for call in told.calls] == [
            (visit.queue, visit.entered_at, visit.outcome) for visit in visits_of(session)
        ]
        assert all(call.is_estimated for call in told.calls) or not session.dropped
