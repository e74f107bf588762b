from agent.event import Event
from agent.queue_log import QueueLogLines
from agent.redaction import Redaction
from tests.support.captures import scenario

REDACTION = Redaction("last4", b"made-up tenant key")


def read(*lines: bytes) -> tuple[list[Event], QueueLogLines]:
    log = QueueLogLines(REDACTION)
    events = [log.feed_line(line) for line in lines]
    return [event for event in events if event is not None], log


def test_line_becomes_an_event_at_its_second() -> None:
    (event,), _ = read(b"1773147600|1773147599.1|support|Ana|CONNECT|1|1773147600.2|3")
    assert event == Event(
        1_773_147_600_000,
        "queue_log",
        "CONNECT",
        {
            "callid": "1773147599.1",
            "queue": "support",
            "agent": "Ana",
            "data1": "1",
            "data2": "1773147600.2",
            "data3": "3",
        },
    )


def test_callers_number_is_masked_and_hashed() -> None:
    (event,), _ = read(b"1773147600|1773147600.1|support|NONE|ENTERQUEUE||+5511900000001|1")
    assert event.fields["data2"] == "…0001"
    assert event.fields["CallerHash"] == REDACTION.hash("+5511900000001")


def test_transfer_target_is_masked() -> None:
    (event,), _ = read(
        b"1773147600|1773147599.1|support|Ana|BLINDTRANSFER|5511900000002|from-trunk|1|5|1"
    )
    assert event.fields["data1"] == "…0002"


def test_record_split_by_a_line_break_keeps_its_first_half() -> None:
    events, log = read(
        b"1773147600|1773147600.1|support|NONE|ENTERQUEUE||555\r",
        b"Uniqueid: 99.99|4",
        b"1773147603|1773147600.1|support|NONE|ABANDON|1|4|3",
    )
    assert [event.name for event in events] == ["ENTERQUEUE", "ABANDON"]
    assert (log.records, log.broken_lines) == (2, 1)


def test_record_forged_within_a_number_is_left_out() -> None:
    events, log = read(
        b"1773147600|1773147600.1|support|NONE|ENTERQUEUE||5",
        b"1773147600|1.1|support|Ana|CONNECT|1|1773147600.2|3",
        b"x|4",
        b"1773147603|1773147600.1|support|NONE|ABANDON|1|4|3",
    )
    assert [event.name for event in events] == ["ENTERQUEUE", "ABANDON"]
    assert log.broken_lines == 2


def test_garbage_and_other_encodings_do_no_harm() -> None:
    events, log = read(
        b"",
        b"\xff\x00garbage",
        b"1773147600|x",
        b"1773147600|1.1|Cobran\xe7a|NONE|ABANDON|1|1|5",
        b"1773147600|1.1|support|NONE|ABANDON|" + b"1" * 10_000,
    )
    assert [event.fields["queue"] for event in events] == ["Cobrança"]
    assert log.broken_lines == 3


def test_recorded_log_with_injected_lines_gives_its_true_records() -> None:
    lines = scenario("22.10.1/s_resync").read("queue_log").split(b"\n")
    events, log = read(*lines)
    assert (len(events), log.broken_lines) == (10, 1)
