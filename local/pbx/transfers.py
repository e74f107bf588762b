"""Where transferred callers go: another queue, a number outside, or a colleague asked before."""

from collections.abc import Callable
from typing import NamedTuple

from local.pbx.channels import UNKNOWN, Channel, bridge_block
from local.pbx.floor import Caller, Floor, Talk

_BACK_OFFICE = "900"
_TO_QUEUE = 0.5


class Consulted(NamedTuple):
    """The channels of a consultation: the Local pair and the colleague's phone."""

    near: Channel
    far: Channel
    phone: Channel
    bridge: str


def choose_queue(floor: Floor, current: str) -> str:
    """The queue a blind transfer goes to; empty: a number outside."""
    others = [name for name in floor.queues if name != current]
    return floor.chance.choice(others) if others and floor.happens(_TO_QUEUE) else ""


def say_blind(floor: Floor, talk: Talk, target: str) -> None:
    """The agent transfers the caller without asking anybody."""
    extension = f"6{list(floor.queues).index(target):02}" if target else "0800"
    floor.say(
        "call",
        "BlindTransfer",
        "Result: Success\r\n"
        f"{talk.channel.block('Transferer')}{talk.caller.channel.block('Transferee')}"
        f"{bridge_block(talk.bridge, 2)}"
        f"IsExternal: Yes\r\nContext: from-internal-xfer\r\nExtension: {extension}\r\n",
    )


def talk_outside(floor: Floor, caller: Caller, hang_up: Callable[[], None]) -> None:
    """The caller talks to somebody outside the queues for a while; then `hang_up` ends it."""
    channel = caller.channel
    channel.change(place=("from-internal-xfer", "0800", 2))
    channel.application = "Dial"
    channel.application_data = ""
    other = floor.new_channel(_trunk(floor), 0, channel.linkedid)
    both = channel.block() + other.block("Dest")
    floor.say("call", "DialBegin", f"{both}DialString: 0800@trunk\r\n")
    other.change(state=6)
    both = channel.block() + other.block("Dest")
    floor.say("call", "DialEnd", f"{both}DialStatus: ANSWER\r\n")

    def end() -> None:
        hang_up()
        floor.hang_up(other)

    floor.after_s(floor.about_s(floor.habits.transferred_talk_s), end)


def consult(floor: Floor, talk: Talk) -> Consulted:
    """The agent dials a colleague who serves no queue, through a Local channel."""
    linkedid = talk.caller.channel.linkedid
    peer = f"Local/{_BACK_OFFICE}@from-internal-{floor.next_serial():08x}"
    near = floor.new_channel(f"{peer};1", 0, linkedid, context="from-internal", exten=_BACK_OFFICE)
    far = floor.new_channel(f"{peer};2", 4, linkedid, context="from-internal", exten=_BACK_OFFICE)
    floor.say(
        "call",
        "LocalBridge",
        f"{near.block('LocalOne')}{far.block('LocalTwo')}"
        f"Context: from-internal\r\nExten: {_BACK_OFFICE}\r\nLocalOptimization: Yes\r\n",
    )
    phone = floor.new_channel(
        f"{floor.dialect.technology}/{_BACK_OFFICE}",
        5,
        linkedid,
        party=(_BACK_OFFICE, UNKNOWN, UNKNOWN, UNKNOWN),
        context="from-internal",
        exten=_BACK_OFFICE,
    )
    dial = far.block() + phone.block("Dest")
    floor.say("call", "DialBegin", f"{dial}DialString: {_BACK_OFFICE}\r\n")
    for channel in (phone, far, near):
        channel.change(state=6)
        floor.say("call", "Newstate", channel.block())
    dial = far.block() + phone.block("Dest")
    floor.say("call", "DialEnd", f"{dial}DialStatus: ANSWER\r\n")
    return Consulted(near, far, phone, floor.new_bridge())


def say_attended(floor: Floor, talk: Talk, consulted: Consulted) -> None:
    """The agent leaves the caller and the colleague to each other."""
    floor.say(
        "call",
        "AttendedTransfer",
        "Result: Success\r\n"
        f"{talk.channel.block('OrigTransferer')}{bridge_block(talk.bridge, 2, 'Orig')}"
        f"{talk.channel.block('SecondTransferer')}{bridge_block(consulted.bridge, 0, 'Second')}"
        f"{talk.caller.channel.block('Transferee')}{consulted.near.block('TransferTarget')}"
        f"IsExternal: No\r\nDestType: Bridge\r\nDestBridgeUniqueid: {talk.bridge}\r\n",
    )


def end_consulted(floor: Floor, consulted: Consulted) -> None:
    """The colleague's side of the transferred call is over."""
    for channel in (consulted.near, consulted.far, consulted.phone):
        floor.hang_up(channel)


def _trunk(floor: Floor) -> str:
    return f"{floor.dialect.technology}/trunk"
