"""An agent's phone rings for a waiting caller, and stops."""

from local.pbx import phones
from local.pbx.channels import UNKNOWN
from local.pbx.floor import Agent, Caller, Floor, QueueState, Ring

_NO_ANSWER = 0
_REJECTED = 21
_ANSWERED_ELSEWHERE = 26


def start(floor: Floor, caller: Caller, agent: Agent, queue: QueueState) -> Ring:
    """The phone begins to ring."""
    phones.end_wrap_up(floor, agent)
    channel = floor.new_channel(agent.interface, 0, caller.channel.linkedid)
    number, name, _, _ = caller.channel.party
    channel.change(
        state=5,
        party=(UNKNOWN, UNKNOWN, number, name),
        place=("from-queue", caller.channel.exten, 1),
    )
    channel.application = "AppQueue"
    channel.application_data = "(Outgoing Line)"
    ring = Ring(caller, agent, queue, channel)
    caller.rings[agent.interface] = ring
    agent.ring = ring
    queue.last_agent = agent.interface
    floor.say("call", "Newstate", channel.block())
    floor.say("call", "NewConnectedLine", channel.block())
    floor.say("agent", "AgentCalled", offer_headers(ring))
    floor.say("call", "DialBegin", f"{_dial_headers(ring)}DialString: {agent.interface}\r\n")
    phones.set_status(floor, agent, phones.RINGING)
    if floor.dialect.has_dial_state:
        _say_dial(floor, "DialState", ring, "RINGING")
    return ring


def miss(floor: Floor, ring: Ring) -> None:
    """Nobody answers in time."""
    _say_no_answer(floor, ring)
    _say_dial(floor, "DialEnd", ring, "NOANSWER")
    _say_dial(floor, "DialEnd", ring, "CANCEL")
    floor.say("call", "HangupRequest", ring.channel.block())
    floor.hang_up(ring.channel, _NO_ANSWER)
    _over(ring)
    phones.set_status(floor, ring.agent, phones.NOT_IN_USE)


def reject(floor: Floor, ring: Ring) -> None:
    """The agent refuses the call."""
    request = f"{ring.channel.block()}Cause: {_REJECTED}\r\n"
    floor.say("call", "HangupRequest", request)
    _say_dial(floor, "DialEnd", ring, "NOANSWER")
    _say_no_answer(floor, ring)
    floor.say("call", "HangupRequest", request)
    floor.hang_up(ring.channel, _REJECTED)
    _over(ring)
    phones.set_status(floor, ring.agent, phones.NOT_IN_USE)


def cancel(floor: Floor, ring: Ring, cause: int = _NO_ANSWER) -> None:
    """The caller is gone or answered elsewhere. The phone's status is for the caller to set."""
    for _ in range(2):
        _say_dial(floor, "DialEnd", ring, "CANCEL")
    suffix = f"Cause: {cause}\r\n" if cause else ""
    floor.say("call", "HangupRequest", ring.channel.block() + suffix)
    floor.hang_up(ring.channel, cause)
    _over(ring)


def cancel_all(floor: Floor, caller: Caller) -> list[Agent]:
    """Every phone that rings for the caller stops; the agents, whose status is to be set."""
    agents = []
    for ring in tuple(caller.rings.values()):
        cancel(floor, ring)
        agents.append(ring.agent)
    return agents


def set_idle(floor: Floor, agents: list[Agent]) -> None:
    """The phones of these agents are idle."""
    for agent in agents:
        phones.set_status(floor, agent, phones.NOT_IN_USE)


def answer(floor: Floor, ring: Ring) -> None:
    """The agent picks up: the ring ends, other phones stop."""
    ring.channel.change(state=6)
    floor.say("call", "Newstate", ring.channel.block())
    _say_dial(floor, "DialEnd", ring, "ANSWER")
    _over(ring)
    others = list(ring.caller.rings.values())
    for other in others:
        cancel(floor, other, _ANSWERED_ELSEWHERE)
    set_idle(floor, [other.agent for other in others])


def offer_headers(ring: Ring, *, has_caller: bool = True, has_agent: bool = True) -> str:
    """The headers of an event about a caller offered to an agent."""
    caller = ring.caller.channel.block() if has_caller else ""
    agent = ring.channel.block("Dest") if has_agent else ""
    return (
        f"{caller}{agent}"
        f"Queue: {ring.queue.name}\r\n"
        f"Interface: {ring.agent.interface}\r\n"
        f"MemberName: {ring.agent.name}\r\n"
    )


def _over(ring: Ring) -> None:
    ring.is_over = True
    ring.caller.rings.pop(ring.agent.interface, None)
    ring.agent.ring = None


def _say_no_answer(floor: Floor, ring: Ring) -> None:
    assert ring.caller.visit is not None
    ring.caller.visit.missed_offers += 1
    seconds = (floor.now - ring.channel.at) // 1000
    floor.say("agent", "AgentRingNoAnswer", f"{offer_headers(ring)}RingTime: {seconds * 1000}\r\n")


def _say_dial(floor: Floor, name: str, ring: Ring, status: str) -> None:
    floor.say("call", name, f"{_dial_headers(ring)}DialStatus: {status}\r\n")


def _dial_headers(ring: Ring) -> str:
    return ring.caller.channel.block() + ring.channel.block("Dest")
