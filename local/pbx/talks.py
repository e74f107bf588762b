"""A caller and an agent talk: hold, transfers, and who ends it."""

from collections.abc import Callable
from typing import Literal

from local.pbx import phones, queueing, rings, transfers
from local.pbx.channels import bridge_block
from local.pbx.floor import Floor, Ring, Talk

_TELLS_STATUS_FIRST = 0.5
"""Device states and calls travel on different paths: either may be told first."""


def begin(floor: Floor, ring: Ring) -> None:
    """Caller and agent are connected."""
    caller, agent, queue = ring.caller, ring.agent, ring.queue
    call, caller.visit = caller.visit, None
    assert call is not None
    is_told_first = floor.happens(_TELLS_STATUS_FIRST)
    if is_told_first:
        phones.set_status(floor, agent, phones.IN_USE)
    queueing.answered(floor, caller)
    floor.truth.answered(call, agent.interface, agent.name, floor.now)
    talk = Talk(ring, call, floor.new_bridge())
    agent.talk = talk
    agent.memberships[queue.name].is_in_call = True
    waited = floor.now // 1000 - call.entered_at // 1000
    rung = floor.now // 1000 - ring.channel.at // 1000
    times = f"HoldTime: {waited}\r\nRingTime: {rung}\r\n"
    floor.say("agent", "AgentConnect", rings.offer_headers(ring) + times)
    queue.hold_time = (3 * queue.hold_time + waited) // 4
    if not is_told_first:
        phones.set_status(floor, agent, phones.IN_USE)
    _bridge(floor, talk)
    floor.touched.add(agent)
    _plan_course(floor, talk)


def _bridge(floor: Floor, talk: Talk) -> None:
    floor.say("call", "BridgeCreate", bridge_block(talk.bridge, 0))
    for count, channel in enumerate((talk.channel, talk.caller.channel), 1):
        channel.bridge = talk.bridge
        floor.say("call", "BridgeEnter", bridge_block(talk.bridge, count) + channel.block())


def _plan_course(floor: Floor, talk: Talk) -> None:
    habits = floor.habits
    lasts_s = floor.about_s(talk.queue.plan.talk_mean_s)
    if floor.happens(habits.holds):
        hold_after_s = lasts_s * floor.chance.uniform(0.2, 0.6)
        hold_s = floor.about_s(habits.hold_s)
        floor.after_s(hold_after_s, lambda: _hold(floor, talk))
        floor.after_s(hold_after_s + hold_s, lambda: _unhold(floor, talk))
        lasts_s += hold_s
    floor.after_s(lasts_s, lambda: _choose_end(floor)(floor, talk))


def _choose_end(floor: Floor) -> Callable[[Floor, Talk], None]:
    habits = floor.habits
    drawn = floor.chance.random()
    if drawn < habits.transfers_blind:
        return _transfer_blind
    if drawn < habits.transfers_blind + habits.transfers_attended:
        return _consult
    return _end_by_caller if floor.happens(habits.caller_hangs_up) else _end_by_agent


# --- Hold ----------------------------------------------------------------------------------------


def _hold(floor: Floor, talk: Talk) -> None:
    floor.say("call", "Hold", talk.channel.block())
    talk.hold_since = floor.now
    phones.set_status(floor, talk.agent, phones.ON_HOLD)
    floor.say("call", "MusicOnHoldStart", f"{talk.caller.channel.block()}Class: default\r\n")


def _unhold(floor: Floor, talk: Talk) -> None:
    floor.say("call", "Unhold", talk.channel.block())
    _count_hold(floor, talk)
    phones.set_status(floor, talk.agent, phones.IN_USE)
    floor.say("call", "MusicOnHoldStop", talk.caller.channel.block())


def _count_hold(floor: Floor, talk: Talk) -> None:
    if talk.hold_since:
        talk.call.hold_ms += floor.now - talk.hold_since
        talk.hold_since = 0


# --- Endings -------------------------------------------------------------------------------------


def _end_by_caller(floor: Floor, talk: Talk) -> None:
    caller = talk.caller
    floor.say("call", "HangupRequest", f"{caller.channel.block()}Cause: 16\r\n")
    _leave_bridge(floor, talk, caller_first=True)
    _complete(floor, talk, "caller")
    queueing.end_call(floor, caller)
    _drop_agent(floor, talk)


def _end_by_agent(floor: Floor, talk: Talk) -> None:
    floor.say("call", "HangupRequest", f"{talk.channel.block()}Cause: 16\r\n")
    _leave_bridge(floor, talk, caller_first=False)
    _complete(floor, talk, "agent")
    queueing.end_call(floor, talk.caller)
    _drop_agent(floor, talk)


def _transfer_blind(floor: Floor, talk: Talk) -> None:
    target = transfers.choose_queue(floor, talk.queue.name)
    transfers.say_blind(floor, talk, target)
    _leave_bridge(floor, talk, caller_first=False)
    talk.call.transfer = "blind"
    _complete(floor, talk, "transfer")
    _drop_agent(floor, talk)
    caller = talk.caller
    if target:
        queueing.join(floor, caller, target)
    else:
        transfers.talk_outside(floor, caller, lambda: queueing.hang_up(floor, caller))


def _consult(floor: Floor, talk: Talk) -> None:
    """The agent holds the caller and asks a colleague; then the two are left to talk."""
    _hold(floor, talk)
    colleague = transfers.consult(floor, talk)
    floor.after_s(
        floor.about_s(floor.habits.consult_s), lambda: _transfer_attended(floor, talk, colleague)
    )


def _transfer_attended(floor: Floor, talk: Talk, colleague: transfers.Consulted) -> None:
    caller = talk.caller
    floor.say("call", "HangupRequest", talk.channel.block())
    floor.say("call", "MusicOnHoldStop", caller.channel.block())
    is_told_first = floor.happens(0.5)
    if is_told_first:
        transfers.say_attended(floor, talk, colleague)
    talk.call.transfer = "attended"
    # Asterisk calls the one or the other the end of the same handling, in queue_log as well.
    _complete(floor, talk, "transfer" if floor.happens(0.5) else "agent")
    if not is_told_first:
        transfers.say_attended(floor, talk, colleague)
    _drop_agent(floor, talk)

    def end() -> None:
        queueing.hang_up(floor, caller)
        transfers.end_consulted(floor, colleague)

    floor.after_s(floor.about_s(floor.habits.transferred_talk_s), end)


_Ender = Literal["caller", "agent", "transfer"]


def _complete(floor: Floor, talk: Talk, ended_by: _Ender) -> None:
    """The agent's part is over. Asterisk leaves out either party's headers now and then."""
    _count_hold(floor, talk)
    call, queue = talk.call, talk.queue
    assert call.answered_at is not None
    floor.truth.talk_ended(call, ended_by, floor.now)
    waited = call.answered_at // 1000 - call.entered_at // 1000
    talked = floor.now // 1000 - call.answered_at // 1000
    membership = talk.agent.memberships[queue.name]
    membership.is_in_call = False
    membership.calls_taken += 1
    membership.last_call = floor.now // 1000
    queue.completed += 1
    queue.completed_in_level += waited <= queueing.LEVEL_S
    queue.talk_time = (3 * queue.talk_time + talked) // 4
    ring = Ring(talk.caller, talk.agent, queue, talk.channel)
    headers = rings.offer_headers(
        ring, has_caller=not floor.happens(0.03), has_agent=not floor.happens(0.07)
    )
    floor.say(
        "agent",
        "AgentComplete",
        f"{headers}HoldTime: {waited}\r\nTalkTime: {talked}\r\nReason: {ended_by}\r\n",
    )


def _leave_bridge(floor: Floor, talk: Talk, *, caller_first: bool) -> None:
    pair = (talk.caller.channel, talk.channel)
    for left, channel in enumerate(pair if caller_first else reversed(pair), 1):
        channel.bridge = ""
        floor.say("call", "BridgeLeave", bridge_block(talk.bridge, 2 - left) + channel.block())
    floor.say("call", "BridgeDestroy", bridge_block(talk.bridge, 0))


def _drop_agent(floor: Floor, talk: Talk) -> None:
    """The agent's channel ends, the phone is idle, and wrap-up begins where there is one."""
    agent = talk.agent
    floor.say("call", "HangupRequest", f"{talk.channel.block()}Cause: 16\r\n")
    floor.hang_up(talk.channel)
    phones.begin_wrap_up(floor, agent, talk.queue.plan.wrap_up_s)
    if agent.wrap_up_call is not talk.call:
        floor.truth.on_ended(talk.call)
    agent.talk = None
    phones.set_status(floor, agent, phones.NOT_IN_USE)
    queueing.watch_emptiness(floor, talk.queue)
