"""Which manager events leave the building, and which of their fields. Gives no meaning to them.

Two tables say it all: `BROADCASTS`, with the class that Asterisk sends each event under, and
`LIST_ITEMS`, the items of list answers. What is in neither stays on the PBX.

Text safety. Names and numbers of callers are text from outside, and Asterisk writes some of them
raw into the stream; one with line breaks in it adds header lines to a packet, or forges a packet.
Hence:
- The first line alone names an event.
- A broadcast counts only with `Privilege` as its second line and the class that Asterisk gives that
  event: text injected by the dialplan comes within packets of the class `dialplan`.
- A list item counts only with the `ActionID` of a list that is open, and a QueueEntry only with its
  `Channel` as well. A QueueEntry without ActionID was cut by a line break in a name: up to the cut
  it is true, and what follows up to an ActionID is forged.
- A repeated header keeps all its values in order. Which one is true depends on the packet: the last
  in broadcasts, the first in list items. That is for the server to know.
"""

from typing import Dict, FrozenSet, List, NamedTuple, Sequence, Tuple

from agent.ami.framing import Packet
from agent.event import Fields

Headers = Sequence[Tuple[str, str]]

_CALL = ("Channel", "Uniqueid", "Linkedid")
_CALLER = (*_CALL, "CallerIDNum", "Context", "Exten")
_DESTINATION = ("DestChannel", "DestUniqueid", "DestLinkedid")
# Member, AgentCalled and AgentName: the agent's interface and name in Asterisk 11 and older.
_OFFER = (
    *_CALLER,
    *_DESTINATION,
    "Queue",
    "Interface",
    "MemberName",
    "Member",
    "AgentCalled",
    "AgentName",
)
_MEMBER = (
    "Queue",
    "MemberName",
    "Name",
    "Interface",
    "Location",
    "StateInterface",
    "Membership",
    "Penalty",
    "CallsTaken",
    "LastCall",
    "LastPause",
    "LoginTime",
    "InCall",
    "Status",
    "Paused",
    "PausedReason",
    "Reason",
    "Ringinuse",
    "Wrapuptime",
)


def _party(role: str) -> Tuple[str, ...]:
    return (role + "Channel", role + "Uniqueid", role + "Linkedid")


class Broadcast(NamedTuple):
    """A row of `BROADCASTS`: the class (`Privilege`) that must be named, and the fields kept."""

    privilege: str
    fields: FrozenSet[str]


_BROADCASTS: Dict[str, Tuple[str, Tuple[str, ...]]] = {
    "QueueCallerJoin": ("agent", (*_CALLER, "Queue", "Position", "Count")),
    "QueueCallerLeave": ("agent", (*_CALLER, "Queue", "Position", "Count")),
    "QueueCallerAbandon": (
        "agent",
        (*_CALLER, "Queue", "Position", "OriginalPosition", "HoldTime"),
    ),
    "AgentCalled": ("agent", _OFFER),
    "AgentConnect": ("agent", (*_OFFER, "HoldTime", "Holdtime", "RingTime", "Ringtime")),
    "AgentComplete": ("agent", (*_OFFER, "HoldTime", "TalkTime", "Reason")),
    "AgentRingNoAnswer": ("agent", (*_OFFER, "RingTime", "Ringtime")),
    "AgentDump": ("agent", _OFFER),
    "QueueMemberStatus": ("agent", _MEMBER),
    "QueueMemberAdded": ("agent", _MEMBER),
    "QueueMemberRemoved": ("agent", _MEMBER),
    "QueueMemberPause": ("agent", _MEMBER),
    "QueueMemberPenalty": ("agent", _MEMBER),
    "QueueMemberRinginuse": ("agent", _MEMBER),
    "Hangup": ("call", (*_CALL, "Cause")),
    "HangupRequest": ("call", (*_CALL, "Cause")),
    "SoftHangupRequest": ("call", (*_CALL, "Cause")),
    "Hold": ("call", (*_CALL, "Status")),
    "Unhold": ("call", (*_CALL, "Status")),
    "Rename": ("call", ("Channel", "Newname", "Uniqueid")),
    "BlindTransfer": (
        "call",
        (
            *("Result", "Extension", "Context", "IsExternal"),
            *_party("Transferer"),
            *_party("Transferee"),
        ),
    ),
    "AttendedTransfer": (
        "call",
        (
            *("Result", "IsExternal", "DestType"),
            *_party("OrigTransferer"),
            *_party("SecondTransferer"),
            *_party("Transferee"),
            *_party("TransferTarget"),
        ),
    ),
    "DialBegin": ("call", (*_CALLER, *_DESTINATION, "DialString")),
    "DialEnd": ("call", (*_CALL, *_DESTINATION, "DialStatus")),
    "VarSet": ("dialplan", (*_CALL, "Variable", "Value")),
    "FullyBooted": ("system", ("Status", "Uptime", "LastReload")),
    "Shutdown": ("system", ("Shutdown", "Restart")),
    "Reload": ("system", ("Module", "Status")),
    # Asterisk 11 and older.
    "Join": ("call", (*_CALLER, "Queue", "Position", "Count")),
    "Leave": ("call", (*_CALLER, "Queue", "Position", "Count")),
    "QueueMemberPaused": ("agent", _MEMBER),
}

# The only channel variables that are read: how a caller's visit to a queue ended.
VARIABLES = frozenset(("QUEUESTATUS", "ABANDONED"))

_LIST_ITEMS: Dict[str, Tuple[str, ...]] = {
    "QueueParams": (
        "Queue",
        "Max",
        "Strategy",
        "Calls",
        "Holdtime",
        "TalkTime",
        "Completed",
        "Abandoned",
        "ServiceLevel",
        "ServicelevelPerf",
        "ServicelevelPerf2",
        "Weight",
    ),
    "QueueMember": _MEMBER,
    "QueueEntry": (
        "Queue",
        "Position",
        "Channel",
        "Uniqueid",
        "CallerIDNum",
        "Wait",
        "Priority",
    ),
    "CoreShowChannel": (*_CALLER, "Application", "ApplicationData", "Duration", "BridgeId"),
}


# Sets, since every header of every packet is looked up.
BROADCASTS = {name: Broadcast(row[0], frozenset(row[1])) for name, row in _BROADCASTS.items()}
LIST_ITEMS = {name: frozenset(fields) for name, fields in _LIST_ITEMS.items()}


def is_broadcast(packet: Packet) -> bool:
    """Whether Asterisk itself sent this packet as an event of the class that `BROADCASTS` names.

    False for forged ones and for list items. The event must be a key of `BROADCASTS`.
    """
    if len(packet.headers) < 2:  # noqa: PLR2004
        return False
    name, classes = packet.headers[1]
    required = BROADCASTS[packet.first[1]].privilege
    return name == "Privilege" and required in classes.split(",")


def is_cut_broadcast(packet: Packet) -> bool:
    """Whether a line break in the caller's number has cut the packet before its own Uniqueid.

    What follows up to a `Linkedid` is then injected text with the true packet's tail.
    """
    return bool(packet.values("CallerIDNum")) and not packet.values("Uniqueid")


def is_list_item(packet: Packet) -> bool:
    """Whether a packet of `LIST_ITEMS` has what makes it one, apart from the right ActionID."""
    name = packet.first[1]
    return name != "QueueEntry" or bool(packet.get("Channel"))


def is_list_end(packet: Packet, is_counted: bool) -> bool:
    """Whether a packet that ends a list has the headers of one, and none of an item's tail."""
    names = [name for name, _ in packet.headers]
    counted = ["ActionID", "EventList", "ListItems"] if is_counted else ["ActionID"]
    return names == ["Event", *counted]


def broadcast_fields(packet: Packet) -> Fields:
    """The fields kept of a broadcast; empty if it is a variable that nobody asks for.

    The event must be a key of `BROADCASTS`.
    """
    name = packet.first[1]
    if name == "VarSet" and packet.get("Variable") not in VARIABLES:
        return {}
    return _keep(_without_injected(packet.headers), BROADCASTS[name].fields)


def item_fields(packet: Packet) -> Fields:
    """The fields kept of a list item. The event must be a key of `LIST_ITEMS`.

    Of the data of a channel's application only the name of its queue is kept: what other
    applications are given may be names and numbers of people.
    """
    fields = _keep(packet.headers, LIST_ITEMS[packet.first[1]])
    if "ApplicationData" in fields:
        data = packet.get("ApplicationData")
        is_queue = packet.get("Application") == "Queue"
        fields["ApplicationData"] = data.split(",", 1)[0] if is_queue else ""
    return fields


def _without_injected(headers: Headers) -> Headers:
    """The headers without those of the caller's block that stand within the agent's (`Dest*`).

    Asterisk writes the blocks one after the other. A number with a line break is in both, so its
    false lines stand before the true ones in the first block, where the last holds, and once more
    in the second, where they would be the last.
    """
    kept = []
    is_in_destination = False
    for header in headers:
        is_in_destination = is_in_destination or header[0].startswith("Dest")
        if not (is_in_destination and header[0] in _CALLER):
            kept.append(header)
    return kept


def _keep(headers: Headers, names: FrozenSet[str]) -> Fields:
    kept: Dict[str, List[str]] = {}
    for name, value in headers:
        if name in names:
            kept.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in kept.items()}
