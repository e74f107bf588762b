"""Chat events carried: records, poison, what is let go, and what is forgotten. No Faust."""

from typing import Any
from uuid import uuid4

import msgspec
import pytest

from ingest_api.contract.chat import decode_chat_event, encode_chat_event
from ingest_api.contract.timestamps import LATEST_MS
from ingest_api.contract.topics import CHAT_EVENTS, site_key
from streams.domain import chat_fold, chat_session
from streams.domain.chat_session import KEPT_AFTER_END_MS, decode_session
from streams.domain.facts import QueueCall
from streams.errors import StateRecordError
from streams.processors.chat_carrier import ChatCarrier
from streams.processors.chat_states import GONE
from streams.processors.dead_letters import FloodGuard
from streams.processors.site_record import (
    RecordPlace,
    encode_record,
    record_place,
    record_state,
)
from streams.processors.source_carrier import Outcome
from streams.processors.source_message import Message
from tests.support import chat
from tests.support.chat import (
    ACCOUNT,
    AGENT,
    SESSION,
    TENANT,
    message_event,
    ms,
    passed,
    session_event,
)

LOG = bytes(range(16))
KEY = site_key(TENANT, ACCOUNT)
RECORD = KEY + b"/s/" + SESSION.encode()


class Carried:
    """A carrier over records that are stored when a unit is flushed."""

    def __init__(self, records: dict[bytes, bytes] | None = None) -> None:
        self.records = records if records is not None else {}
        self.carrier = ChatCarrier(self.records, FloodGuard(5), clock=lambda: 0.0)
        self.carrier.load([0], LOG)
        self.offset = self.carrier.positions()[0]

    def take(self, value: bytes, key: bytes = KEY) -> Outcome:
        message = Message(CHAT_EVENTS, 0, self.offset, key, value, lambda: None)
        outcome = self.carrier.take(message)
        self.offset += 1
        return outcome

    def post(self, body: dict[str, Any], received_at: int = 0) -> Outcome:
        return self.take(passed(body, received_at=received_at or ms("14:00:00")))

    def flush(self) -> list[QueueCall]:
        """Store the unit; the queue calls in it."""
        unit = self.carrier.cut()
        for key, record in unit.records.items():
            if record == GONE:
                self.records.pop(key, None)
            else:
                self.records[key] = record
        self.carrier.flushed(unit)
        return [fact for fact in unit.facts if isinstance(fact, QueueCall)]


NEW = session_event("SESSION_NEW", "13:00:00")
SERVED = session_event("SESSION_UPDATE", "13:01:00", status="IN_PROGRESS", userId=AGENT)
OVER = session_event(
    "SESSION_COMPLETE", "13:05:00", status="COMPLETED", userId=AGENT, endAt="13:05:00"
)


def test_a_session_goes_on_from_its_record() -> None:
    before = Carried()
    assert before.post(NEW) is Outcome.TAKEN
    before.flush()
    after = Carried(before.records)
    assert after.offset == 0  # the floor of the only record is that of before its flush
    after.post(NEW)
    after.post(SERVED)
    (call,) = after.flush()
    assert (call.outcome, call.wait_ms) == ("answered", 60_000)
    place = record_place(after.records[RECORD])
    assert (place.log, place.partition, place.offset) == (LOG, 0, 1)


def test_reading_again_makes_the_same_rows() -> None:
    once, again = Carried(), Carried()
    for carried in (once, again):
        for body in (NEW, SERVED, OVER):
            carried.post(body)
    again.flush()
    for body in (NEW, SERVED, OVER):
        again.post(body)
    assert again.flush() == []
    once.flush()
    assert record_state(again.records[RECORD]) == record_state(once.records[RECORD])


@pytest.mark.parametrize("received_at", [-1, LATEST_MS + 1, 2**62, 2**70])
def test_a_moment_of_receipt_that_cannot_be_is_put_aside(received_at: int) -> None:
    carried = Carried()
    assert carried.post(NEW, received_at) is Outcome.TAKEN
    unit = carried.carrier.cut()
    assert (len(unit.dead), unit.records, unit.facts) == (1, {}, [])


def test_what_is_stored_is_not_held() -> None:
    carried = Carried()
    carried.post(NEW)
    unit = carried.carrier.cut()
    carried.post(SERVED)  # while the unit is written
    carried.records.update(unit.records)
    carried.carrier.flushed(unit)
    held = carried.carrier._states._held
    assert list(held) == [RECORD]
    carried.flush()
    assert carried.carrier._states._held == {}
    assert carried.carrier.sites_held == 1
    assert carried.carrier.states_bytes == len(carried.records[RECORD])


def test_an_event_that_breaks_the_fold_is_put_aside_and_the_session_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    carried = Carried()
    carried.post(NEW)
    carried.flush()
    carried.post(message_event("MESSAGE_RECEIVED", "13:00:10", "m1"))

    def broken(*_: object) -> None:
        raise KeyError("what the rules did not think of")

    with monkeypatch.context() as patch:
        patch.setattr(chat_fold, "_differences", broken)
        assert carried.post(SERVED) is Outcome.TAKEN
    (letter,) = carried.carrier.unit.dead
    assert letter.reason.startswith("KeyError in broken")
    carried.post(OVER)
    *_, call = carried.flush()
    assert (call.outcome, call.messages_in, call.is_estimated) == ("answered", 1, True)


def test_what_breaks_a_session_at_its_beginning_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    carried = Carried()
    with monkeypatch.context() as patch:
        patch.setattr(chat_fold, "_rows", lambda *_: 1 / 0)
        carried.post(NEW)
    assert len(carried.carrier.unit.dead) == 1
    assert carried.flush() == []
    assert carried.records == {}


def test_messages_that_are_no_events_or_of_another_key_are_put_aside() -> None:
    carried = Carried()
    carried.take(b"{")
    carried.take(passed(NEW), key=b"other/account")
    assert [letter.reason for letter in carried.carrier.unit.dead][1] == (
        "the key is not the account's"
    )
    assert len(carried.carrier.unit.dead) == 2
    assert carried.flush() == []


def test_a_session_is_forgotten_a_week_after_its_end() -> None:
    carried = Carried()
    for body in (NEW, SERVED, OVER):
        carried.post(body)
    carried.flush()
    other = session_event("SESSION_NEW", "13:00:00", id="other")
    later = ms("14:00:00") + KEPT_AFTER_END_MS
    carried.post(other, received_at=later - 1)
    carried.flush()
    assert RECORD in carried.records
    carried.post(session_event("SESSION_UPDATE", "13:00:01", id="other"), received_at=later + 1)
    carried.flush()
    assert RECORD not in carried.records
    assert len(carried.records) == 1


def test_a_record_stays_while_no_other_takes_over_its_floor() -> None:
    """Else the next worker begins where sessions have been forgotten, and makes half of them."""
    quiet, busy = site_key(TENANT, "quiet"), KEY
    records: dict[bytes, bytes] = {}
    carried = Carried(records)
    carried.carrier.load([0, 1], LOG)

    def post(key: bytes, partition: int, offset: int, received_at: int) -> None:
        value = decode_chat_event(passed(OVER, received_at=received_at))
        account = key.decode().split("/")[1]
        event = encode_chat_event(msgspec.structs.replace(value, site=account))
        message = Message(CHAT_EVENTS, partition, offset, key, event, lambda: None)
        assert carried.carrier.take(message) is Outcome.TAKEN
        carried.flush()

    start, later = ms("14:00:00"), ms("14:00:00") + 2 * KEPT_AFTER_END_MS
    for offset in range(3):
        post(quiet, 1, offset, start)
    for offset in range(3):
        post(busy, 0, offset, later + offset)
    assert quiet + b"/s/" + SESSION.encode() in records
    carried.carrier.load([0, 1], LOG)
    assert carried.carrier.positions()[1] == 2  # and not the log's start


def test_a_session_that_is_heard_of_while_it_leaves_is_forgotten_later() -> None:
    carried = Carried()
    carried.post(OVER)
    carried.flush()
    later = ms("14:00:00") + KEPT_AFTER_END_MS
    other = session_event("SESSION_NEW", "13:00:00", id="other")
    carried.post(other, received_at=later)
    unit = carried.carrier.cut()
    assert unit.records[RECORD] == GONE
    carried.post(SERVED, received_at=later)  # while the unit is written
    del carried.records[RECORD]
    carried.carrier.flushed(unit)
    carried.flush()
    assert RECORD in carried.records
    carried.post(other, received_at=later + KEPT_AFTER_END_MS)
    carried.flush()
    assert RECORD not in carried.records


def test_what_is_read_again_does_not_take_a_record_back() -> None:
    carried = Carried()
    carried.post(NEW)
    carried.post(SERVED)
    carried.flush()
    before = record_place(carried.records[RECORD]).offset
    carried.carrier.load([0], LOG)
    carried.offset = 0
    carried.post(NEW)
    carried.flush()
    assert record_place(carried.records[RECORD]).offset == before == 1


def test_a_session_that_would_not_fit_a_record_is_thinned_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One customer's platform must not stop the worker of all."""
    monkeypatch.setattr(chat_session, "MAX_BYTES", 2_000)
    carried = Carried()
    ids = [uuid4().hex for _ in range(100)]
    for number, message in enumerate(ids):
        carried.post(message_event("MESSAGE_RECEIVED", f"13:00:{number / 10}", message))
    carried.flush()
    stored = record_state(carried.records[RECORD])
    session = decode_session(stored)
    assert len(stored) <= 2_000
    assert list(session.messages)[:10] == ids[:10]
    assert len(session.messages) + session.dropped == len(ids)


def test_an_open_session_is_kept() -> None:
    carried = Carried()
    carried.post(NEW)
    carried.flush()
    later = ms("14:00:00") + 2 * KEPT_AFTER_END_MS
    for number in range(2):
        carried.post(session_event("SESSION_NEW", "13:00:00", id=f"o{number}"), received_at=later)
        carried.flush()
    assert decode_session(record_state(carried.records[RECORD])).session_id == SESSION


def test_a_record_of_another_program_is_not_guessed_at() -> None:
    broken = encode_record(RecordPlace(LOG, 0, 3, 2), b"\0\x93\x09\x01\x02")
    carried = Carried({RECORD: broken})
    carried.post(session_event("SESSION_NEW", "13:00:00", id="other"))
    with pytest.raises(StateRecordError):
        carried.carrier.cut()
    with pytest.raises(StateRecordError):
        carried.post(NEW)
    assert carried.carrier.unit.dead == []


def test_agents_come_and_go_by_what_polling_tells() -> None:
    carried = Carried()
    at = ms("14:00:00")
    for seconds, availability in ((0, "AVAILABLE"), (30, "AVAILABLE"), (60, "UNAVAILABLE")):
        body = {"userId": AGENT, "name": "Ana", "availability": availability}
        carried.take(chat.polled_agent(body, received_at=at + seconds * 1_000))
    unit = carried.carrier.cut()
    states = [
        (fact.state, fact.started_at, fact.ended_at)  # type: ignore[union-attr]
        for fact in unit.facts
    ]
    assert states == [
        ("available", at, None),
        ("available", at, at + 60_000),
        ("logged_out", at + 60_000, None),
    ]
    assert list(unit.records) == [KEY + b"/a/" + AGENT.encode()]
