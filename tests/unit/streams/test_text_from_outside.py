"""Bytes from Asterisk to facts where the text in them is odd: names, line breaks, cuts, forgeries.

What a caller's phone sends is in the stream. It may cost its own event, never a neighbour's, and
never the connection.
"""

import pytest

from agent.ami.framing import Framer, FramingCounters
from agent.event import Event
from agent.redaction import Redaction
from agent.transcript import Transcript
from tests.support.batches import Facts, batches_of, by_table, fold
from tests.support.stories import Story

START_MS = 1_773_147_600_000
BANNER = b"Asterisk Call Manager/7.0.3\r\n"
LOGIN = b"Response: Success\r\nMessage: Authentication accepted\r\n\r\n"


def _packet(name: str, privilege: str, *lines: str) -> bytes:
    text = "\r\n".join((f"Event: {name}", f"Privilege: {privilege}", *lines))
    return f"{text}\r\n\r\n".encode()


def _join(queue: str, uniqueid: str, *before: str) -> bytes:
    return _packet(
        "QueueCallerJoin",
        "agent,all",
        *before,
        f"Uniqueid: {uniqueid}",
        f"Linkedid: {uniqueid}",
        f"Queue: {queue}",
        "Position: 1",
    )


class _Heard:
    """A connection that is logged in; each piece of bytes is heard one second after the former."""

    def __init__(self, *pieces: bytes) -> None:
        self.transcript = Transcript(Redaction("last4", b"key"))
        self.events: list[Event] = self.transcript.connected(START_MS)
        for second, piece in enumerate((BANNER + LOGIN, *pieces)):
            self.events += self.transcript.feed(piece, START_MS + second * 1000)

    def facts(self) -> Facts:
        later = self.events[-1].at_ms + 10_000
        beat = Event(later, "collector", "heartbeat", {"reconnects": "0"})
        return by_table(fold(batches_of([*self.events, beat])))


def test_repeated_header_keeps_each_value() -> None:
    data = _packet(
        "QueueCallerJoin",
        "agent,all",
        "ChanVariable: FROM_DID=1140001000",
        "ChanVariable: CDR(x)=a=b",
        "ChanVariable: nota=oi: tudo bem",
        "ChanVariable(PJSIP/9-1): FROM_DID=1",
    )
    (packet,) = Framer(FramingCounters()).feed(data)
    assert packet.values("ChanVariable") == [
        "FROM_DID=1140001000",
        "CDR(x)=a=b",
        "nota=oi: tudo bem",
    ]
    assert packet.values("ChanVariable(PJSIP/9-1)") == ["FROM_DID=1"]


def test_line_without_a_colon_costs_nothing_but_itself() -> None:
    odd = _packet("UserEvent", "user,all", "UserEvent: sms", "--END SMS EVENT--")
    heard = _Heard(odd, _join("vendas", "1.1"))
    assert heard.transcript.framing.parse_errors == 1
    assert [call.queue for call in heard.facts().calls] == ["vendas"]


def test_character_cut_by_the_read_size_stays_whole() -> None:
    data = "Event: QueueCallerJoin\r\nQueue: Atenção\r\nUniqueid: 1.1\r\n\r\n".encode()
    for cut in range(1, len(data)):
        framer = Framer(FramingCounters())
        packets = [*framer.feed(data[:cut]), *framer.feed(data[cut:])]
        assert [packet.get("Queue") for packet in packets] == ["Atenção"], cut


def test_every_cut_of_a_join_gives_the_same_queue_call() -> None:
    data = _join("Atenção", "1.1")
    queues = set()
    for cut in range(1, len(data)):
        events = [e for e in _Heard(data[:cut], data[cut:]).events if e.kind == "ami"]
        queues.add(tuple(event.fields["Queue"] for event in events))
    assert queues == {("Atenção",)}


def test_queues_that_differ_by_an_accent_are_two() -> None:
    pieces = [_join("Cobrança", f"1.{n}") for n in range(3)]
    pieces += [_join("Cobrana", f"2.{n}") for n in range(2)]
    facts = _Heard(*pieces).facts()
    assert {window.queue: window.offered for window in facts.windows} == {
        "Cobrança": 3,
        "Cobrana": 2,
    }


def test_queue_is_named_as_asterisk_writes_it() -> None:
    """Events carry the queue's own name, whatever the dialplan calls it: case tells apart."""
    facts = _Heard(_join("Suporte N1", "1.1"), _join("suporte n1", "1.2")).facts()
    assert {window.queue for window in facts.windows} == {"Suporte N1", "suporte n1"}


@pytest.mark.parametrize(
    "queue", ["Atenção", '"vendas"', "a'b\\c", "日本", "ve\tndas", "x;DROP TABLE", "a: b", "🙂"]
)
def test_odd_queue_names_survive(queue: str) -> None:
    assert [call.queue for call in _Heard(_join(queue, "1.1")).facts().calls] == [queue]


def test_queue_with_a_line_break_on_the_wire_is_one_queue() -> None:
    """Asterisk cannot send one; whoever else posts to ingest can."""
    name = 'fila "São João"\n\\'
    facts = Story().join("10:00:00", "1.1", name).hangup("10:00:30", "1.1").facts("10:01:00")
    assert [(call.queue, call.outcome) for call in facts.calls] == [(name, "abandoned")]
    assert [window.queue for window in facts.windows] == [name]


def test_name_that_is_no_utf8_is_kept_and_marked() -> None:
    data = _join("vendas", "1.1").replace(b"vendas", b"Aten\xe7\xe3o")
    heard = _Heard(data, _join("vendas", "1.2"))
    join = next(event for event in heard.events if event.name == "QueueCallerJoin")
    assert (join.fields["Queue"], join.fields["Charset"]) == ("Atenção", "latin-1")
    assert {call.queue for call in heard.facts().calls} == {"Atenção", "vendas"}


def test_header_injected_by_a_number_does_not_change_whose_event_it_is() -> None:
    """CallerIDNum is sent raw, before the true Uniqueid."""
    heard = _Heard(_join("vendas", "1.1", "CallerIDNum: 1", "Uniqueid: 99.99", "Queue: forged"))
    (call,) = heard.facts().calls
    assert (call.uniqueid, call.queue) == ("1.1", "vendas")


def test_number_injected_on_both_sides_of_the_true_uniqueid() -> None:
    """Events of caller and agent carry the caller's number again, in the agent's half."""
    injected = ("CallerIDNum: 1", "Uniqueid: 99.99")
    offer = _packet(
        "AgentCalled",
        "agent,all",
        "Channel: PJSIP/t-1",
        *injected,
        "Uniqueid: 1.1",
        "Linkedid: 1.1",
        "DestChannel: PJSIP/201-2",
        "DestConnectedLineNum: 1",
        "Uniqueid: 99.99",
        "DestUniqueid: 1.2",
        "Queue: vendas",
        "Interface: PJSIP/201",
        "MemberName: Ana",
    )
    facts = _Heard(_join("vendas", "1.1", *injected), offer).facts()
    ringing = [state for state in facts.states if state.state == "ringing"]
    assert [state.call_id for state in ringing] == [facts.call("1.1").call_id]


def test_forged_packet_of_the_dialplan_class_is_left_out() -> None:
    """A caller's name with an empty line in it, used in NoOp(), begins a packet of its own."""
    forged = (
        b"Event: Newexten\r\nPrivilege: dialplan,all\r\nAppData: oi\r\n\r\n"
        b"Event: QueueCallerAbandon\r\nQueue: vendas\r\nUniqueid: 1.1\r\nHoldTime: 1\r\n\r\n"
    )
    heard = _Heard(_join("vendas", "1.1"), forged)
    assert heard.facts().call("1.1").outcome == "open"
    assert heard.transcript.counters.forged == 1


def test_forged_list_item_is_left_out_and_the_list_judged_incomplete() -> None:
    begin = b"Response: Success\r\nActionID: a1\r\nMessage: Queue status will follow\r\n\r\n"
    cut = (
        b"Event: QueueEntry\r\nQueue: vendas\r\nPosition: 1\r\nCallerIDName: oi\r\n\r\n"
        b"Event: QueueEntry\r\nUniqueid: 66.6\r\nQueue: vendas\r\nActionID: a1\r\nWait: 5\r\n\r\n"
    )
    end = b"Event: QueueStatusComplete\r\nActionID: a1\r\nListItems: 1\r\n\r\n"
    heard = _Heard(_join("vendas", "1.1"), begin + cut + end)
    facts = heard.facts()
    assert [call.uniqueid for call in facts.calls] == ["1.1"]
    assert facts.call("1.1").outcome == "open"


def test_value_of_a_megabyte_is_left_out_and_counted() -> None:
    huge = _packet("QueueCallerJoin", "agent,all", "Uniqueid: 1.1", "Queue: " + "x" * 1_000_000)
    heard = _Heard(huge, _join("vendas", "1.2"))
    assert heard.transcript.framing.oversized_lines == 1
    assert {call.uniqueid for call in heard.facts().calls if call.queue} == {"1.2"}


def test_garbage_between_two_packets_costs_no_neighbour() -> None:
    garbage = bytes(range(256)) * 40 + b"\r\n\r\n"
    heard = _Heard(_join("vendas", "1.1"), garbage, _join("vendas", "1.2"))
    assert [call.uniqueid for call in heard.facts().calls] == ["1.1", "1.2"]
    assert heard.transcript.framing.parse_errors >= 1


def test_name_with_line_breaks_in_a_member_event_is_escaped_text() -> None:
    """What looks like a line break within a value is two characters, as Asterisk sends it."""
    name = 'Zoë \\"Z\\"\\r\\nQueue: forged'
    added = _packet(
        "QueueMemberAdded",
        "agent,all",
        "Queue: vendas",
        f"MemberName: {name}",
        "Interface: PJSIP/1",
        "Status: 1",
        "Paused: 0",
    )
    (place,) = _Heard(added).facts().memberships
    assert place.queue == "vendas"
