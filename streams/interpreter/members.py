"""What Asterisk says of agents in queues, in its events and in its lists."""

from streams.domain import events as ev
from streams.interpreter.texts import (
    TRUE,
    Fields,
    Reader,
    agent_of,
    epoch_ms,
    interface_of,
    ms,
    number,
)

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


def _member(at: int, fields: Fields, *, is_listed: bool = False) -> ev.Event | None:
    get = fields.get
    interface = get("Interface") or get("Location")
    queue = get("Queue")
    if not interface or not queue:
        return None
    is_paused = get("Paused") in TRUE
    return ev.MemberSeen(
        at,
        queue,
        interface_of(interface),
        get("MemberName") or get("Name", ""),
        _DEVICE_STATE.get(get("Status", ""), "idle"),
        get("InCall") in TRUE,
        is_paused,
        (get("PausedReason") or get("Reason", "")) if is_paused else "",
        epoch_ms(get("LastPause", "")),
        epoch_ms(get("LoginTime", "")),
        epoch_ms(get("LastCall", "")),
        number(get("Penalty", "")),
        ms(get("Wrapuptime", "")),
        is_listed,
    )


def member_listed(at: int, fields: Fields) -> ev.Event | None:
    """The member of an item QueueMember, which names some of the headers differently."""
    return _member(at, fields, is_listed=True)


def _member_removed(at: int, fields: Fields) -> ev.Event:
    return ev.MemberRemoved(at, fields.get("Queue", ""), *agent_of(fields))


READERS: dict[str, Reader] = {
    "QueueMemberStatus": _member,
    "QueueMemberAdded": _member,
    "QueueMemberPause": _member,
    "QueueMemberPaused": _member,
    "QueueMemberPenalty": _member,
    "QueueMemberRinginuse": _member,
    "QueueMemberRemoved": _member_removed,
}
"""By the name of the event."""
