"""What Asterisk's events say of callers, and of agents with them.

Read as Asterisk means them (`app_queue.c`; docs/events.md).
"""

from streams.domain import events as ev
from streams.domain.facts import EndedBy, Outcome
from streams.interpreter.texts import (
    Fields,
    Reader,
    agent_of,
    caller_of,
    interface_of_channel,
    ms,
    number,
)

_STATUS_OUTCOME: dict[str, Outcome] = {
    "TIMEOUT": "timed_out",
    "LEAVEEMPTY": "left_empty",
    "LEAVEUNAVAIL": "left_empty",
    "WITHDRAW": "withdrawn",
}
_REASON: dict[str, EndedBy] = {"caller": "caller", "agent": "agent", "transfer": "transfer"}


def _joined(at: int, fields: Fields) -> ev.Event | None:
    queue, uniqueid = fields.get("Queue", ""), fields.get("Uniqueid", "")
    if not queue or not uniqueid:
        return None
    return ev.CallerJoined(
        at,
        queue,
        uniqueid,
        fields.get("Linkedid", ""),
        number(fields.get("Position", "")),
        *caller_of(fields),
        not fields.get("Channel", "").startswith("Local/"),
    )


def _gave_up(at: int, fields: Fields) -> ev.Event:
    return ev.CallerGaveUp(
        at, fields.get("Queue", ""), fields.get("Uniqueid", ""), ms(fields.get("HoldTime", ""))
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


def _offered(at: int, fields: Fields) -> ev.Event:
    return ev.AgentOffered(
        at,
        fields.get("Queue", ""),
        fields.get("Uniqueid", ""),
        *agent_of(fields),
        fields.get("DestUniqueid", ""),
    )


def _missed(at: int, fields: Fields) -> ev.Event:
    return ev.OfferMissed(
        at, fields.get("Queue", ""), fields.get("Uniqueid", ""), *agent_of(fields)
    )


def _answered(at: int, fields: Fields) -> ev.Event:
    caller, caller_hash = caller_of(fields)
    agent, name = agent_of(fields)
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
        ms(fields.get("HoldTime", "") or fields.get("Holdtime", "")),
    )


def _finished(at: int, fields: Fields) -> ev.Event:
    return ev.AgentFinished(
        at,
        fields.get("Queue", ""),
        fields.get("Uniqueid", ""),
        *agent_of(fields),
        ms(fields.get("HoldTime", "")),
        ms(fields.get("TalkTime", "")),
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


READERS: dict[str, Reader] = {
    "QueueCallerJoin": _joined,
    "Join": _joined,
    "QueueCallerAbandon": _gave_up,
    "QueueCallerLeave": _left,
    "Leave": _left,
    "VarSet": _variable,
    "HangupRequest": _hangup_requested,
    "SoftHangupRequest": _hangup_requested,
    "Hangup": _hung_up,
    "AgentCalled": _offered,
    "AgentRingNoAnswer": _missed,
    "AgentConnect": _answered,
    "AgentComplete": _finished,
    "DialBegin": _dialled,
    "DialEnd": _dial_ended,
    "Hold": _hold,
    "Unhold": _unhold,
    "BlindTransfer": _blind_transfer,
    "AttendedTransfer": _attended_transfer,
}
"""By the name of the event."""
