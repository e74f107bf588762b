"""Asterisk's words → ours, where reading them wrong is easy."""

import pytest

from ingest_api.contract.published import PublishedEvent
from streams.domain import events as ev
from streams.interpreter import first_named, interpret
from streams.interpreter.texts import interface_of, interface_of_channel

AT = 1_773_147_600_000


def ami(name: str, **fields: str | list[str]) -> ev.Event:
    return interpret(PublishedEvent(1, AT, "ami", name, fields), AT)


def listed(name: str, **fields: str | list[str]) -> ev.Event:
    return interpret(PublishedEvent(1, AT, "snapshot", name, fields), AT)


@pytest.mark.parametrize(
    ("interface", "normal"),
    [
        ("PJSIP/204", "PJSIP/204"),
        ("Local/204@from-queue/n", "Local/204@from-queue"),
        ("Local/204@from-queue/nj", "Local/204@from-queue"),
        ("Local/204@from-queue", "Local/204@from-queue"),
        (" SIP/204 ", "SIP/204"),
    ],
)
def test_an_interface_is_one_whatever_its_options(interface: str, normal: str) -> None:
    assert interface_of(interface) == normal


def test_a_channel_belongs_to_its_interface() -> None:
    assert interface_of_channel("PJSIP/101-00000012") == "PJSIP/101"
    assert interface_of_channel("Local/204@from-queue-0000001a;1") == "Local/204@from-queue"
    assert interface_of_channel("PJSIP/101") == "PJSIP/101"


def test_of_a_repeated_header_the_last_holds_and_in_queue_entries_the_first() -> None:
    ids: list[str] = ["99.99", "100.1"]
    joined = ami("QueueCallerJoin", Queue="vendas", Uniqueid=ids)
    assert isinstance(joined, ev.CallerJoined)
    assert joined.uniqueid == "100.1"
    entry = listed("QueueEntry", Queue="vendas", Uniqueid=["100.1", "99.99"], Wait="3")
    assert isinstance(entry, ev.EntryListed)
    assert entry.uniqueid == "100.1"
    channel = listed("CoreShowChannel", Uniqueid=["99.99", "100.1"], Channel="SIP/1-2")
    assert isinstance(channel, ev.ChannelListed)
    assert channel.uniqueid == "100.1"


def test_hold_time_is_the_wait_in_whole_seconds() -> None:
    answered = ami("AgentConnect", Queue="vendas", Uniqueid="1", Interface="SIP/1", HoldTime="12")
    assert isinstance(answered, ev.AgentAnswered)
    assert answered.wait_ms == 12_000


def test_a_list_without_a_wait_does_not_make_it_zero() -> None:
    entry = listed("QueueEntry", Queue="vendas", Uniqueid="100.1")
    assert isinstance(entry, ev.EntryListed)
    assert entry.wait_ms is None


def test_the_reason_of_an_unpause_is_no_pause_reason() -> None:
    member = ami(
        "QueueMemberPause", Queue="vendas", Interface="SIP/1", Paused="0", PausedReason="Back"
    )
    assert isinstance(member, ev.MemberSeen)
    assert (member.is_paused, member.pause_reason) == (False, "")


@pytest.mark.parametrize("field", ["Interface", "Location"])
def test_a_member_is_known_by_either_name_of_its_interface(field: str) -> None:
    member = ami("QueueMemberAdded", **{"Queue": "vendas", field: "SIP/305"})
    assert isinstance(member, ev.MemberSeen)
    assert member.agent == "SIP/305"


def test_an_unknown_number_is_no_caller() -> None:
    joined = ami("QueueCallerJoin", Queue="vendas", Uniqueid="1", CallerIDNum="<unknown>")
    assert isinstance(joined, ev.CallerJoined)
    assert joined.caller == ""


@pytest.mark.parametrize(
    ("text", "duration_ms"), [("00:01:05", 65_000), ("65", 65_000), ("01:00:00", 3_600_000)]
)
def test_durations_come_in_two_forms(text: str, duration_ms: int) -> None:
    channel = listed("CoreShowChannel", Uniqueid="1", Channel="SIP/1-2", Duration=text)
    assert isinstance(channel, ev.ChannelListed)
    assert channel.duration_ms == duration_ms


@pytest.mark.parametrize(
    "event",
    [
        PublishedEvent(1, AT, "ami", "QueueCallerJoin", {"Queue": "vendas"}),
        PublishedEvent(1, AT, "ami", "SomethingNew", {}),
        PublishedEvent(1, AT, "no such kind", "", {}),
    ],
)
def test_what_has_no_meaning_only_tells_the_time(event: PublishedEvent) -> None:
    assert interpret(event, AT) == ev.TimePassed(AT)


@pytest.mark.parametrize(
    ("name", "data", "transfer"),
    [
        ("BLINDTRANSFER", ("8002", "xfer", "3", "70", "1"), "blind"),
        ("TRANSFER", ("8002", "xfer", "3", "70", "1"), "blind"),  # Asterisk 11
        ("ATTENDEDTRANSFER", ("BRIDGE", "b-1", "3", "70", "1"), "attended"),
        ("ATTENDEDTRANSFER", ("LINK", "SIP/1-a", "SIP/2-b", "3", "70"), "attended"),
    ],
)
def test_a_transfer_in_the_log_has_its_own_columns(
    name: str, data: tuple[str, ...], transfer: str
) -> None:
    fields: dict[str, str | list[str]] = {f"data{n}": text for n, text in enumerate(data, 1)}
    line = interpret(PublishedEvent(1, AT, "queue_log", name, fields), AT)
    assert isinstance(line, ev.LogEnded)
    assert (line.wait_ms, line.talk_ms, line.transfer) == (3_000, 70_000, transfer)


def test_a_line_of_the_log_does_not_tell_the_time() -> None:
    line = PublishedEvent(1, AT, "queue_log", "REMOVEMEMBER", {})
    assert interpret(line, AT) == ev.LogPassed(AT)


def test_a_gap_stands_for_all_it_names() -> None:
    fields: dict[str, str | list[str]] = {"from": "5", "to": "9", "reason": "spool_full"}
    gap = PublishedEvent(9, AT, "collector", "gap", fields)
    assert first_named(gap) == 5
    dropped = interpret(gap, AT)
    assert isinstance(dropped, ev.EventsDropped)
    assert (dropped.from_sequence, dropped.to_sequence, dropped.reason) == (5, 9, "spool_full")


def test_a_gap_that_names_nonsense_stands_for_itself() -> None:
    assert first_named(PublishedEvent(9, AT, "collector", "gap", {"from": "12"})) == 9
