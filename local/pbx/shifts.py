"""What agents do besides queue calls: log in and out, pause, lose their phone, dial out."""

from collections.abc import Callable

from local.pbx import phones, queueing
from local.pbx.channels import UNKNOWN, bridge_block
from local.pbx.floor import Agent, Floor, Membership
from local.pbx.truth import TrueOutbound

_ASKS_AGAIN_S = 5.0


def open_floor(floor: Floor) -> None:
    """The agents who are there from the start, and everybody's plans for the day."""
    for agent in floor.agents:
        if agent.plan.starts_logged_in:
            _join_queues(floor, agent)
        else:
            floor.after_s(floor.rarely_s(floor.habits.logged_out_s), _later(_log_in, floor, agent))
        floor.touched.add(agent)
        for action, every_s in (
            (_pause, floor.habits.pause_every_s),
            (_log_out, floor.habits.logout_every_s),
            (_lose_phone, floor.habits.loses_phone_every_s),
            (_dial_out, floor.habits.dials_out_every_s),
        ):
            floor.after_s(floor.rarely_s(every_s), _later(action, floor, agent))


def may_leave(floor: Floor, agent: Agent) -> bool:
    """Nobody leaves a queue alone, unless it lets its callers go then."""
    return all(
        floor.queues[name].plan.leaves_when_empty
        or any(
            other.is_usable and name in other.memberships
            for other in floor.agents
            if other is not agent
        )
        for name in agent.memberships
    )


def _later(
    action: Callable[[Floor, Agent], None], floor: Floor, agent: Agent
) -> Callable[[], None]:
    return lambda: action(floor, agent)


# --- Login ---------------------------------------------------------------------------------------


def _join_queues(floor: Floor, agent: Agent) -> None:
    for name in agent.plan.queues:
        agent.memberships[name] = Membership(floor.now // 1000, agent.plan.penalty)


def _log_in(floor: Floor, agent: Agent) -> None:
    _join_queues(floor, agent)
    for name in agent.memberships:
        headers = phones.member_headers(floor, agent, name)
        floor.say("agent", "QueueMemberAdded", headers)
    floor.touched.add(agent)
    phones.request_dispatch(floor)


def _log_out(floor: Floor, agent: Agent) -> None:
    if not agent.memberships:
        pass
    elif agent.ring or agent.talk or agent.is_dialling or not may_leave(floor, agent):
        floor.after_s(_ASKS_AGAIN_S, _later(_log_out, floor, agent))
        return
    else:
        phones.end_wrap_up(floor, agent)
        names = tuple(agent.memberships)
        for name in names:
            headers = phones.member_headers(floor, agent, name)
            del agent.memberships[name]
            floor.say("agent", "QueueMemberRemoved", headers)
        agent.is_paused = False
        agent.pause_reason = ""
        floor.touched.add(agent)
        for name in names:
            queueing.watch_emptiness(floor, floor.queues[name])
        away_s = floor.about_s(floor.habits.logged_out_s)
        floor.after_s(away_s, _later(_log_in, floor, agent))
    floor.after_s(floor.rarely_s(floor.habits.logout_every_s), _later(_log_out, floor, agent))


# --- Pauses --------------------------------------------------------------------------------------


def _pause(floor: Floor, agent: Agent) -> None:
    if agent.memberships and not agent.is_paused:
        if agent.is_dialling or not may_leave(floor, agent):
            floor.after_s(_ASKS_AGAIN_S, _later(_pause, floor, agent))
            return
        phones.end_wrap_up(floor, agent)
        agent.is_paused = True
        agent.pause_reason = floor.chance.choice(floor.habits.pause_reasons)
        for membership in agent.memberships.values():
            membership.last_pause = floor.now // 1000
        _say_pause(floor, agent, agent.pause_reason)
        lasts_s = floor.about_s(floor.habits.pause_s)
        floor.after_s(lasts_s, _later(_unpause, floor, agent))
    floor.after_s(floor.rarely_s(floor.habits.pause_every_s), _later(_pause, floor, agent))


def _unpause(floor: Floor, agent: Agent) -> None:
    if agent.is_paused:
        agent.is_paused = False
        agent.pause_reason = ""
        _say_pause(floor, agent, "")
        phones.request_dispatch(floor)


def _say_pause(floor: Floor, agent: Agent, reason: str) -> None:
    word = "INUSE" if agent.is_paused else "NOT_INUSE"
    suffix = f"Reason: {reason}\r\n" if reason and floor.dialect.has_pause_reason_header else ""
    for name in agent.memberships:
        phones.say_device(floor, f"Queue:{name}_pause_{agent.interface}", word)
        headers = phones.member_headers(floor, agent, name)
        floor.say("agent", "QueueMemberPause", headers + suffix)
    floor.touched.add(agent)
    for name in agent.memberships:
        queueing.watch_emptiness(floor, floor.queues[name])


# --- The phone is gone ---------------------------------------------------------------------------


def _lose_phone(floor: Floor, agent: Agent) -> None:
    if agent.is_free and may_leave(floor, agent):
        phones.set_status(floor, agent, phones.UNAVAILABLE)
        for name in agent.memberships:
            queueing.watch_emptiness(floor, floor.queues[name])
        gone_s = floor.about_s(floor.habits.phone_lost_s)
        floor.after_s(gone_s, _later(_find_phone, floor, agent))
    again_s = floor.rarely_s(floor.habits.loses_phone_every_s)
    floor.after_s(again_s, _later(_lose_phone, floor, agent))


def _find_phone(floor: Floor, agent: Agent) -> None:
    phones.set_status(floor, agent, phones.NOT_IN_USE)
    phones.request_dispatch(floor)


# --- Outbound calls ------------------------------------------------------------------------------


def _dial_out(floor: Floor, agent: Agent) -> None:
    if agent.is_free and agent.wrap_up_call is None and may_leave(floor, agent):
        _place_call(floor, agent)
    every_s = floor.habits.dials_out_every_s
    floor.after_s(floor.rarely_s(every_s), _later(_dial_out, floor, agent))


def _place_call(floor: Floor, agent: Agent) -> None:
    habits = floor.habits
    callee = f"55119{floor.chance.randrange(1, 100_000):08}"
    if floor.recent_abandons and floor.happens(habits.dials_back):
        callee = floor.recent_abandons.popleft().lstrip("+")
    agent.is_dialling = True
    floor.outbound_in_progress += 1
    own = (agent.number, agent.name, UNKNOWN, UNKNOWN)
    near = floor.new_channel(agent.interface, 4, party=own, context="from-internal", exten=callee)
    phones.set_status(floor, agent, phones.IN_USE)
    far = floor.new_channel(f"{floor.dialect.technology}/trunk", 0, near.linkedid, exten=callee)
    far.change(state=5, party=(callee, UNKNOWN, agent.number, agent.name))
    floor.say("call", "Newstate", far.block())
    both = near.block() + far.block("Dest")
    floor.say("call", "DialBegin", f"{both}DialString: {callee}@trunk\r\n")
    call = floor.truth.dialled(agent.interface, near.uniqueid, callee, floor.now)
    bridge = floor.new_bridge()

    def answered() -> None:
        for channel in (far, near):
            channel.change(state=6)
            floor.say("call", "Newstate", channel.block())
        both = near.block() + far.block("Dest")
        floor.say("call", "DialEnd", f"{both}DialStatus: ANSWER\r\n")
        floor.say("call", "BridgeCreate", bridge_block(bridge, 0))
        for count, channel in enumerate((far, near), 1):
            floor.say("call", "BridgeEnter", bridge_block(bridge, count) + channel.block())
        call.answered_at = floor.now
        floor.after_s(floor.about_s(habits.outbound_talk_s), over)

    def over() -> None:
        if call.answered_at is None:
            floor.say(
                "call", "DialEnd", f"{near.block() + far.block('Dest')}DialStatus: CANCEL\r\n"
            )
        floor.say("call", "HangupRequest", near.block())
        floor.hang_up(far)
        floor.say("call", "SoftHangupRequest", f"{near.block()}Cause: 16\r\n")
        floor.hang_up(near)
        _end_outbound(floor, agent, call)

    is_answered = floor.happens(habits.outbound_answered)
    rings_s = habits.outbound_ring_s * floor.chance.uniform(0.5, 1.5)
    floor.after_s(rings_s, answered if is_answered else over)


def _end_outbound(floor: Floor, agent: Agent, call: TrueOutbound) -> None:
    call.ended_at = floor.now
    agent.is_dialling = False
    floor.outbound_in_progress -= 1
    phones.set_status(floor, agent, phones.NOT_IN_USE)
    phones.request_dispatch(floor)
