"""The state record of one agent of a chat account: taking sessions, or not.

Platforms tell it only when they are asked, so a state begins at the moment it was first seen and is
estimated. What an agent does with sessions is in the queue calls, several at a time; here is only
whether the agent was there (docs/kpi.md, "Several conversations at a time").
"""

import msgspec

from streams.domain.chat_events import TICKS_PER_MS, AgentSighting
from streams.domain.chat_fold import CHANNEL, agent_key
from streams.domain.facts import AgentState, AgentStateName, Fact
from streams.domain.version import chat_place, version_of_place

AGENT_FORM = 1
"""Rises when the record's form changes; a record of another form is not read."""

KEPT_MS = 90 * 24 * 60 * 60 * 1000
"""An agent that is not seen any more leaves."""


class ChatAgent(msgspec.Struct, array_like=True):
    """What is known of one agent; `state` is None before anything is."""

    form: int
    tenant_id: str
    site: str
    agent: str
    place: int = 0
    received_at: int = 0
    name: str = ""
    state: AgentStateName | None = None
    started_at: int = 0

    @property
    def keep_until(self) -> int:
        """From this moment of receipt on it may be forgotten."""
        return self.received_at + KEPT_MS


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(ChatAgent)


def new_agent(tenant_id: str, site: str, agent: str) -> ChatAgent:
    """An agent of whom nothing was seen yet."""
    return ChatAgent(AGENT_FORM, tenant_id, site, agent)


def encode_agent(agent: ChatAgent) -> bytes:
    """The agent as it is stored."""
    return _encoder.encode(agent)


def decode_agent(data: bytes) -> ChatAgent:
    """A stored agent. Raises ValueError on another form, msgspec.DecodeError on anything else."""
    agent = _decoder.decode(data)
    if agent.form != AGENT_FORM:
        raise ValueError(f"chat agent has form {agent.form}, this program reads {AGENT_FORM}")
    return agent


def apply_to_agent(agent: ChatAgent, sighting: AgentSighting, received_at: int) -> list[Fact]:
    """Applies a sighting of the agent (in place); the states that it changed, often none.

    One from before the running state changes nothing.
    """
    at = sighting.at_ticks // TICKS_PER_MS
    state: AgentStateName = "available" if sighting.is_available else "logged_out"
    agent.received_at = max(agent.received_at, received_at)
    if agent.state is not None and at <= agent.started_at:
        return []
    if state == agent.state and sighting.name in ("", agent.name):
        return []
    agent.place = chat_place(agent.place, received_at)
    agent.name = sighting.name or agent.name
    facts: list[Fact] = []
    if state != agent.state:
        if agent.state is not None:
            facts.append(_fact(agent, ended_at=at))
        agent.state, agent.started_at = state, at
    facts.append(_fact(agent, ended_at=None))
    return facts


def _fact(agent: ChatAgent, ended_at: int | None) -> AgentState:
    assert agent.state is not None
    return AgentState(
        tenant_id=agent.tenant_id,
        site=agent.site,
        channel=CHANNEL,
        agent_key=agent_key(agent.site, agent.agent),
        agent_name=agent.name,
        state=agent.state,
        pause_reason="",
        queue="",
        call_id="",
        started_at=agent.started_at,
        ended_at=ended_at,
        state_since=agent.started_at,
        offer_result="",
        is_estimated=True,
        version=version_of_place(agent.place),
    )
