"""What Asterisk said → what happened: the only place that knows Asterisk's names.

One published event gives at most one domain event. Fields are read as Asterisk means them
(`app_queue.c`; docs/events.md): of a repeated header the last value holds, and in QueueEntry the
first for all that stands before the caller's number and name there: text injected by a caller comes
before what follows these and after what precedes them. Numbers are bounded to what is believed.
"""

from collections.abc import Callable
from datetime import datetime
from typing import cast

from ingest_api.contract.published import PublishedEvent
from streams.domain import events as ev
from streams.domain.facts import EndedBy, Outcome, Transfer
from streams.domain.visits import MAX_DURATION_MS

Fields = dict[str, str]

_STATUS_OUTCOME: dict[str, Outcome] = {
    "TIMEOUT": "timed_out",
    "LEAVEEMPTY": "left_empty",
    "LEAVEUNAVAIL": "left_empty",
    "WITHDRAW": "withdrawn",
}
_REASON: dict[str, EndedBy] = {"caller": "caller", "agent": "agent", "transfer": "transfer"}
_LISTS: dict[str, ev.ListName] = {"QueueStatus": "queues", "CoreShowChannels": "channels"}
_DEVICE_STATE: dict[str, ev.DeviceState] = {
    "0": "idle",  # unknown: how a phone looks that cannot tell, and that Asterisk rings
    "1": "idle",
    "2": "in_use",
    "3": "in_use",  # busy
    "4": "unreachable",  # invalid
    "5": "unreachable",  # unavailable
    "6": "ringing",
    "7": "ringing_in_use",
    "8": "in_use",  # on hold
}
_AFTER_CALLER = frozenset(("Wait", "Priority"))
_MOST = (1 << 32) - 1
_ANONYMOUS = frozenset(("", "<unknown>", "<null>"))


def interpret(event: PublishedEvent, at: int) -> ev.Event:
    """The domain event of a published one that happened at `at`.

    What has no meaning for us, or lacks what it needs to have one, only tells the time; a line of
    queue_log not even that.
    """
    reader = _READERS.get((event.kind, event.name))
    if reader is None:
        if event.kind == "queue_log":
            return ev.LogPassed(at)
        return _dropped(event, at) if _is_gap(event) else ev.TimePassed(at)
    return reader(at, _single(event)) or ev.TimePassed(at)


def first_named(event: PublishedEvent) -> int:
    """The first sequence an event stands for: its own, or that of the first one a gap names."""
    if not _is_gap(event):
        return event.sequence
    named = _single(event).get("from", "")
    if named.isdecimal() and 0 < int(named) <= event.sequence:
        return int(named)
    return event.sequence


def interface_of(text: str) -> str:
    """A normalised interface: `Local/204@from-queue/n` and `Local/204@from-queue` are one."""
    name = text.strip()
    if name[:6].lower() == "local/":
        name = name.split("/n", 1)[0] if name.endswith("/n") else name
        head, _, options = name.rpartition("/")
        if "@" in head and len(options) <= 4:  # noqa: PLR2004 - /n, /nj, /jnb …
            name = head
    return name


def interface_of_channel(channel: str) -> str:
    """The interface a channel belongs to: `PJSIP/101-00000012` is one of `PJSIP/101`."""
    name, _, serial = channel.rpartition("-")
    return interface_of(name) if name and serial else interface_of(channel)


def _single(event: PublishedEvent) -> Fields:
    """The fields with one value each: of a repeated header the one that holds."""
    fields = event.fields
    if list not in map(type, fields.values()):
        return cast("Fields", fields)
    is_entry = event.name == "QueueEntry"
    return {
        name: value
        if isinstance(value, str)
        else value[0 if is_entry and name not in _AFTER_CALLER else -1]
        for name, value in fields.items()
    }


def _number(text: str) -> int:
    """A count: 0 if it is none or negative, and at most what its column holds."""
    try:
        return min(max(int(text), 0), _MOST)
    except ValueError:
        return 0


def _ms(text: str) -> int:
    """Whole seconds of a duration as milliseconds, at most the longest that is believed."""
    return min(_number(text) * 1000, MAX_DURATION_MS)


def _epoch_ms(text: str) -> int:
    """An epoch in whole seconds as milliseconds."""
    return _number(text) * 1000


def _is_true(text: str) -> bool:
    return text in ("1", "yes", "Yes", "true", "True")


def _caller(fields: Fields) -> tuple[str, str]:
    number = fields.get("CallerIDNum", "")
    return "" if number in _ANONYMOUS else number, fields.get("CallerHash", "")


# --- Callers in queues ---------------------------------------------------------------------------


def _joined(at: int, fields: Fields) -> ev.Event | None:
    queue, uniqueid = fields.get("Queue", ""), fields.get("Uniqueid", "")
    if not queue or not uniqueid:
        return None
    return ev.CallerJoined(
        at,
        queue,
        uniqueid,
        fields.get("Linkedid", ""),
        _number(fields.get("Position", "")),
        *_caller(fields),
        not fields.get("Channel", "").startswith("Local/"),
    )


def _gave_up(at: int, fields: Fields) -> ev.Event:
    return ev.CallerGaveUp(
        at, fields.get("Queue", ""), fields.get("Uniqueid", ""), _ms(fields.get("HoldTime", ""))
    )


def _left(at: int, fields: Fields) -> ev.Event:
    return ev.CallerLeft(at, fields.get("Queue", ""), fields.get("Uniqueid", ""))


def _variable(at: int, fields: Fields) -> ev.Event | None:
    name, value = fields.get("Variable", ""), fields.get("Value", "")
    if name == "ABANDONED" and value == "TRUE":
        return ev.GiveUpMarked(at, fields.get("Uniqueid", ""))
    if name == "QUEUESTATUS" and value in _STATUS_OUTCOME:
        return ev.EndingTold(at, fields.get("Uniqueid", ""), _STATUS_OUTCOME[value])
    return None


def _hangup_requested(at: int, fields: Fields) -> ev.Event:
    return ev.HangupRequested(at, fields.get("Uniqueid", ""))


def _hung_up(at: int, fields: Fields) -> ev.Event:
    return ev.ChannelHungUp(at, fields.get("Uniqueid", ""))


# --- Agents and callers together -----------------------------------------------------------------


def _agent(fields: Fields) -> tuple[str, str]:
    """Interface and label; in Asterisk 11 and older Member or AgentCalled, and AgentName."""
    interface = fields.get("Interface", "") or fields.get("Location", "")
    interface = interface or fields.get("Member", "") or fields.get("AgentCalled", "")
    name = fields.get("MemberName", "") or fields.get("Name", "") or fields.get("AgentName", "")
    return interface_of(interface), name


def _offered(at: int, fields: Fields) -> ev.Event:
    return ev.AgentOffered(
        at,
        fields.get("Queue", ""),
        fields.get("Uniqueid", ""),
        *_agent(fields),
        fields.get("DestUniqueid", ""),
    )


def _missed(at: int, fields: Fields) -> ev.Event:
    return ev.OfferMissed(at, fields.get("Queue", ""), fields.get("Uniqueid", ""), *_agent(fields))


def _answered(at: int, fields: Fields) -> ev.Event:
    caller, caller_hash = _caller(fields)
    agent, name = _agent(fields)
    leg = fields.get("DestChannel", "")
    return ev.AgentAnswered(
        at,
        fields.get("Queue", ""),
        fields.get("Uniqueid", ""),
        fields.get("Linkedid", ""),
        caller,
        caller_hash,
        agent,
        name,
        fields.get("DestUniqueid", ""),
        # A Local channel is optimised away soon after the answer; its end says nothing.
        bool(leg) and not leg.startswith("Local/"),
        _ms(fields.get("HoldTime", "") or fields.get("Holdtime", "")),
    )


def _finished(at: int, fields: Fields) -> ev.Event:
    return ev.AgentFinished(
        at,
        fields.get("Queue", ""),
        fields.get("Uniqueid", ""),
        *_agent(fields),
        _ms(fields.get("HoldTime", "")),
        _ms(fields.get("TalkTime", "")),
        _REASON.get(fields.get("Reason", "").lower(), "unknown"),
    )


def _dialled(at: int, fields: Fields) -> ev.Event | None:
    uniqueid, channel = fields.get("Uniqueid", ""), fields.get("Channel", "")
    if not uniqueid or channel.startswith("Local/"):
        # A Local channel rings the phone behind it on behalf of somebody else.
        return None
    return ev.OutboundDialled(
        at,
        uniqueid,
        interface_of_channel(channel),
        fields.get("Callee", ""),
        fields.get("CalleeHash", ""),
    )


def _dial_ended(at: int, fields: Fields) -> ev.Event | None:
    uniqueid, dialled = fields.get("Uniqueid", ""), fields.get("DestUniqueid", "")
    status = fields.get("DialStatus", "")
    if uniqueid and status == "ANSWER":
        return ev.DialAnswered(at, uniqueid, fields.get("Linkedid", ""), dialled)
    if uniqueid and status == "CANCEL":
        return ev.DialCancelled(at, uniqueid, dialled)
    return None


def _hold(at: int, fields: Fields) -> ev.Event:
    # Asterisk 11 told both with one event and a Status of On or Off.
    return ev.HoldChanged(at, fields.get("Uniqueid", ""), fields.get("Status", "") != "Off")


def _unhold(at: int, fields: Fields) -> ev.Event:
    return ev.HoldChanged(at, fields.get("Uniqueid", ""), is_on_hold=False)


def _blind_transfer(at: int, fields: Fields) -> ev.Event | None:
    if fields.get("Result", "") not in ("Success", ""):
        return None
    return ev.Transferred(
        at,
        is_attended=False,
        transferers=(fields.get("TransfererUniqueid", ""),),
        transferee=fields.get("TransfereeUniqueid", ""),
    )


def _attended_transfer(at: int, fields: Fields) -> ev.Event | None:
    if fields.get("Result", "") not in ("Success", "") or fields.get("DestType", "") == "Threeway":
        # Of three the agent stays one.
        return None
    transferers = (
        fields.get("OrigTransfererUniqueid", ""),
        fields.get("SecondTransfererUniqueid", ""),
    )
    return ev.Transferred(
        at,
        is_attended=True,
        transferers=transferers,
        transferee=fields.get("TransfereeUniqueid", ""),
    )


# --- Agents --------------------------------------------------------------------------------------


def _member(at: int, fields: Fields, *, is_listed: bool) -> ev.Event | None:
    interface = fields.get("Interface", "") or fields.get("Location", "")
    name = fields.get("MemberName", "") or fields.get("Name", "")
    queue = fields.get("Queue", "")
    if not interface or not queue:
        return None
    is_paused = _is_true(fields.get("Paused", ""))
    reason = fields.get("PausedReason", "") or fields.get("Reason", "")
    return ev.MemberSeen(
        at,
        queue,
        interface_of(interface),
        name,
        _DEVICE_STATE.get(fields.get("Status", ""), "idle"),
        _is_true(fields.get("InCall", "")),
        is_paused,
        reason if is_paused else "",
        _epoch_ms(fields.get("LastPause", "")),
        _epoch_ms(fields.get("LoginTime", "")),
        _epoch_ms(fields.get("LastCall", "")),
        _number(fields.get("Penalty", "")),
        _ms(fields.get("Wrapuptime", "")),
        is_listed,
    )


def _member_changed(at: int, fields: Fields) -> ev.Event | None:
    return _member(at, fields, is_listed=False)


def _member_listed(at: int, fields: Fields) -> ev.Event | None:
    return _member(at, fields, is_listed=True)


def _member_removed(at: int, fields: Fields) -> ev.Event:
    return ev.MemberRemoved(at, fields.get("Queue", ""), *_agent(fields))


# --- Lists ---------------------------------------------------------------------------------------


def _list_began(at: int, fields: Fields) -> ev.Event | None:
    name = _LISTS.get(fields.get("list", ""))
    return None if name is None else ev.ListBegan(at, name)


def _list_ended(at: int, fields: Fields) -> ev.Event | None:
    name = _LISTS.get(fields.get("list", ""))
    return None if name is None else ev.ListEnded(at, name, fields.get("complete", "") == "yes")


def _queue_listed(at: int, fields: Fields) -> ev.Event:
    return ev.QueueListed(at, fields.get("Queue", ""))


def _queue_configured(at: int, fields: Fields) -> ev.Event | None:
    if "wrapuptime" not in fields:
        return None
    return ev.QueueConfigured(at, fields.get("queue", ""), _ms(fields.get("wrapuptime", "")))


def _entry_listed(at: int, fields: Fields) -> ev.Event | None:
    queue, uniqueid = fields.get("Queue", ""), fields.get("Uniqueid", "")
    if not queue or not uniqueid:
        return None
    wait = fields.get("Wait", "")
    number = fields.get("CallerIDNum", "")
    return ev.EntryListed(
        at,
        queue,
        uniqueid,
        _number(fields.get("Position", "")),
        _ms(wait) if wait.isdecimal() else None,
        "" if number in _ANONYMOUS or number == "unknown" else number,
        fields.get("CallerHash", ""),
    )


def _channel_listed(at: int, fields: Fields) -> ev.Event:
    hours, minutes, seconds = ("0:0:0:" + fields.get("Duration", "")).split(":")[-3:]
    queue = ""
    if fields.get("Application", "") == "Queue":
        queue = fields.get("ApplicationData", "").split(",", 1)[0]
    number = fields.get("CallerIDNum", "")
    return ev.ChannelListed(
        at,
        fields.get("Uniqueid", ""),
        fields.get("Linkedid", ""),
        interface_of_channel(fields.get("Channel", "")),
        queue,
        fields.get("BridgeId", ""),
        min((_number(hours) * 60 + _number(minutes)) * 60_000 + _ms(seconds), MAX_DURATION_MS),
        "" if number in _ANONYMOUS else number,
        fields.get("CallerHash", ""),
    )


# --- queue_log -----------------------------------------------------------------------------------


def _log_entered(at: int, fields: Fields) -> ev.Event:
    return ev.LogEntered(
        at,
        fields.get("queue", ""),
        fields.get("callid", ""),
        _number(fields.get("data3", "")),
        fields.get("data2", ""),
        fields.get("CallerHash", ""),
    )


def _log_connected(at: int, fields: Fields) -> ev.Event:
    return ev.LogAnswered(
        at,
        fields.get("queue", ""),
        fields.get("callid", ""),
        fields.get("agent", ""),
        fields.get("data2", ""),
        _ms(fields.get("data1", "")),
    )


def _log_completed(ended_by: EndedBy) -> Callable[[int, Fields], ev.Event]:
    def read(at: int, fields: Fields) -> ev.Event:
        # COMPLETECALLER and COMPLETEAGENT: wait, talk, position.
        return _log_end(at, fields, "answered", ended_by, wait="data1", talk="data2")

    return read


def _log_blind_transfer(at: int, fields: Fields) -> ev.Event:
    # BLINDTRANSFER, in Asterisk 11 TRANSFER: extension, context, wait, talk, position.
    return _log_end(
        at, fields, "answered", "transfer", wait="data3", talk="data4", transfer="blind"
    )


def _log_attended_transfer(at: int, fields: Fields) -> ev.Event:
    # ATTENDEDTRANSFER: BRIDGE and the bridge, APP and its name, or LINK and both channels; then
    # wait, talk, position.
    is_link = fields.get("data1", "") == "LINK"
    wait, talk = ("data4", "data5") if is_link else ("data3", "data4")
    return _log_end(at, fields, "answered", "transfer", wait=wait, talk=talk, transfer="attended")


def _log_unanswered(outcome: Outcome, wait: str) -> Callable[[int, Fields], ev.Event]:
    def read(at: int, fields: Fields) -> ev.Event:
        return _log_end(at, fields, outcome, "", wait=wait)

    return read


def _log_end(
    at: int,
    fields: Fields,
    outcome: Outcome,
    ended_by: EndedBy,
    *,
    wait: str,
    talk: str = "",
    transfer: Transfer = "none",
) -> ev.Event:
    waited, talked = fields.get(wait, ""), fields.get(talk, "")
    return ev.LogEnded(
        at,
        fields.get("queue", ""),
        fields.get("callid", ""),
        fields.get("agent", ""),
        outcome,
        _ms(waited) if waited.isdecimal() else None,
        _ms(talked) if talked.isdecimal() else None,
        ended_by,
        transfer,
    )


# --- The collector -------------------------------------------------------------------------------


def _started(at: int, _fields: Fields) -> ev.Event:
    return ev.CollectorStarted(at)


def _connected(at: int, fields: Fields) -> ev.Event:
    return ev.AmiConnected(at, fields.get("asterisk", ""))


def _lost(at: int, _fields: Fields) -> ev.Event:
    return ev.AmiLost(at)


def _heartbeat(at: int, fields: Fields) -> ev.Event:
    return ev.Heartbeat(
        at,
        _number(fields.get("spool_events", "")),
        _number(fields.get("spool_bytes", "")),
        _number(fields.get("reconnects", "")),
    )


def _is_gap(event: PublishedEvent) -> bool:
    return event.kind == "collector" and event.name == "gap"


def _dropped(event: PublishedEvent, at: int) -> ev.Event:
    fields = _single(event)
    return ev.EventsDropped(
        at,
        first_named(event),
        event.sequence,
        _moment(fields, "from_at", at),
        _moment(fields, "to_at", at),
        fields.get("reason", "") or "dropped",
    )


def _moment(fields: Fields, name: str, otherwise: int) -> int:
    """An RFC 3339 time as milliseconds since the epoch, no later than `otherwise`."""
    try:
        moment = datetime.fromisoformat(fields.get(name, ""))
    except ValueError:
        return otherwise
    if moment.tzinfo is None:
        return otherwise
    return min(max(round(moment.timestamp() * 1000), 1), otherwise)


_READERS: dict[tuple[str, str], Callable[[int, Fields], ev.Event | None]] = {
    ("ami", "QueueCallerJoin"): _joined,
    ("ami", "Join"): _joined,
    ("ami", "QueueCallerAbandon"): _gave_up,
    ("ami", "QueueCallerLeave"): _left,
    ("ami", "Leave"): _left,
    ("ami", "VarSet"): _variable,
    ("ami", "HangupRequest"): _hangup_requested,
    ("ami", "SoftHangupRequest"): _hangup_requested,
    ("ami", "Hangup"): _hung_up,
    ("ami", "AgentCalled"): _offered,
    ("ami", "AgentRingNoAnswer"): _missed,
    ("ami", "AgentConnect"): _answered,
    ("ami", "AgentComplete"): _finished,
    ("ami", "DialBegin"): _dialled,
    ("ami", "DialEnd"): _dial_ended,
    ("ami", "Hold"): _hold,
    ("ami", "Unhold"): _unhold,
    ("ami", "BlindTransfer"): _blind_transfer,
    ("ami", "AttendedTransfer"): _attended_transfer,
    ("ami", "QueueMemberStatus"): _member_changed,
    ("ami", "QueueMemberAdded"): _member_changed,
    ("ami", "QueueMemberPause"): _member_changed,
    ("ami", "QueueMemberPaused"): _member_changed,
    ("ami", "QueueMemberPenalty"): _member_changed,
    ("ami", "QueueMemberRinginuse"): _member_changed,
    ("ami", "QueueMemberRemoved"): _member_removed,
    ("snapshot", "begin"): _list_began,
    ("snapshot", "QueueParams"): _queue_listed,
    ("snapshot", "QueueMember"): _member_listed,
    ("snapshot", "QueueEntry"): _entry_listed,
    ("snapshot", "CoreShowChannel"): _channel_listed,
    ("snapshot", "QueueConfig"): _queue_configured,
    ("snapshot", "end"): _list_ended,
    ("queue_log", "ENTERQUEUE"): _log_entered,
    ("queue_log", "CONNECT"): _log_connected,
    ("queue_log", "COMPLETECALLER"): _log_completed("caller"),
    ("queue_log", "COMPLETEAGENT"): _log_completed("agent"),
    ("queue_log", "BLINDTRANSFER"): _log_blind_transfer,
    ("queue_log", "TRANSFER"): _log_blind_transfer,
    ("queue_log", "ATTENDEDTRANSFER"): _log_attended_transfer,
    ("queue_log", "ABANDON"): _log_unanswered("abandoned", "data3"),
    ("queue_log", "EXITWITHTIMEOUT"): _log_unanswered("timed_out", "data3"),
    ("queue_log", "EXITEMPTY"): _log_unanswered("left_empty", "data3"),
    ("queue_log", "EXITWITHKEY"): _log_unanswered("exited_by_key", "data4"),
    ("queue_log", "WITHDRAW"): _log_unanswered("withdrawn", "data3"),
    ("collector", "started"): _started,
    ("collector", "ami_connected"): _connected,
    ("collector", "ami_lost"): _lost,
    ("collector", "heartbeat"): _heartbeat,
}
