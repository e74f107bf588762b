"""A forgotten caller is in no event any more, and the calls are counted as before."""

from collections.abc import Mapping

import msgspec
import pytest

from agent.event import Event
from agent.redaction import Redaction
from ingest_api.contract.published import FieldValue, decode_batch, encode_batch
from streams.domain.facts import Fact, QueueCall
from tenants.person import Person, caller_hash, last_digits
from tests.support.batches import batch_of, batches_of, fold, latest, published
from tests.support.captures import events_of, scenario

KEY = "made-up tenant key"
NUMBER = "+55 11 90000-0001"
STORIES = ("22.10.1/l_attended_transfer", "18.26.4/m_two_queues_v2", "18.26.4/w_noise")


def payload_of(*fields: Mapping[str, FieldValue]) -> bytes:
    events = published([Event(1_000, "ami", "QueueCallerJoin", dict(each)) for each in fields])
    return encode_batch(batch_of(events))


def test_the_hash_is_the_collectors() -> None:
    theirs = Redaction("last4", KEY.encode())
    for number in (NUMBER, "11900000001", "900000001", "101", ""):
        assert caller_hash(number, KEY) == theirs.hash(number)
    assert last_digits(NUMBER) == "00000001"


def test_of_an_event_only_what_shows_the_person_goes() -> None:
    theirs, other = caller_hash(NUMBER, KEY), caller_hash("+5511900000002", KEY)
    person = Person({theirs})
    join = {
        "Queue": "support",
        "Uniqueid": "1.1",
        "Channel": "SIP/…0001-0000000a",
        "CallerIDNum": "…0001",
        "CallerHash": theirs,
    }
    leave = {"Uniqueid": "1.1", "Channel": "SIP/…0001-0000000a", "CallerIDNum": "…0001"}
    stranger = {"Uniqueid": "1.9", "CallerIDNum": "…0001", "CallerHash": other}
    payload = payload_of(join, leave, stranger)
    person.note(payload)
    cleaned = person.cleaned(payload)
    assert cleaned is not None
    assert [event.fields for event in decode_batch(cleaned).events] == [
        {"Queue": "support", "Uniqueid": "1.1", "Channel": "SIP/…-0000000a", "CallerIDNum": ""},
        {"Uniqueid": "1.1", "Channel": "SIP/…-0000000a", "CallerIDNum": "…"},
        stranger,
    ]
    assert person.cleaned(cleaned) is None


def test_of_a_repeated_header_only_the_persons_value_goes() -> None:
    theirs, other = caller_hash(NUMBER, KEY), caller_hash("+5511900000002", KEY)
    fields: dict[str, FieldValue] = {
        "CallerIDNum": ["…0002", "…0001"],
        "CallerHash": [other, theirs],
        "Uniqueid": "1.1",
    }
    payload = payload_of(fields)
    person = Person({theirs})
    person.note(payload)
    cleaned = person.cleaned(payload)
    assert cleaned is not None
    assert decode_batch(cleaned).events[0].fields == {
        "CallerIDNum": ["…0002", ""],
        "CallerHash": [other, ""],
        "Uniqueid": "1.1",
    }


def test_an_extension_is_no_text_to_look_for_elsewhere() -> None:
    theirs = caller_hash("101", KEY)
    fields = {
        "CallerIDNum": "101",
        "CallerHash": theirs,
        "Interface": "PJSIP/101",
        "Uniqueid": "1.1",
    }
    payload = payload_of(fields)
    person = Person({theirs})
    person.note(payload)
    cleaned = person.cleaned(payload)
    assert cleaned is not None
    assert decode_batch(cleaned).events[0].fields == {
        "CallerIDNum": "",
        "Interface": "PJSIP/101",
        "Uniqueid": "1.1",
    }


@pytest.mark.parametrize("mode", ["last4", "full"])
@pytest.mark.parametrize("name", STORIES)
def test_folded_anew_the_calls_are_the_same_without_the_person(name: str, mode: str) -> None:
    batches = batches_of(events_of(scenario(name).connections, mode=mode), size=50)
    before = latest(fold(batches))
    hashes = {fact.caller_hash for fact in before.values() if isinstance(fact, QueueCall)}
    person = Person({max(hashes)})
    payloads = [encode_batch(batch) for batch in batches]
    for payload in payloads:
        person.note(payload)
    assert person.shown
    cleaned = [person.cleaned(payload) or payload for payload in payloads]
    for text in (*person.hashes, *person.shown):
        assert text.encode() not in b"".join(cleaned)
    after = latest(fold(decode_batch(payload) for payload in cleaned))
    assert after == {key: without(fact, person) for key, fact in before.items()}
    assert after != before


def without(fact: Fact, person: Person) -> Fact:
    if getattr(fact, "caller_hash", None) in person.hashes:
        return msgspec.structs.replace(fact, caller="", caller_hash="")
    if getattr(fact, "callee_hash", None) in person.hashes:
        return msgspec.structs.replace(fact, callee="", callee_hash="")
    return fact
