"""What happened at a site, in the domain's words. Made by `streams/interpreter/` only.

`at` is milliseconds since the epoch; durations are milliseconds; empty text and None mean that the
source did not say. `agent` is a normalised interface such as `PJSIP/204`.
"""

from typing import Literal

import msgspec

from streams.domain.facts import EndedBy, Outcome, Transfer

ListName = Literal["queues", "channels"]
DeviceState = Literal["idle", "in_use", "ringing", "ringing_in_use", "unreachable"]


class Event(msgspec.Struct, gc=False):
    """Anything that happened, when it happened."""

    at: int


class CallerJoined(Event, gc=False):
    """A caller entered a queue."""

    queue: str
    uniqueid: str
    contact_id: str
    position: int
    caller: str
    caller_hash: str
    is_lasting: bool = True  # False: a Local channel, which may be optimised away when answered


class CallerGaveUp(Event, gc=False):
    """Asterisk's QueueCallerAbandon: the caller left unanswered, for whatever reason."""

    queue: str
    uniqueid: str
    wait_ms: int


class CallerLeft(Event, gc=False):
    """The caller is no longer in the queue: answered, gone by key, or after CallerGaveUp."""

    queue: str
    uniqueid: str


class GiveUpMarked(Event, gc=False):
    """The dialplan variable ABANDONED was set: the `dialplan` class is readable at this site."""

    uniqueid: str


class EndingTold(Event, gc=False):
    """The dialplan variable QUEUESTATUS said why the caller left."""

    uniqueid: str
    outcome: Outcome


class HangupRequested(Event, gc=False):
    """Somebody asked for the channel to be hung up."""

    uniqueid: str


class ChannelHungUp(Event, gc=False):
    """A channel is gone."""

    uniqueid: str


class AgentOffered(Event, gc=False):
    """An agent's phone is being rung for a waiting caller."""

    queue: str
    uniqueid: str
    agent: str
    agent_name: str
    agent_uniqueid: str


class OfferMissed(Event, gc=False):
    """The agent did not answer, was busy or refused."""

    queue: str
    uniqueid: str
    agent: str
    agent_name: str


class AgentAnswered(Event, gc=False):
    """Caller and agent are connected. `agent_uniqueid` is empty for Local channels' ends."""

    queue: str
    uniqueid: str
    contact_id: str
    caller: str
    caller_hash: str
    agent: str
    agent_name: str
    agent_uniqueid: str
    is_leg_lasting: bool
    wait_ms: int


class AgentFinished(Event, gc=False):
    """Asterisk's AgentComplete. `uniqueid` may be empty; queue and agent are always told."""

    queue: str
    uniqueid: str
    agent: str
    agent_name: str
    wait_ms: int
    talk_ms: int
    ended_by: EndedBy


class DialAnswered(Event, gc=False):
    """A dialled phone was picked up; perhaps one behind a Local channel of the same contact."""

    uniqueid: str
    contact_id: str
    dialled_uniqueid: str


class DialCancelled(Event, gc=False):
    """Asterisk stopped ringing a phone before it was answered or refused."""

    uniqueid: str
    dialled_uniqueid: str


class HoldChanged(Event, gc=False):
    """A channel put its peer on hold, or took it back."""

    uniqueid: str
    is_on_hold: bool


class Transferred(Event, gc=False):
    """A call was transferred: `transferers` are the channels of who did it."""

    is_attended: bool
    transferers: tuple[str, ...]
    transferee: str


class OutboundDialled(Event, gc=False):
    """A channel dialled another one, outside any queue if the domain does not know it from one."""

    uniqueid: str
    agent: str
    callee: str
    callee_hash: str


class MemberSeen(Event, gc=False):
    """Asterisk's record of one agent in one queue, from an event or a list.

    `device` is the state of the agent's phone. `pause_reason` is empty unless paused.
    `last_pause`, `login_at`, `last_call` are milliseconds since the epoch, 0 if not told.
    `is_listed` means it came in a list.
    """

    queue: str
    agent: str
    agent_name: str
    device: DeviceState
    is_in_call: bool
    is_paused: bool
    pause_reason: str
    last_pause: int
    login_at: int
    last_call: int
    penalty: int
    wrap_up_limit_ms: int
    is_listed: bool


class MemberRemoved(Event, gc=False):
    """An agent left a queue."""

    queue: str
    agent: str
    agent_name: str


class ListBegan(Event, gc=False):
    """A list of what is there begins: queues with agents and callers, or channels."""

    name: ListName


class QueueListed(Event, gc=False):
    """A queue exists."""

    queue: str


class EntryListed(Event, gc=False):
    """A caller is waiting, for `wait_ms` (whole seconds) by now; None if not told."""

    queue: str
    uniqueid: str
    position: int
    wait_ms: int | None
    caller: str
    caller_hash: str


class ChannelListed(Event, gc=False):
    """A channel exists. `queue` is set if it runs the Queue application."""

    uniqueid: str
    contact_id: str
    interface: str
    queue: str
    bridge: str
    duration_ms: int
    caller: str
    caller_hash: str


class ListEnded(Event, gc=False):
    """The list is over. Nothing is concluded from an incomplete one."""

    name: ListName
    is_complete: bool


class QueueConfigured(Event, gc=False):
    """What the queue's configuration says."""

    queue: str
    wrap_up_limit_ms: int


class LogEntered(Event, gc=False):
    """queue_log: ENTERQUEUE, read back after a gap. `at` is a whole second."""

    queue: str
    uniqueid: str
    position: int
    caller: str
    caller_hash: str


class LogAnswered(Event, gc=False):
    """queue_log: CONNECT."""

    queue: str
    uniqueid: str
    agent_name: str
    agent_uniqueid: str
    wait_ms: int


class LogEnded(Event, gc=False):
    """queue_log: how a visit ended. `wait_ms`, `talk_ms` are None where the line has none."""

    queue: str
    uniqueid: str
    agent_name: str
    outcome: Outcome
    wait_ms: int | None
    talk_ms: int | None
    ended_by: EndedBy
    transfer: Transfer = "none"


class LogPassed(Event, gc=False):
    """queue_log: a line that means nothing for us; being of the past, not even what time it is."""


class CollectorStarted(Event, gc=False):
    """The collector of this site was started."""


class AmiConnected(Event, gc=False):
    """The collector is logged in at Asterisk."""

    asterisk: str


class AmiLost(Event, gc=False):
    """The connection to Asterisk is lost; what happens from now on is not seen."""


class EventsDropped(Event, gc=False):
    """The spool dropped events, or ingest refused one: named so that it is no silent loss."""

    from_sequence: int
    to_sequence: int
    from_at: int
    to_at: int
    reason: str


class Heartbeat(Event, gc=False):
    """The collector is alive; time goes on."""

    spool_events: int
    spool_bytes: int
    reconnects: int


class TimePassed(Event, gc=False):
    """Something that only tells the time."""
