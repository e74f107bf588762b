"""What is accepted, what is refused event by event, and what the whole batch is refused for."""

from typing import Any

import pytest

from ingest_api.batches import read_batch, read_carefully, read_quickly
from ingest_api.contract.events import ReceivedBatch
from ingest_api.contract.published import PublishedEvent
from ingest_api.errors import InvalidBatchError, MalformedBodyError, TooLargeError
from tests.support.ingest_bodies import AT_MS, Json, batch, body, encoded, event, gap


def refused_in(received: ReceivedBatch) -> dict[int, str]:
    return {
        received.events[index].sequence: received.events[index].refused
        for index in received.refused
    }


def test_a_batch_becomes_what_is_published() -> None:
    received = read_batch(body(event(5), event(6)))
    assert received.site == "pbx-01"
    assert received.collector_version == "0.1.0"
    assert received.sent_at == 1_773_147_600_120
    assert received.refused == []
    assert received.events[0] == PublishedEvent(
        5,
        AT_MS,
        "ami",
        "QueueCallerJoin",
        {"Queue": "support", "Uniqueid": "1773147600.5", "Position": "1"},
    )


def test_an_empty_batch_is_fine() -> None:
    assert read_batch(encoded({**batch(), "events": []})).events == []


@pytest.mark.parametrize(
    "written",
    [
        body(event(1), event(2)),
        body(event(1, fields={"ChanVariable": ["A=1", "B=2"], "Queue": "Atenção ☎"})),
        body(event(1, fields={})),
        body(event(1, fields={"Queue": "q" * 128, "AppData": "d" * 2048})),
        body(event(1, fields={"AppData": "C:\\dir"})),
        encoded({**batch(), "events": []}),
    ],
)
def test_ordinary_batches_are_read_quickly_and_alike(written: bytes) -> None:
    assert read_quickly(written) is not None
    assert read_quickly(written) == read_carefully(written)


def test_a_queue_name_of_100_kb_is_refused_and_its_neighbours_are_kept() -> None:
    received = read_batch(body(event(1), event(2, fields={"Queue": "q" * 100_000}), event(3)))
    assert refused_in(received) == {2: "field_too_long"}
    assert received.events[1] == PublishedEvent(2, refused="field_too_long")
    assert [e.sequence for e in received.events if not e.refused] == [1, 3]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "sms"}, "unknown_kind"),
        ({"kind": ""}, "unknown_kind"),
        ({"name": ""}, "name_missing"),
        ({"name": "n" * 129}, "name_too_long"),
        ({"fields": {"Queue": "q" * 129}}, "queue_name_too_long"),
        ({"fields": {"queue": "q" * 129}}, "queue_name_too_long"),
        ({"fields": {"Queue": ["support", "q" * 129]}}, "queue_name_too_long"),
        ({"fields": {"AppData": "d" * 8193}}, "field_too_long"),
        ({"fields": {"AppData": "é" * 4097}}, "field_too_long"),
        ({"fields": {"ChanVariable": ["v" * 4097, "v" * 4096]}}, "field_too_long"),
        ({"fields": {"ChanVariable": ["v"] * 257}}, "too_many_values"),
        ({"fields": {"F" * 129: "v"}}, "field_name_too_long"),
        ({"fields": {f"F{number}": "v" for number in range(257)}}, "too_many_fields"),
        ({"fields": {f"F{number}": "v" * 8000 for number in range(40)}}, "event_too_large"),
    ],
)
def test_content_over_a_limit_refuses_the_event_alone(changes: Json, reason: str) -> None:
    received = read_batch(body(event(1), event(2, **changes), event(3)))
    assert refused_in(received) == {2: reason}


@pytest.mark.parametrize("member", ["kind", "name"])
def test_an_event_without_kind_or_name_is_refused_alone(member: str) -> None:
    lacking = event(2)
    del lacking[member]
    received = read_batch(body(event(1), lacking))
    assert received.refused == [1]


@pytest.mark.parametrize(
    "changes",
    [
        {"fields": {"Queue": "ç" * 128}},
        {"fields": {"AppData": "d" * 8192}},
        {"fields": {"AppData": "é" * 4096}},
        {"fields": {"ChanVariable": ["v"] * 256}},
        {"fields": {"F" * 128: "v"}},
        {"fields": {f"F{number}": "v" for number in range(256)}},
        {"fields": {"Queue": 'a "quoted" name\n'}},
        {"name": "n" * 128},
        {"unknown": "is ignored"},
        {"sequence": 2**36 - 1},
    ],
)
def test_content_at_its_limit_is_accepted(changes: Json) -> None:
    received = read_batch(body({**event(), **changes}))
    assert received.refused == []


def test_fields_may_be_left_out() -> None:
    lacking = event(1)
    del lacking["fields"]
    assert read_batch(body(lacking)).events[0].fields == {}


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ([], "body"),
        (None, "body"),
        ({}, "site"),
        (batch(site=7), "site"),
        (batch(site="acme/pbx"), "site"),
        (batch(site="pbx-01\n"), "site"),
        (batch(spool="7"[:0]), "spool"),
        (batch(spool="a\n"), "spool"),
        (batch(collector=[]), "collector"),
        (batch(collector={"version": 1}), "collector.version"),
        (batch(sent_at="yesterday"), "sent_at"),
        (batch(sent_at=1_773_147_600), "sent_at"),
        (batch(events={}), "events"),
        (batch(events=[1]), "events[0]"),
        (batch(event(1), event(sequence="3")), "events[1].sequence"),
        (batch(event(1), event(sequence=2.0)), "events[1].sequence"),
        (batch(event(1), event(sequence=True)), "events[1].sequence"),
        (batch(event(sequence=0)), "events[0].sequence"),
        (batch(event(sequence=-1)), "events[0].sequence"),
        (batch(event(sequence=2**36)), "events[0].sequence"),
        (batch(event(sequence=10**400)), "events[0].sequence"),
        (batch(event(at="2026-02-30T00:00:00.000Z")), "events[0].at"),
        (batch(event(at=None)), "events[0].at"),
        (batch(event(kind=1)), "events[0].kind"),
        (batch(event(name=None)), "events[0].name"),
        (batch(event(fields=[])), "events[0].fields"),
        (batch(event(fields={"Queue": 1})), "events[0].fields.Queue"),
        (batch(event(fields={"Queue": ["a", 1]})), "events[0].fields.Queue"),
        (batch(event(fields={"Queue": {"a": "b"}})), "events[0].fields.Queue"),
        (batch(event(1), event(3)), "events[1].sequence"),
        (batch(event(2), event(1)), "events[1].sequence"),
        (batch(event(1), event(1)), "events[1].sequence"),
        (batch(event(1), event(3, kind="sms")), "events[1].sequence"),
        (batch(event(1), gap(3, 9)), "events[1].sequence"),
        (batch(gap(1, 9, at="x")), "events[0].at"),
    ],
)
def test_a_wrong_form_refuses_the_batch_and_names_the_field(content: Any, field: str) -> None:
    with pytest.raises(InvalidBatchError) as found:
        read_batch(encoded(content))
    assert found.value.field == field


def test_a_gap_event_explains_what_is_missing() -> None:
    received = read_batch(body(event(1), gap(2, 9), event(10)))
    assert [e.sequence for e in received.events] == [1, 9, 10]


def test_a_gap_event_is_never_refused_alone() -> None:
    lost = gap(2, 9)
    lost["fields"]["AppData"] = "d" * 9000
    with pytest.raises(InvalidBatchError) as found:
        read_batch(body(event(1), lost))
    assert found.value.field == "events[1]"


def test_a_wrong_form_is_told_before_content_over_a_limit() -> None:
    with pytest.raises(InvalidBatchError) as found:
        read_batch(body(event(1, kind="sms"), event(2, at="x")))
    assert found.value.field == "events[1].at"


def test_the_named_field_is_never_long() -> None:
    with pytest.raises(InvalidBatchError) as found:
        read_batch(body(event(fields={"F" * 100_000: 1})))
    assert len(found.value.field) <= 200


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff",
        b"\xef\xbb\xbf" + body(),
        body() + b"x",
        body().decode().encode("utf-16"),
        body().replace(b'"support"', b"NaN"),
        body().replace(b'"support"', b"Infinity"),
        body().replace(b'"support"', b'"\xff"'),
        body().replace(b'"support"', b'"sup\nport"'),
        body().replace(b'"sequence":1', b'"sequence":1,"sequence":1'),
        body().replace(b'"Queue":', b'"Queue":"other","Queue":'),
        body().replace(b'"Queue":', b'"Queue" :"other", "Queue" : '),
        body().replace(b'"Queue":', b'"Queue":["a"],"Queue":'),
        body().replace(b'"site"', b'"site":"other","site"'),
        body().replace(b'"sequence":1', b'"sequence":' + b"9" * 5000),
        b"[" * 100_000,
        b'{"site":' * 100_000,
        body().replace(b'"support"', b"[" * 5000 + b"]" * 5000),
    ],
)
def test_what_is_no_single_json_text_is_malformed(text: bytes) -> None:
    with pytest.raises(MalformedBodyError):
        read_batch(text)


@pytest.mark.parametrize("surrogate", [b'"\\ud800"', b'"\\udc00"', b'"\\udc00\\ud800"'])
@pytest.mark.parametrize("text", [b'"support"', b'"QueueCallerJoin"', b'"Queue"', b'"0.1.0"'])
def test_a_lone_surrogate_is_no_text(text: bytes, surrogate: bytes) -> None:
    with pytest.raises(MalformedBodyError):
        read_batch(body().replace(text, surrogate))


def test_5000_events_are_accepted_and_one_more_is_too_many() -> None:
    most = [event(number) for number in range(1, 5001)]
    assert len(read_batch(body(*most)).events) == 5000
    with pytest.raises(TooLargeError):
        read_batch(body(*most, event(5001)))


def test_millions_of_tiny_values_are_refused_before_they_are_decoded() -> None:
    with pytest.raises(TooLargeError):
        read_batch(b'{"events":[' + b"{}," * 2_000_000 + b"{}]}")


def test_a_large_ordinary_batch_is_read_quickly() -> None:
    events = [event(number, fields={"AppData": "d" * 1000}) for number in range(1, 401)]
    assert read_quickly(body(*events)) is not None
