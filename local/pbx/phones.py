"""Agents' phones and memberships: what Asterisk tells of them, and the state that is true."""

from local.pbx.floor import Agent, Floor, Membership
from local.pbx.truth import AgentStateName

NOT_IN_USE = 1
IN_USE = 2
UNAVAILABLE = 5
RINGING = 6
ON_HOLD = 8

_DEVICE_WORDS = {1: "NOT_INUSE", 2: "INUSE", 5: "UNAVAILABLE", 6: "RINGING", 8: "ONHOLD"}
_EXTENSION_STATUS = {
    1: (0, "Idle"),
    2: (1, "InUse"),
    5: (4, "Unavailable"),
    6: (8, "Ringing"),
    8: (16, "Hold"),
}


def set_status(floor: Floor, agent: Agent, status: int) -> None:
    """The phone does something else now; Asterisk tells it, and once per queue of the agent."""
    agent.status = status
    floor.touched.add(agent)
    number, text = _EXTENSION_STATUS[status]
    floor.say(
        "call",
        "ExtensionStatus",
        f"Exten: {agent.number}\r\nContext: ext-local\r\nHint: {agent.interface}\r\n"
        f"Status: {number}\r\nStatusText: {text}\r\n",
    )
    say_device(floor, agent.interface, _DEVICE_WORDS[status])
    tell_status(floor, agent)


def tell_status(floor: Floor, agent: Agent) -> None:
    """QueueMemberStatus, once per queue of the agent."""
    for queue in agent.memberships:
        floor.say("agent", "QueueMemberStatus", member_headers(floor, agent, queue))


def say_device(floor: Floor, device: str, state: str) -> None:
    """DeviceStateChange; queues and pauses have devices of their own."""
    floor.say("call", "DeviceStateChange", f"Device: {device}\r\nState: {state}\r\n")


def member_headers(floor: Floor, agent: Agent, queue: str) -> str:
    """The headers of an event about an agent in a queue."""
    membership = agent.memberships[queue]
    times, wrap_up = _times(floor, membership)
    return (
        f"Queue: {queue}\r\n"
        f"MemberName: {agent.name}\r\n"
        f"Interface: {agent.interface}\r\n"
        f"{_standing(agent, membership, times)}"
        "Ringinuse: 0\r\n"
        f"{wrap_up}"
    )


def listed_member_headers(floor: Floor, agent: Agent, queue: str) -> str:
    """The headers of an agent in the answer to QueueStatus, where some have other names."""
    membership = agent.memberships[queue]
    times, wrap_up = _times(floor, membership)
    return (
        f"Queue: {queue}\r\n"
        f"Name: {agent.name}\r\n"
        f"Location: {agent.interface}\r\n"
        f"{_standing(agent, membership, times)}"
        f"{wrap_up}"
    )


def _times(floor: Floor, membership: Membership) -> tuple[str, str]:
    if not floor.dialect.has_member_times:
        return "", ""
    return (
        f"LastPause: {membership.last_pause}\r\nLoginTime: {membership.login_at}\r\n",
        "Wrapuptime: 0\r\n",
    )


def _standing(agent: Agent, membership: Membership, times: str) -> str:
    return (
        f"StateInterface: {agent.interface}\r\n"
        "Membership: dynamic\r\n"
        f"Penalty: {membership.penalty}\r\n"
        f"CallsTaken: {membership.calls_taken}\r\n"
        f"LastCall: {membership.last_call}\r\n"
        f"{times}"
        f"InCall: {int(membership.is_in_call)}\r\n"
        f"Status: {agent.status}\r\n"
        f"Paused: {int(agent.is_paused)}\r\n"
        f"PausedReason: {agent.pause_reason}\r\n"
    )


# --- Wrap-up -------------------------------------------------------------------------------------


def begin_wrap_up(floor: Floor, agent: Agent, limit_s: int) -> None:
    """A call is over: the agent wraps up, and no queue rings before its own limit has passed."""
    agent.last_call_ms = floor.now
    for queue in agent.memberships:
        floor.at(
            floor.now + floor.queues[queue].plan.wrap_up_s * 1000, lambda: request_dispatch(floor)
        )
    talk = agent.talk
    if limit_s and talk is not None and not agent.is_paused:
        agent.wrap_up_call = talk.call
        agent.wrap_up_since = floor.now
        agent.wrap_up_until = floor.now + limit_s * 1000
        until = agent.wrap_up_until
        floor.at(until, lambda: _wrap_up_is_over(floor, agent, until))


def end_wrap_up(floor: Floor, agent: Agent) -> None:
    """The agent does something else; only now is all known of the call before."""
    call = agent.wrap_up_call
    if call is not None:
        call.wrap_up_ms = floor.now - agent.wrap_up_since
        agent.wrap_up_call = None
        floor.touched.add(agent)
        floor.truth.on_ended(call)


def request_dispatch(floor: Floor) -> None:
    """Somebody may be free now, or waiting."""
    floor.is_dispatch_due = True


def _wrap_up_is_over(floor: Floor, agent: Agent, until: int) -> None:
    if agent.wrap_up_until == until:
        end_wrap_up(floor, agent)


# --- Truth ---------------------------------------------------------------------------------------


def write_states(floor: Floor) -> None:
    """Writes the true state of every agent of whom it may have changed."""
    for agent in sorted(floor.touched, key=lambda agent: agent.number):
        state = state_of(agent)
        reason = agent.pause_reason if state == "paused" else ""
        floor.truth.agent_is(agent.interface, agent.name, state, reason, floor.now)
    floor.touched.clear()


def state_of(agent: Agent) -> AgentStateName:
    """What the agent does: the weightiest of all that applies."""
    if not agent.memberships:
        return "logged_out"
    if agent.talk is not None:
        return "hold" if agent.talk.hold_since else "talking"
    if agent.ring is not None:
        return "ringing"
    if agent.is_dialling:
        return "busy_other"
    if agent.wrap_up_call is not None:
        return "wrap_up"
    if agent.is_paused:
        return "paused"
    return "unreachable" if agent.status == UNAVAILABLE else "available"
