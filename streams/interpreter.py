"""What Asterisk said → what happened: the only place that knows Asterisk's names.

One published event gives at most one domain event. Fields are read as Asterisk means them
(`app_queue.c`; docs/events.md): of a repeated header the last value holds in events and the first
in list items, since text injected by a caller stands before the true line in the one and after it
in the other.
"""

from collections.abc import Callable
from datetime import datetime

from ingest_api.contract.published import FieldValue, PublishedEvent
from streams.domain import events as ev
from streams.domain.facts import EndedBy, Outcome

Fields = dict[str, FieldValue]

_STATUS_OUTCOME: dict[str, Outcome] = {
    "TIMEOUT": "timed_out",
    "LEAVEEMPTY": "left_empty",
    "LEAVEUNAVAIL": "left_empty",
    "WITHDRAW": "withdrawn",
}
_REASON: dict[str, EndedBy] = {"caller": "caller", "agent": "agent", "transfer": "transfer"}
_ANONYMOUS = frozenset(("", "<unknown>", "<null>"))


def interpret(event: PublishedEvent, at: int) -> ev.Event:
    """The domain event of a published one that happened at `at`.

    What has no meaning for us, or lacks what it needs to have one, only tells the time.
    """
    reader = _READERS.get((event.kind, event.name))
    if reader is None:
        return _dropped(event, at) if _is_gap(event) else ev.TimePassed(at)
    return reader(at, event.fields) or ev.TimePassed(at)


def first_named(event: PublishedEvent) -> int:
    """The first sequence an event stands for: its own, or that of the first one a gap names."""
    if not _is_gap(event):
        return event.sequence
    named = _text(event.fields, "from")
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


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name, "")
    return value if isinstance(value, str) else value[-1]


def _first(fields: Fields, name: str) -> str:
    value = fields.get(name, "")
    return value if isinstance(value, str) else value[0]


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0


def _ms(text: str) -> int:
    """Whole seconds as milliseconds."""
    return _number(text) * 1000


def _is_true(text: str) -> bool:
    return text in ("1", "yes", "Yes", "true", "True")


def _caller(fields: Fields) -> tuple[str, str]:
    number = _text(fields, "CallerIDNum")
    return "" if number in _ANONYMOUS else number, _text(fields, "CallerHash")


# --- Callers in queues ---------------------------------------------------------------------------


def _joined(at: int, fields: Fields) -> ev.Event | None:
    queue, uniqueid = _text(fields, "Queue"), _text(fields, "Uniqueid")
    if not queue or not uniqueid:
        return None
    return ev.CallerJoined(
        at,
        queue,
        uniqueid,
        _text(fields, "Linkedid"),
        _number(_text(fields, "Position")),
        *_caller(fields),
    )


def _gave_up(at: int, fields: Fields) -> ev.Event:
    return ev.CallerGaveUp(
        at, _text(fields, "Queue"), _text(fields, "Uniqueid"), _ms(_text(fields, "HoldTime"))
    )


def _left(at: int, fields: Fields) -> ev.Event:
    return ev.CallerLeft(at, _text(fields, "Queue"), _text(fields, "Uniqueid"))


def _variable(at: int, fields: Fields) -> ev.Event | None:
    name, value = _text(fields, "Variable"), _text(fields, "Value")
    if name == "ABANDONED" and value == "TRUE":
        return ev.GiveUpMarked(at, _text(fields, "Uniqueid"))
    if name == "QUEUESTATUS" and value in _STATUS_OUTCOME:
        return ev.EndingTold(at, _text(fields, "Uniqueid"), _STATUS_OUTCOME[value])
    return None


def _hangup_requested(at: int, fields: Fields) -> ev.Event:
    return ev.HangupRequested(at, _text(fields, "Uniqueid"))


def _hung_up(at: int, fields: Fields) -> ev.Event:
    return ev.ChannelHungUp(at, _text(fields, "Uniqueid"))


# --- Agents and callers together -----------------------------------------------------------------


def _agent(fields: Fields) -> tuple[str, str]:
    """Interface and label; in Asterisk 11 and older Member or AgentCalled, and AgentName."""
    interface = _text(fields, "Interface") or _text(fields, "Location")
    interface = interface or _text(fields, "Member") or _text(fields, "AgentCalled")
    name = _text(fields, "MemberName") or _text(fields, "Name") or _text(fields, "AgentName")
    return interface_of(interface), name


def _offered(at: int, fields: Fields) -> ev.Event:
    return ev.AgentOffered(
        at,
        _text(fields, "Queue"),
        _text(fields, "Uniqueid"),
        *_agent(fields),
        _text(fields, "DestUniqueid"),
    )


def _missed(at: int, fields: Fields) -> ev.Event:
    return ev.OfferMissed(at, _text(fields, "Queue"), _text(fields, "Uniqueid"), *_agent(fields))


def _answered(at: int, fields: Fields) -> ev.Event:
    caller, caller_hash = _caller(fields)
    agent, name = _agent(fields)
    leg = _text(fields, "DestChannel")
    return ev.AgentAnswered(
        at,
        _text(fields, "Queue"),
        _text(fields, "Uniqueid"),
        _text(fields, "Linkedid"),
        caller,
        caller_hash,
        agent,
        name,
        _text(fields, "DestUniqueid"),
        # A Local channel is optimised away soon after the answer; its end says nothing.
        bool(leg) and not leg.startswith("Local/"),
        _ms(_text(fields, "HoldTime") or _text(fields, "Holdtime")),
    )


def _finished(at: int, fields: Fields) -> ev.Event:
    return ev.AgentFinished(
        at,
        _text(fields, "Queue"),
        _text(fields, "Uniqueid"),
        *_agent(fields),
        _ms(_text(fields, "HoldTime")),
        _ms(_text(fields, "TalkTime")),
        _REASON.get(_text(fields, "Reason").lower(), "unknown"),
    )


def _dialled(at: int, fields: Fields) -> ev.Event | None:
    uniqueid = _text(fields, "Uniqueid")
    if not uniqueid:
        return None
    return ev.OutboundDialled(
        at,
        uniqueid,
        interface_of_channel(_text(fields, "Channel")),
        _text(fields, "Callee"),
        _text(fields, "CalleeHash"),
    )


def _dial_ended(at: int, fields: Fields) -> ev.Event | None:
    uniqueid, dialled = _text(fields, "Uniqueid"), _text(fields, "DestUniqueid")
    status = _text(fields, "DialStatus")
    if uniqueid and status == "ANSWER":
        return ev.DialAnswered(at, uniqueid, dialled)
    if uniqueid and status == "CANCEL":
        return ev.DialCancelled(at, uniqueid, dialled)
    return None


def _hold(at: int, fields: Fields) -> ev.Event:
    # Asterisk 11 told both with one event and a Status of On or Off.
    return ev.HoldChanged(at, _text(fields, "Uniqueid"), _text(fields, "Status") != "Off")


def _unhold(at: int, fields: Fields) -> ev.Event:
    return ev.HoldChanged(at, _text(fields, "Uniqueid"), is_on_hold=False)


def _blind_transfer(at: int, fields: Fields) -> ev.Event | None:
    if _text(fields, "Result") not in ("Success", ""):
        return None
    return ev.Transferred(
        at,
        is_attended=False,
        transferers=(_text(fields, "TransfererUniqueid"),),
        transferee=_text(fields, "TransfereeUniqueid"),
    )


def _attended_transfer(at: int, fields: Fields) -> ev.Event | None:
    if _text(fields, "Result") not in ("Success", ""):
        return None
    transferers = (
        _text(fields, "OrigTransfererUniqueid"),
        _text(fields, "SecondTransfererUniqueid"),
    )
    return ev.Transferred(
        at,
        is_attended=True,
        transferers=transferers,
        transferee=_text(fields, "TransfereeUniqueid"),
    )


# --- Agents --------------------------------------------------------------------------------------


def _member(
    at: int, fields: Fields, text: Callable[[Fields, str], str], *, is_listed: bool
) -> ev.Event | None:
    interface = text(fields, "Interface") or text(fields, "Location")
    name = text(fields, "MemberName") or text(fields, "Name")
    queue = text(fields, "Queue")
    if not interface or not queue:
        return None
    is_paused = _is_true(text(fields, "Paused"))
    reason = text(fields, "PausedReason") or text(fields, "Reason")
    return ev.MemberSeen(
        at,
        queue,
        interface_of(interface),
        name,
        _number(text(fields, "Status")),
        _is_true(text(fields, "InCall")),
        is_paused,
        reason if is_paused else "",
        _ms(text(fields, "LastPause")),
        _ms(text(fields, "LoginTime")),
        _ms(text(fields, "LastCall")),
        _number(text(fields, "Penalty")),
        _ms(text(fields, "Wrapuptime")),
        is_listed,
    )


def _member_changed(at: int, fields: Fields) -> ev.Event | None:
    return _member(at, fields, _text, is_listed=False)


def _member_listed(at: int, fields: Fields) -> ev.Event | None:
    return _member(at, fields, _first, is_listed=True)


def _member_removed(at: int, fields: Fields) -> ev.Event:
    return ev.MemberRemoved(at, _text(fields, "Queue"), *_agent(fields))


# --- Lists ---------------------------------------------------------------------------------------


def _list_began(at: int, fields: Fields) -> ev.Event:
    return ev.ListBegan(at, _text(fields, "list"))


def _list_ended(at: int, fields: Fields) -> ev.Event:
    return ev.ListEnded(at, _text(fields, "list"), _text(fields, "complete") == "yes")


def _queue_listed(at: int, fields: Fields) -> ev.Event:
    return ev.QueueListed(at, _first(fields, "Queue"))


def _queue_configured(at: int, fields: Fields) -> ev.Event | None:
    if "wrapuptime" not in fields:
        return None
    return ev.QueueConfigured(at, _first(fields, "queue"), _ms(_first(fields, "wrapuptime")))


def _entry_listed(at: int, fields: Fields) -> ev.Event | None:
    queue, uniqueid = _first(fields, "Queue"), _first(fields, "Uniqueid")
    if not queue or not uniqueid:
        return None
    wait = _first(fields, "Wait")
    number = _first(fields, "CallerIDNum")
    return ev.EntryListed(
        at,
        queue,
        uniqueid,
        _number(_first(fields, "Position")),
        _ms(wait) if wait.isdecimal() else None,
        "" if number in _ANONYMOUS or number == "unknown" else number,
        _first(fields, "CallerHash"),
    )


def _channel_listed(at: int, fields: Fields) -> ev.Event:
    hours, minutes, seconds = ("0:0:0:" + _first(fields, "Duration")).split(":")[-3:]
    queue = ""
    if _first(fields, "Application") == "Queue":
        queue = _first(fields, "ApplicationData").split(",", 1)[0]
    number = _first(fields, "CallerIDNum")
    return ev.ChannelListed(
        at,
        _first(fields, "Uniqueid"),
        _first(fields, "Linkedid"),
        interface_of_channel(_first(fields, "Channel")),
        queue,
        _first(fields, "BridgeId"),
        (_number(hours) * 60 + _number(minutes)) * 60_000 + _ms(seconds),
        "" if number in _ANONYMOUS else number,
        _first(fields, "CallerHash"),
    )


# --- queue_log -----------------------------------------------------------------------------------


def _log_entered(at: int, fields: Fields) -> ev.Event:
    return ev.LogEntered(
        at,
        _text(fields, "queue"),
        _text(fields, "callid"),
        _number(_text(fields, "data3")),
        _text(fields, "data2"),
        _text(fields, "CallerHash"),
    )


def _log_connected(at: int, fields: Fields) -> ev.Event:
    return ev.LogAnswered(
        at,
        _text(fields, "queue"),
        _text(fields, "callid"),
        _text(fields, "agent"),
        _text(fields, "data2"),
        _ms(_text(fields, "data1")),
    )


def _log_completed(ended_by: EndedBy) -> Callable[[int, Fields], ev.Event]:
    def read(at: int, fields: Fields) -> ev.Event:
        # COMPLETECALLER and COMPLETEAGENT: wait, talk, position.
        return _log_end(at, fields, "answered", ended_by, wait="data1", talk="data2")

    return read


def _log_blind_transfer(at: int, fields: Fields) -> ev.Event:
    # BLINDTRANSFER: extension, context, wait, talk, position.
    return _log_end(at, fields, "answered", "transfer", wait="data3", talk="data4")


def _log_unanswered(outcome: Outcome, wait: str) -> Callable[[int, Fields], ev.Event]:
    def read(at: int, fields: Fields) -> ev.Event:
        return _log_end(at, fields, outcome, "", wait=wait)

    return read


def _log_end(
    at: int, fields: Fields, outcome: Outcome, ended_by: EndedBy, *, wait: str, talk: str = ""
) -> ev.Event:
    waited, talked = _text(fields, wait), _text(fields, talk)
    return ev.LogEnded(
        at,
        _text(fields, "queue"),
        _text(fields, "callid"),
        outcome,
        _ms(waited) if waited.isdecimal() else None,
        _ms(talked) if talked.isdecimal() else None,
        ended_by,
    )


# --- The collector -------------------------------------------------------------------------------


def _started(at: int, _fields: Fields) -> ev.Event:
    return ev.CollectorStarted(at)


def _connected(at: int, fields: Fields) -> ev.Event:
    return ev.AmiConnected(at, _text(fields, "asterisk"))


def _lost(at: int, _fields: Fields) -> ev.Event:
    return ev.AmiLost(at)


def _heartbeat(at: int, fields: Fields) -> ev.Event:
    return ev.Heartbeat(
        at,
        _number(_text(fields, "spool_events")),
        _number(_text(fields, "spool_bytes")),
        _number(_text(fields, "reconnects")),
    )


def _is_gap(event: PublishedEvent) -> bool:
    return event.kind == "collector" and event.name == "gap"


def _dropped(event: PublishedEvent, at: int) -> ev.Event:
    return ev.EventsDropped(
        at,
        first_named(event),
        event.sequence,
        _moment(event.fields, "from_at", at),
        _moment(event.fields, "to_at", at),
        _text(event.fields, "reason") or "dropped",
    )


def _moment(fields: Fields, name: str, otherwise: int) -> int:
    """An RFC 3339 time as milliseconds since the epoch."""
    try:
        moment = datetime.fromisoformat(_text(fields, name))
    except ValueError:
        return otherwise
    return round(moment.timestamp() * 1000) if moment.tzinfo else otherwise


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
    ("queue_log", "ATTENDEDTRANSFER"): _log_blind_transfer,
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
