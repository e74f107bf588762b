"""The witness's record: what was said, what was answered, and who decides about the rest."""

import json

from tests.chaos.record import Body, EventHead, EventKey, Record, read_body

SPOOL = "spool-a"


def event(sequence: int, **changes: object) -> dict[str, object]:
    return {"sequence": sequence, "kind": "ami", "name": "QueueCallerJoin", "fields": {}, **changes}


def gap(first: int, last: int) -> dict[str, object]:
    fields = {"from": str(first), "to": str(last), "reason": "spool_full"}
    return event(last, kind="collector", name="gap", fields=fields)


def body(*events: dict[str, object], site: str = "pbx-01") -> Body:
    return read_body(json.dumps({"site": site, "spool": SPOOL, "events": list(events)}).encode())


def said(
    record: Record,
    *events: dict[str, object],
    is_answered: bool = True,
    may_arrive: bool = True,
) -> None:
    batch = body(*events)
    record.heard(batch, may_arrive=may_arrive)
    if is_answered:
        record.answered(batch)


def sequences(record: Record, *stored: int, name: str = "QueueCallerJoin") -> list[int]:
    def was_stored(key: EventKey, event: EventHead) -> bool:
        return key.sequence in stored and event.name == name

    delivered = record.delivered(was_stored)["pbx-01"]
    return [json.loads(text)["sequence"] for _, text in delivered]


def test_what_is_said_again_with_the_same_content_counts_once() -> None:
    record = Record()
    said(record, event(1), event(2))
    said(record, event(2), event(3))
    assert record.conflicts == []
    assert record.accepted_count() == 3
    assert record.last_sequences() == {("pbx-01", SPOOL): 3}


def test_same_sequence_with_other_content_is_told() -> None:
    record = Record()
    said(record, event(1))
    said(record, event(1, name="QueueCallerLeave"))
    (conflict,) = record.conflicts
    assert "said 1 of spool-a twice" in conflict


def test_same_sequence_with_other_content_is_told_even_if_nobody_answered() -> None:
    record = Record()
    said(record, event(1), is_answered=False)
    said(record, event(1, name="QueueCallerLeave"), is_answered=False)
    assert len(record.conflicts) == 1


def test_sites_number_their_events_apart() -> None:
    record = Record()
    record.heard(body(event(1)))
    record.heard(body(event(1, name="Hangup"), site="pbx-02"))
    assert record.conflicts == []


def test_a_gap_may_take_the_place_of_what_the_spool_dropped() -> None:
    record = Record()
    said(record, event(1))
    said(record, event(2), event(3), is_answered=False)
    said(record, gap(2, 3), event(4))
    assert record.conflicts == []
    assert sequences(record) == [1, 3, 4]


def test_what_was_never_answered_counts_if_it_arrived() -> None:
    record = Record()
    said(record, event(1))
    said(record, event(2), event(3), is_answered=False)
    said(record, gap(2, 4), event(5))
    assert sequences(record, 1, 2, 3) == [1, 2, 3, 4, 5]


def test_what_arrived_before_the_gap_that_took_its_number_is_what_counts() -> None:
    record = Record()
    said(record, event(1), event(2), is_answered=False)
    said(record, gap(1, 2), event(3))
    ((_, first), (_, second), _) = record.delivered(lambda _, head: head.name != "gap")["pbx-01"]
    assert json.loads(first)["name"] == json.loads(second)["name"] == "QueueCallerJoin"


def test_an_answer_to_a_retry_settles_what_was_in_doubt() -> None:
    record = Record()
    said(record, event(1), is_answered=False)
    said(record, event(1))
    assert sequences(record) == [1]
    assert [key for key, _ in record.accepted()] == [EventKey("pbx-01", SPOOL, 1)]


def test_what_was_never_sent_cannot_have_arrived_even_if_the_gap_has_its_number() -> None:
    record = Record()
    said(record, event(1))
    said(record, event(2), event(3), is_answered=False, may_arrive=False)
    said(record, gap(2, 3))
    delivered = record.delivered(lambda *_: True)["pbx-01"]
    assert [json.loads(text)["name"] for _, text in delivered] == ["QueueCallerJoin", "gap"]


def test_what_was_never_sent_must_keep_its_content_all_the_same() -> None:
    record = Record()
    said(record, event(1), is_answered=False, may_arrive=False)
    said(record, event(1, name="QueueCallerLeave"))
    assert len(record.conflicts) == 1
