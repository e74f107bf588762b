"""What chat sessions come to: Helena's events in, queue calls out."""

import itertools
import json
from typing import Any

import msgspec
import pytest

from streams.domain import chat_session
from streams.domain.chat_session import decode_session, encode_session
from streams.domain.facts import QueueCall, QueueCallGone, QueueName, StaleWindow
from tests.support import chat
from tests.support.chat import (
    AGENT,
    BOT,
    OTHER_AGENT,
    OTHER_QUEUE,
    QUEUE,
    Told,
    calls_of,
    message_event,
    ms,
    passed,
    polled_session,
    session_event,
)


def outcomes(calls: list[QueueCall]) -> list[tuple[str, str, int | None]]:
    return [(call.queue, call.outcome, call.wait_ms) for call in calls]


def test_the_worked_example_has_its_exact_values_in_every_order() -> None:
    for events in itertools.permutations(json.loads(chat.WORKED_EXAMPLE.read_text())):
        (call,) = calls_of(events)
        assert (call.entered_at, call.outcome, call.status) == (
            ms("13:00:00.1"),
            "answered",
            "ended",
        )
        assert (call.wait_ms, call.talk_ms) == (119_900, 480_000)
        assert call.first_response_at == call.entered_at + 149_900
        assert (call.messages_in, call.messages_out) == (0, 1)
        assert (call.agent_key, call.agent_name) == (f"{chat.ACCOUNT}/{AGENT}", "Atendente 1")
        assert not call.is_estimated


def test_an_event_that_comes_twice_is_one() -> None:
    """The same webhook twice."""
    new = session_event("SESSION_NEW", "13:00:00")
    received = message_event("MESSAGE_RECEIVED", "13:00:01", "m1")
    told = Told().tell(new, new)
    made = len(told.facts)
    told.tell(received, received, new)
    (call,) = told.calls
    assert call.messages_in == 1
    assert len(told.facts) == made + 1  # the one row that has the message


def test_a_later_state_that_comes_first_holds() -> None:
    read = message_event("MESSAGE_UPDATED", "10:00:05.2", "m1", status="READ", written="10:00:03")
    delivered = message_event(
        "MESSAGE_UPDATED", "10:00:04.1", "m1", status="DELIVERED", written="10:00:03"
    )
    new = session_event("SESSION_NEW", "10:00:00", startAt="10:00:00")
    complete = session_event(
        "SESSION_COMPLETE", "10:10:00", startAt="10:00:00", status="COMPLETED", userId=AGENT
    )
    late = session_event(
        "SESSION_UPDATE", "10:09:59", startAt="10:00:00", status="IN_PROGRESS", userId=AGENT
    )
    (call,) = calls_of([new, read, delivered, complete, late])
    assert (call.messages_out, call.messages_read) == (1, 1)
    assert (call.status, call.ended_at) == ("ended", ms("10:10:00"))


def test_a_robot_is_no_first_response() -> None:
    """Wait to assignment 300 s, first response 450 s, 150 s after the assignment."""
    start = {"startAt": "10:00:00"}
    new = session_event("SESSION_NEW", "10:00:00", **start)
    robot = message_event("MESSAGE_SENT", "10:00:02", "m1", origin="BOT")
    assigned = session_event(
        "SESSION_UPDATE", "10:05:00", **start, status="IN_PROGRESS", userId=AGENT
    )
    person = message_event("MESSAGE_SENT", "10:07:30", "m2", userId=AGENT)
    told = Told().tell(new, robot, assigned)
    (unanswered,) = told.calls
    assert (unanswered.status, unanswered.wait_ms) == ("talking", 300_000)
    assert unanswered.first_response_at is None
    (call,) = told.tell(person).calls
    assert call.answered_at is not None
    assert call.first_response_at is not None
    assert call.first_response_at - call.entered_at == 450_000
    assert call.first_response_at - call.answered_at == 150_000


@pytest.mark.parametrize("origin", ["BOT", "OFFICE_HOURS", "API", "CAMPAIGN", "PAYMENT", "SMS"])
def test_only_what_a_person_wrote_is_a_response(origin: str) -> None:
    (call,) = calls_of(
        [
            session_event("SESSION_NEW", "13:00:00"),
            message_event("MESSAGE_RECEIVED", "13:00:00", "m0"),
            message_event("MESSAGE_SENT", "13:01:30", "m1", origin=origin, userId=AGENT),
        ]
    )
    assert (call.first_response_at, call.messages_out) == (None, 1)


def test_a_message_that_failed_is_none() -> None:
    failed = message_event("MESSAGE_UPDATED", "13:03:00", "m1", status="FAILED", userId=AGENT)
    sent = message_event("MESSAGE_SENT", "13:02:00", "m1", userId=AGENT)
    (call,) = calls_of([session_event("SESSION_NEW", "13:00:00"), failed, sent])
    assert (call.first_response_at, call.messages_out) == (None, 0)


def test_a_session_that_ends_without_a_person_is_abandoned() -> None:
    complete = session_event(
        "SESSION_COMPLETE", "13:05:00.2", status="COMPLETED", endAt="13:05:00.1"
    )
    (call,) = calls_of([complete, session_event("SESSION_NEW", "13:00:00")])
    assert (call.outcome, call.wait_ms, call.ended_at) == (
        "abandoned",
        300_100,
        ms("13:05:00.1"),
    )
    assert not call.is_estimated


def test_a_session_that_never_waits_for_people_is_the_bots() -> None:
    new = session_event("SESSION_NEW", "13:00:00", status="STARTED", botId=BOT)
    complete = session_event(
        "SESSION_COMPLETE", "13:03:00", status="COMPLETED", botId=BOT, endAt="13:03:00"
    )
    assert calls_of([new]) == []
    (call,) = calls_of([new, complete])
    assert (call.outcome, call.status, call.wait_ms) == ("bot_only", "ended", None)
    assert (call.entered_at, call.ended_at) == (ms("13:00:00"), ms("13:03:00"))


def test_who_is_served_by_the_bot_is_not_answered_by_a_person() -> None:
    new = session_event("SESSION_NEW", "13:00:00", status="IN_PROGRESS", botId=BOT)
    assert calls_of([new]) == []
    human = session_event(
        "SESSION_UPDATE", "13:01:00", status="IN_PROGRESS", userId=AGENT, botId=BOT
    )
    assert outcomes(calls_of([new, human])) == [(QUEUE, "answered", 0)]
    nobody_named = session_event("SESSION_UPDATE", "13:01:00", status="IN_PROGRESS")
    waiting = session_event("SESSION_NEW", "13:00:00")
    assert outcomes(calls_of([waiting, nobody_named])) == [(QUEUE, "answered", 60_000)]


def test_after_the_bot_the_wait_begins_when_it_waits_for_people() -> None:
    events = [
        session_event("SESSION_NEW", "13:00:00", status="STARTED", botId=BOT, departmentId=None),
        session_event("SESSION_UPDATE", "13:02:00", status="PENDING", botId=BOT),
        session_event("SESSION_UPDATE", "13:02:45", status="IN_PROGRESS", userId=AGENT),
    ]
    (call,) = calls_of(events)
    assert (call.queue, call.entered_at, call.wait_ms) == (QUEUE, ms("13:02:00"), 45_000)


@pytest.mark.parametrize(
    ("clock", "expected"),
    [("13:00:03", []), ("13:00:30", [(QUEUE, "transferred_away", 30_000)])],
)
def test_what_a_bot_takes_at_once_has_not_waited_for_people(
    clock: str, expected: list[tuple[str, str, int]]
) -> None:
    taken = session_event("SESSION_UPDATE", clock, status="STARTED", botId=BOT)
    events = [session_event("SESSION_NEW", "13:00:00"), taken]
    assert outcomes(calls_of(events)) == expected
    over = session_event(
        "SESSION_COMPLETE", "13:09:00", status="COMPLETED", botId=BOT, endAt="13:09:00"
    )
    assert calls_of([*events, over])[0].outcome == ("transferred_away" if expected else "bot_only")


def test_another_department_is_another_queue_call() -> None:
    events = [
        session_event("SESSION_NEW", "13:00:00"),
        session_event("SESSION_UPDATE", "13:01:00", departmentId=OTHER_QUEUE),
        session_event(
            "SESSION_UPDATE",
            "13:03:00",
            departmentId=OTHER_QUEUE,
            status="IN_PROGRESS",
            userId=AGENT,
        ),
        session_event("SESSION_UPDATE", "13:10:00", departmentId=QUEUE, status="PENDING"),
        session_event(
            "SESSION_COMPLETE", "13:11:00", status="COMPLETED", endAt="13:11:00", departmentId=QUEUE
        ),
    ]
    first, second, third = calls_of(events)
    assert outcomes([first, second, third]) == [
        (QUEUE, "transferred_away", 60_000),
        (OTHER_QUEUE, "answered", 120_000),
        (QUEUE, "abandoned", 60_000),
    ]
    assert (second.ended_by, second.transfer, second.talk_ms) == ("transfer", "blind", 420_000)
    assert [call.call_id.rpartition("/")[2] for call in (first, second, third)] == ["1", "2", "3"]
    assert {call.contact_id for call in (first, second, third)} == {chat.SESSION}


def test_the_first_department_is_no_transfer() -> None:
    events = [
        session_event("SESSION_NEW", "13:00:00", departmentId=None),
        session_event("SESSION_UPDATE", "13:01:00", status="IN_PROGRESS", userId=AGENT),
    ]
    assert outcomes(calls_of(events)) == [(QUEUE, "answered", 60_000)]
    assert outcomes(calls_of(events[:1])) == [("no-department", "open", None)]


def test_another_person_takes_over() -> None:
    events = [
        session_event("SESSION_NEW", "13:00:00"),
        session_event("SESSION_UPDATE", "13:01:00", status="IN_PROGRESS", userId=AGENT),
        session_event("SESSION_UPDATE", "13:05:00", status="IN_PROGRESS", userId=OTHER_AGENT),
        session_event(
            "SESSION_COMPLETE", "13:06:00", status="COMPLETED", userId=OTHER_AGENT, endAt="13:06:00"
        ),
    ]
    first, second = calls_of(events)
    assert (first.agent_key, first.talk_ms) == (f"{chat.ACCOUNT}/{AGENT}", 240_000)
    assert (second.agent_key, second.wait_ms, second.talk_ms) == (
        f"{chat.ACCOUNT}/{OTHER_AGENT}",
        0,
        60_000,
    )


def test_given_back_to_the_queue_it_waits_again() -> None:
    events = [
        session_event("SESSION_NEW", "13:00:00"),
        session_event("SESSION_UPDATE", "13:01:00", status="IN_PROGRESS", userId=AGENT),
        session_event("SESSION_UPDATE", "13:05:00", status="PENDING"),
    ]
    first, second = calls_of(events)
    assert (first.transfer, first.talk_ms) == ("blind", 240_000)
    assert (second.status, second.entered_at) == ("waiting", ms("13:05:00"))


def test_a_reopened_session_is_a_new_arrival() -> None:
    over = {"status": "COMPLETED", "userId": AGENT, "endAt": "13:10:00"}
    events = [
        session_event("SESSION_NEW", "13:00:00"),
        session_event("SESSION_UPDATE", "13:01:00", status="IN_PROGRESS", userId=AGENT),
        session_event("SESSION_COMPLETE", "13:10:00", **over),
        session_event("SESSION_UPDATE", "13:10:30", **over),  # noise after the end
        session_event("SESSION_UPDATE", "15:00:00", status="PENDING"),
        session_event("SESSION_UPDATE", "15:00:20", status="IN_PROGRESS", userId=OTHER_AGENT),
    ]
    first, second = calls_of(events)
    assert (first.status, first.ended_at) == ("ended", ms("13:10:00"))
    assert (second.entered_at, second.wait_ms) == (ms("15:00:00"), 20_000)
    straight = [*events[:4], session_event("SESSION_UPDATE", "15:00:00", status="IN_PROGRESS")]
    assert outcomes(calls_of(straight)) == [(QUEUE, "answered", 60_000), (QUEUE, "answered", 0)]


@pytest.mark.parametrize("origin", ["CAMPAIGN", "API"])
def test_a_session_that_we_opened_is_offered_when_the_customer_writes(origin: str) -> None:
    opened = [
        session_event("SESSION_NEW", "13:00:00"),
        message_event("MESSAGE_SENT", "13:00:00.3", "m1", origin=origin),
    ]
    closed = session_event("SESSION_COMPLETE", "14:00:00", status="COMPLETED", endAt="14:00:00")
    assert calls_of(opened) == []
    assert calls_of([*opened, closed]) == []
    answered = [
        *opened,
        message_event("MESSAGE_RECEIVED", "13:30:00", "m2"),
        session_event("SESSION_UPDATE", "13:31:00", status="IN_PROGRESS", userId=AGENT),
    ]
    (call,) = calls_of(answered)
    assert (call.entered_at, call.wait_ms) == (ms("13:30:00"), 60_000)


def test_a_program_that_answers_has_not_opened_the_session() -> None:
    events = [
        session_event("SESSION_NEW", "13:00:00"),
        message_event("MESSAGE_SENT", "13:00:10", "m1", origin="API"),
        session_event("SESSION_UPDATE", "13:05:00", status="IN_PROGRESS", userId=AGENT),
        message_event("MESSAGE_SENT", "13:07:00", "m2", userId=AGENT),
    ]
    (call,) = calls_of(events)
    assert (call.entered_at, call.wait_ms) == (ms("13:00:00"), 300_000)
    assert call.first_response_at == ms("13:07:00")


SECONDS = {"startAt": "13:00:00", "userId": AGENT}


def test_reopened_in_the_second_of_its_end_it_is_a_new_arrival_in_every_order() -> None:
    """Dates are whole seconds; that it goes on and yet has an end tells what was first."""
    told = [
        session_event("SESSION_NEW", "13:00:00", **SECONDS | {"userId": None}),
        session_event("SESSION_UPDATE", "13:01:00", status="IN_PROGRESS", **SECONDS),
        session_event("SESSION_UPDATE", "13:05:00", status="IN_PROGRESS", **SECONDS),
        session_event(
            "SESSION_UPDATE", "13:05:00", status="COMPLETED", endAt="13:05:00", **SECONDS
        ),
        session_event("SESSION_UPDATE", "13:05:00", endAt="13:05:00", **SECONDS | {"userId": None}),
    ]
    for events in itertools.permutations(told):
        first, again = calls_of(events)
        assert (first.outcome, first.talk_ms) == ("answered", 240_000)
        assert (again.status, again.entered_at) == ("waiting", ms("13:05:00"))


def test_an_end_of_long_ago_that_is_still_told_reopens_nothing() -> None:
    told = [
        session_event("SESSION_NEW", "13:00:00"),
        session_event("SESSION_COMPLETE", "13:02:00", status="COMPLETED", endAt="13:02:00"),
        session_event(
            "SESSION_UPDATE", "13:03:00", status="IN_PROGRESS", endAt="13:02:00", userId=AGENT
        ),
        session_event(
            "SESSION_UPDATE", "13:05:00", status="IN_PROGRESS", endAt="13:02:00", userId=AGENT
        ),
        session_event(
            "SESSION_COMPLETE", "13:05:00", status="COMPLETED", endAt="13:05:00", userId=AGENT
        ),
    ]
    for events in itertools.permutations(told):
        _, again = calls_of(events)
        assert (again.status, again.talk_ms) == ("ended", 120_000)


def test_that_a_message_could_not_be_kept_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_session, "MAX_MESSAGES", 1)
    told = Told().tell(
        session_event("SESSION_NEW", "13:00:00"),
        message_event("MESSAGE_RECEIVED", "13:00:01", "m1"),
    )
    assert [call.is_estimated for call in told.calls] == [False]
    told.tell(message_event("MESSAGE_RECEIVED", "13:00:02", "m2"))
    assert [(call.is_estimated, call.messages_in) for call in told.calls] == [(True, 1)]


def test_a_record_of_the_form_before_is_read_in_todays_order() -> None:
    over = session_event("SESSION_UPDATE", "13:01:00", status="COMPLETED", endAt="13:01:00")
    waiting = chat.polled_session(session_event("SESSION_UPDATE", "13:01:00"), ms("14:00:00"))
    told = Told().tell(session_event("SESSION_NEW", "13:00:00"), over)
    told.take(waiting)
    (session,) = told.sessions.values()
    created, polled, changed = session.sightings
    before = msgspec.structs.replace(
        session, form=1, weight=0, sightings=[created, changed, polled]
    )
    read = decode_session(encode_session(before))
    assert read.sightings == session.sightings
    assert 0 < read.weight - session.weight < 10  # bytes that hold the lists


def test_a_template_of_a_person_opens_a_session_too() -> None:
    taken = {"status": "IN_PROGRESS", "userId": AGENT}
    opened = [
        session_event("SESSION_NEW", "13:00:00", **taken),
        message_event("MESSAGE_SENT", "13:00:01", "m1", userId=AGENT, templateId="t"),
    ]
    assert calls_of(opened) == []
    (call,) = calls_of([*opened, message_event("MESSAGE_RECEIVED", "13:20:00", "m2")])
    assert (call.entered_at, call.wait_ms, call.status) == (ms("13:20:00"), 0, "talking")


def test_a_window_that_never_opened_tells_that_the_customer_has_not_written() -> None:
    new = session_event("SESSION_NEW", "13:00:00", windowStatus="NOT_STARTED")
    assert calls_of([new]) == []
    (call,) = calls_of([new, session_event("SESSION_UPDATE", "13:20:00", windowStatus="ACTIVE")])
    assert (call.entered_at, call.status) == (ms("13:20:00"), "waiting")


@pytest.mark.parametrize("content", [{"type": "GROUP"}, {"status": "HIDDEN"}])
def test_groups_and_hidden_sessions_are_in_no_queue(content: dict[str, str]) -> None:
    complete = session_event(
        "SESSION_COMPLETE", "13:05:00", **{"status": "COMPLETED", "endAt": "13:05:00"} | content
    )
    assert calls_of([session_event("SESSION_NEW", "13:00:00", **content), complete]) == []


def test_a_hidden_session_that_shows_up_is_offered_then() -> None:
    events = [
        session_event("SESSION_NEW", "13:00:00", status="HIDDEN"),
        session_event("SESSION_UPDATE", "13:07:00", status="PENDING"),
    ]
    (call,) = calls_of(events)
    assert (call.entered_at, call.status) == (ms("13:07:00"), "waiting")


@pytest.mark.parametrize("status", ["WAITING", "FINISHED", "UNDEFINED", "", None, 7, ["x"]])
def test_a_status_that_is_not_known_tells_nothing_and_is_counted(status: object) -> None:
    told = Told().tell(
        session_event("SESSION_NEW", "13:00:00"),
        session_event("SESSION_UPDATE", "13:00:30", status=status),
        session_event("SESSION_UPDATE", "13:01:00", status="IN_PROGRESS", userId=AGENT),
    )
    assert outcomes(told.calls) == [(QUEUE, "answered", 60_000)]
    assert told.unknown == ([] if status == "UNDEFINED" else ["session_status"])


def test_an_event_that_is_not_known_is_counted_and_makes_nothing() -> None:
    other = {"eventType": "SESSION_SPLIT", "date": "x", "content": {"id": "s"}}
    card = {"eventType": "PANEL_CARD_NEW", "date": None, "content": {"id": "c"}}
    told = Told().tell(other, card)
    assert (told.unknown, told.facts) == (["event"], [])


def test_what_was_missed_is_concluded_from_the_end() -> None:
    """Only SESSION_COMPLETE came: it tells when a person opened it, or only that one had it."""
    over = {"status": "COMPLETED", "userId": AGENT, "endAt": "13:10:00"}
    (known,) = calls_of(
        [session_event("SESSION_COMPLETE", "13:10:00", firstUserInteractionAt="13:02:00", **over)]
    )
    assert (known.outcome, known.wait_ms, known.talk_ms) == ("answered", 120_000, 480_000)
    (guessed,) = calls_of([session_event("SESSION_COMPLETE", "13:10:00", **over)])
    assert (guessed.outcome, guessed.is_estimated) == ("answered", True)


def test_a_row_that_was_concluded_too_early_is_taken_back() -> None:
    pending = session_event("SESSION_UPDATE", "13:02:00", status="PENDING", botId=BOT)
    new = session_event("SESSION_NEW", "13:00:00", status="STARTED", botId=BOT, departmentId=None)
    told = Told().tell(pending)
    (early,) = told.calls
    assert (early.entered_at, early.is_estimated) == (ms("13:00:00"), True)
    told.tell(new)
    (call,) = told.calls
    assert (call.entered_at, call.is_estimated) == (ms("13:02:00"), False)
    (gone,) = [fact for fact in told.facts if isinstance(fact, QueueCallGone)]
    assert (gone.entered_at, gone.call_id) == (early.entered_at, early.call_id)
    assert call.version == gone.version > early.version


def test_windows_are_named_when_something_they_count_changes() -> None:
    told = Told().tell(session_event("SESSION_NEW", "13:00:00"))
    named = [fact for fact in told.facts if isinstance(fact, StaleWindow)]
    assert [window.window_start for window in named] == [ms("13:00:00")]
    told.tell(message_event("MESSAGE_RECEIVED", "13:00:10", "m1"))
    assert [fact for fact in told.facts if isinstance(fact, StaleWindow)] == named


def test_a_session_that_was_forgotten_does_not_come_back_by_a_late_word() -> None:
    tagged = session_event("SESSION_UPDATE", "23:00:00", status="COMPLETED")
    tagged["content"]["startAt"] = "2026-02-20T10:00:00Z"
    tagged["content"]["endAt"] = "2026-02-20T11:00:00Z"
    assert calls_of([tagged]) == []


def test_a_session_that_was_forgotten_and_is_reopened_arrives_then() -> None:
    again = session_event("SESSION_UPDATE", "13:00:00", status="PENDING")
    again["content"]["startAt"] = "2026-02-20T10:00:00Z"
    (call,) = calls_of([again])
    assert (call.entered_at, call.is_estimated) == (ms("13:00:00"), True)
    assert call.call_id != f"{chat.SESSION}/1"


def test_a_start_that_cannot_be_is_as_if_it_had_not_been_told() -> None:
    new = session_event("SESSION_NEW", "13:00:00")
    new["content"] |= {"startAt": "0001-01-01T00:00:00", "endAt": "9999-12-31T23:59:59.9999999"}
    assigned = session_event("SESSION_UPDATE", "13:01:00", status="IN_PROGRESS", userId=AGENT)
    assigned["content"]["startAt"] = "1970-01-01T00:00:00Z"
    for events in itertools.permutations([new, assigned]):
        (call,) = calls_of(events)
        assert (call.entered_at, call.wait_ms, call.ended_at) == (ms("13:00:00"), 60_000, None)


def test_of_messages_of_one_moment_any_order_makes_the_same_session() -> None:
    """Dates of whole seconds: a campaign opened it, and a program wrote in that second too."""
    at = {"written": "13:00:40"}
    events = [
        session_event("SESSION_NEW", "13:00:00"),
        message_event("MESSAGE_SENT", "13:00:40", "m1", origin="CAMPAIGN", **at),
        message_event("MESSAGE_SENT", "13:00:40", "m2", origin="API", **at),
    ]
    for told in itertools.permutations(events):
        assert calls_of(told) == []


def test_a_queue_is_named_by_whatever_tells_its_name() -> None:
    """Also by one of two sightings of one moment, phase and kind, of which only one is kept."""
    named = session_event(
        "SESSION_UPDATE", "13:01:00", departmentId="d1", departmentDetails={"name": "Vendas"}
    )
    other = session_event("SESSION_UPDATE", "13:01:00", departmentId="d2")
    for told in itertools.permutations([named, other]):
        names = [fact for fact in Told().tell(*told).facts if isinstance(fact, QueueName)]
        assert [(fact.queue, fact.name) for fact in names] == [("d1", "Vendas")]


def names_of_queues(told: Told) -> dict[str, str]:
    """What each queue is called: of what was written, the highest version holds."""
    names = [fact for fact in told.facts if isinstance(fact, QueueName)]
    return {fact.queue: fact.name for fact in sorted(names, key=lambda fact: fact.version)}


def named(session: str, clock: str, name: str) -> dict[str, Any]:
    """An update of a session that tells what its department is called at that moment."""
    return session_event("SESSION_UPDATE", clock, id=session, departmentDetails={"name": name})


def test_a_queue_is_called_as_it_was_last_whatever_comes_last() -> None:
    """A department was renamed, and what an older session told of it before comes late."""
    renamings = named("s1", "13:01:00", "Vendas"), named("s2", "13:05:00", "Vendas e Trocas")
    for told in itertools.permutations(renamings):
        names = Told()
        for received_at, body in enumerate(told, start=ms("13:05:01")):
            names.take(passed(body, received_at=received_at))
        assert names_of_queues(names) == {QUEUE: "Vendas e Trocas"}


def test_a_queue_of_a_polled_session_is_called_as_it_is_when_asked() -> None:
    """The platform shows how the department is called now, beside a session that is long over."""
    told = Told()
    told.take(passed(named("s1", "13:05:00", "Vendas"), received_at=ms("13:05:01")))
    told.take(polled_session(named("s2", "13:01:00", "Vendas e Trocas"), ms("13:06:00")))
    assert names_of_queues(told) == {QUEUE: "Vendas e Trocas"}


def test_the_name_of_a_moment_that_is_to_come_holds_no_longer_than_its_receipt() -> None:
    told = Told()
    told.take(passed(named("s1", "23:00:00", "Vendas"), received_at=ms("13:01:00")))
    told.take(passed(named("s2", "13:05:00", "Vendas e Trocas"), received_at=ms("13:05:01")))
    assert names_of_queues(told) == {QUEUE: "Vendas e Trocas"}


def test_names_of_queues_weigh_what_they_weigh(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is told anew takes the place of the former one; very many are given up."""
    monkeypatch.setattr(chat_session, "MAX_BYTES", 2_000)
    told = Told().tell(session_event("SESSION_NEW", "13:00:00"))
    (session,) = told.sessions.values()
    for number in range(200):
        assert chat_session.queue_named(session, "d1", f"{number:0200}")
    assert (session.weight < 1_000, session.dropped) == (True, 0)
    for number in range(200):
        assert chat_session.queue_named(session, f"d{number}", "Vendas" * 40)
        assert session.weight <= 2_000
    assert len(session.queue_names) < 10
