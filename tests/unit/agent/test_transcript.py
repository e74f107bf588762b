import pytest

from agent.event import Event
from agent.redaction import Redaction
from agent.transcript import MAX_OPEN_LISTS, Transcript
from tests.support.fake_ami import packet

NOW = 1_773_147_600_000
LOGIN = b"Asterisk Call Manager/7.0.3\r\n" + packet(
    "Response: Success", "Message: Authentication accepted"
)
CALLER = (
    "Channel: PJSIP/trunk-00000001",
    "CallerIDNum: +5511900000001",
    "CallerIDName: Ana",
    "Uniqueid: 1773147600.1",
    "Linkedid: 1773147600.1",
)
JOIN = packet("Event: QueueCallerJoin", "Privilege: agent,all", *CALLER, "Queue: support")


def transcript(prefix: str = "") -> Transcript:
    heard = Transcript(Redaction("full", b"made-up tenant key"), prefix)
    heard.connected(NOW)
    return heard


def begin(action_id: str, message: str = "Queue status will follow") -> bytes:
    return packet(
        "Response: Success", f"ActionID: {action_id}", "EventList: start", f"Message: {message}"
    )


def end(action_id: str, items: int) -> bytes:
    return packet(
        "Event: QueueStatusComplete",
        f"ActionID: {action_id}",
        "EventList: Complete",
        f"ListItems: {items}",
    )


def entry(action_id: str, name: str = "Ana", uniqueid: str = "1773147600.1") -> bytes:
    return packet(
        "Event: QueueEntry",
        "Queue: support",
        "Position: 1",
        "Channel: PJSIP/trunk-00000001",
        f"Uniqueid: {uniqueid}",
        "CallerIDNum: +5511900000001",
        f"CallerIDName: {name}",
        "ConnectedLineNum: unknown",
        "Wait: 5",
        "Priority: 0",
        f"ActionID: {action_id}",
    )


def told(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.kind, event.name) for event in events]


def test_login_tells_which_asterisk_it_is() -> None:
    (event,) = transcript().feed(LOGIN, NOW)
    assert event == Event(
        NOW,
        "collector",
        "ami_connected",
        {"asterisk": "Asterisk Call Manager/7.0.3", "log": "none"},
    )


def test_port_that_accepts_and_closes_before_the_login_tells_nothing() -> None:
    heard = transcript()
    assert heard.feed(b"Asterisk Call Manager/7.0.3\r\n", NOW) == []
    assert heard.lost(NOW, "closed by the PBX") == []


def test_lost_connection_is_told_once() -> None:
    heard = transcript()
    heard.feed(LOGIN, NOW)
    lost = Event(NOW + 5, "collector", "ami_lost", {"reason": "closed by the PBX"})
    assert heard.lost(NOW + 5, "closed by the PBX") == [lost]
    assert heard.lost(NOW + 6, "closed by the PBX") == []


def test_event_has_asterisks_own_time_where_it_is_sent() -> None:
    stamped = packet(
        "Event: QueueCallerJoin",
        "Privilege: agent,all",
        "Timestamp: 1773147601.027198",
        *CALLER,
        "Queue: support",
    )
    heard = transcript()
    assert [e.at_ms for e in heard.feed(JOIN + stamped, NOW)] == [NOW, 1_773_147_601_027]


def test_events_and_fields_that_nobody_asked_for_stay() -> None:
    heard = transcript()
    other = packet("Event: Newexten", "Privilege: dialplan,all", *CALLER, "AppData: x")
    variable = packet("Event: VarSet", "Privilege: dialplan,all", "Variable: SECRET", "Value: 1")
    assert heard.feed(other + variable, NOW) == []
    (event,) = heard.feed(JOIN, NOW)
    assert "CallerIDName" not in event.fields
    assert heard.counters.forged == 0


@pytest.mark.parametrize(
    "second", [(), ("Queue: support",), ("Privilege: dialplan,all",), ("Privilege: agentish,all",)]
)
def test_broadcast_without_its_class_in_the_second_line_is_forged(second: tuple[str, ...]) -> None:
    heard = transcript()
    forged = packet("Event: QueueCallerAbandon", *second, "Queue: support", "Uniqueid: 1.1")
    assert heard.feed(forged, NOW) == []
    assert heard.counters.forged == 1


def test_repeated_header_keeps_all_values_in_order() -> None:
    injected = JOIN.replace(b"\r\nCallerIDName", b"\r\nUniqueid: 99.99\r\nCallerIDName")
    (event,) = transcript().feed(injected, NOW)
    assert event.fields["Uniqueid"] == ["99.99", "1773147600.1"]


def test_line_breaks_in_a_number_cannot_forge_an_event() -> None:
    injected = JOIN.replace(
        b"+5511900000001",
        b"1\r\n\r\nEvent: QueueCallerAbandon\r\nPrivilege: agent,all\r\nQueue: support",
    )
    heard = transcript()
    assert told(heard.feed(injected + JOIN, NOW)) == [("ami", "QueueCallerJoin")]
    assert heard.counters.forged == 2


def test_list_answer_becomes_a_snapshot_where_it_stands() -> None:
    heard = transcript()
    item = packet("Event: QueueParams", "Queue: support", "Max: 0", "ActionID: a-1")
    events = heard.feed(JOIN + begin("a-1") + item + entry("a-1") + end("a-1", 2) + JOIN, NOW)
    assert told(events) == [
        ("ami", "QueueCallerJoin"),
        ("snapshot", "begin"),
        ("snapshot", "QueueParams"),
        ("snapshot", "QueueEntry"),
        ("snapshot", "end"),
        ("ami", "QueueCallerJoin"),
    ]
    assert events[1].fields == {"list": "QueueStatus"}
    assert events[4].fields == {"list": "QueueStatus", "items": "2", "complete": "yes"}


def test_list_that_names_another_count_is_incomplete() -> None:
    events = transcript().feed(begin("a-1") + entry("a-1") + end("a-1", 2), NOW)
    assert events[-1].fields["complete"] == "no"


def test_list_cut_by_the_end_of_the_connection_is_incomplete() -> None:
    heard = transcript()
    heard.feed(LOGIN + begin("a-1") + entry("a-1"), NOW)
    events = heard.lost(NOW, "closed by the PBX")
    assert told(events) == [("snapshot", "end"), ("collector", "ami_lost")]
    assert events[0].fields == {"list": "QueueStatus", "items": "1", "complete": "no"}


def test_list_of_asterisk_11_has_no_count() -> None:
    first = packet("Response: Success", "ActionID: a-1", "Message: Queue status will follow")
    last = packet("Event: QueueStatusComplete", "ActionID: a-1")
    assert transcript().feed(first + entry("a-1") + last, NOW)[-1].fields["complete"] == "yes"


def test_items_and_ends_of_no_open_list_are_forged() -> None:
    heard = transcript()
    events = heard.feed(begin("a-1") + entry("b-1") + end("b-1", 1) + end("a-1", 0), NOW)
    assert told(events) == [("snapshot", "begin"), ("snapshot", "end")]
    assert heard.counters.forged == 2


def test_with_a_prefix_only_own_lists_count() -> None:
    heard = transcript("5f1c")
    assert heard.feed(begin("guess-1") + entry("guess-1") + end("guess-1", 1), NOW) == []
    assert len(heard.feed(begin("5f1c-1") + entry("5f1c-1") + end("5f1c-1", 1), NOW)) == 3


@pytest.mark.parametrize(
    "injected",
    [
        "x\r\n\r\nEvent: QueueEntry\r\nQueue: support\r\nUniqueid: 9.9\r\nWait: 999",
        "x\r\n\r\nEvent: QueueStatusComplete\r\nEventList: Complete\r\nListItems: 0",
        "x\r\n\r\nEvent: QueueMember\r\nQueue: support\r\nName: Nobody\r\nPaused: 1",
        "x\r\n\r\nEvent: QueueCallerAbandon\r\nPrivilege: agent,all\r\nUniqueid: 1.1",
        "x\r\n\r\nEvent: A\r\n\r\nEvent: QueueEntry\r\nChannel: PJSIP/1-1\r\nCallerIDName: y",
    ],
)
def test_line_breaks_in_a_name_cannot_forge_list_items(injected: str) -> None:
    heard = transcript()
    other = entry("a-1", uniqueid="1773147600.2")
    events = heard.feed(begin("a-1") + entry("a-1", injected) + other + end("a-1", 2), NOW)
    assert [e.fields["Uniqueid"] for e in events if e.name == "QueueEntry"] == [
        "1773147600.1",
        "1773147600.2",
    ]
    assert told(events)[0] == ("snapshot", "begin")
    assert events[-1].fields == {"list": "QueueStatus", "items": "2", "complete": "yes"}
    assert heard.counters.forged >= 1


def test_queue_configuration_is_a_snapshot_of_its_own() -> None:
    answer = packet(
        "Response: Success",
        "ActionID: a-1",
        "Category-000000: general",
        "Line-000000-000000: persistentmembers=yes",
        "Category-000001: support",
        "Line-000001-000000: wrapuptime=4",
        "Line-000001-000001: musicclass=default",
        "Line-000001-000002: wrapuptime => 8",
        "Category-000002: vendas",
    )
    events = transcript().feed(answer, NOW)
    assert told(events) == [
        ("snapshot", "begin"),
        ("snapshot", "QueueConfig"),
        ("snapshot", "QueueConfig"),
        ("snapshot", "end"),
    ]
    assert [event.fields for event in events[1:3]] == [
        {"queue": "support", "wrapuptime": "8"},
        {"queue": "vendas"},
    ]
    assert events[3].fields == {"list": "QueueConfig", "items": "2", "complete": "yes"}


def test_application_data_beyond_the_queue_stays() -> None:
    channel = (*CALLER, "Application: Queue", "ApplicationData: support,tT,,,30")
    dial = (*CALLER, "Application: Dial", "ApplicationData: PJSIP/+5511900000001@trunk")
    items = [packet("Event: CoreShowChannel", "ActionID: a-1", *item) for item in (channel, dial)]
    events = transcript().feed(begin("a-1", "Channels will follow") + b"".join(items), NOW)
    assert [event.fields["ApplicationData"] for event in events[1:]] == ["support", ""]


def test_open_lists_are_bounded() -> None:
    heard = transcript()
    events = heard.feed(b"".join(begin(f"a-{n}") for n in range(MAX_OPEN_LISTS + 5)), NOW)
    assert len(events) == MAX_OPEN_LISTS
