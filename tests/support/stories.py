"""Call stories in a few words: what Asterisk said, one method per event.

    facts = Story().join("10:00:00", "100.1", "vendas").hangup("10:00:12", "100.1").facts()

Times are local ones of America/Sao_Paulo on 2026-03-10 (three hours behind UTC), with or without
milliseconds, or whole ones with a date and an offset. The events are those of the wire, with the
fields of Asterisk 18, so the interpreter and the fold are the real ones.
"""

import datetime as dt
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from agent.event import Event
from ingest_api.contract.published import PublishedBatch
from tests.support.batches import BATCH_EVENTS, SITE, Facts, batches_of, by_table, fold

DATE = "2026-03-10"
_SAO_PAULO = dt.timezone(dt.timedelta(hours=-3))
_HEARTBEAT_MS = 2_000


Moment = str | int
"""A local time such as `10:00:00.250`, an ISO time with its offset, or milliseconds."""


@functools.lru_cache(4096)  # a long story says the same few moments again and again
def ms(at: Moment) -> int:
    """Milliseconds since the epoch of a moment."""
    if isinstance(at, int):
        return at
    moment = dt.datetime.fromisoformat(at if "T" in at else f"{DATE}T{at}")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_SAO_PAULO)
    return round(moment.timestamp() * 1000)


class Story:
    """What Asterisk said at one site, in the order in which it was heard."""

    def __init__(self, *, site: str = SITE, has_dialplan: bool = False) -> None:
        """`has_dialplan`: the manager user may read the class `dialplan`."""
        self.site = site
        self.events: list[Event] = []
        self._has_dialplan = has_dialplan

    def __repr__(self) -> str:
        """What was said, a line per event: shown where a property does not hold."""
        return "\n".join(f"{e.at_ms} {e.kind} {e.name} {e.fields}" for e in self.events)

    def at(self, at: Moment, kind: str, name: str, **fields: str) -> Self:
        """Any event, with exactly these fields."""
        self.events.append(Event(ms(at), kind, name, dict(fields)))
        return self

    def facts(self, until: Moment = "") -> Facts:
        """The final facts, if nothing but heartbeats comes from the last event to `until`."""
        return by_table(fold(self.batches(until)))

    def batches(self, until: Moment = "", size: int = BATCH_EVENTS) -> list[PublishedBatch]:
        """The story as batches, with heartbeats up to `until`."""
        if until:
            self.beats(until)
        return batches_of(self.events, size=size, site=self.site)

    def beats(self, until: Moment) -> Self:
        """Nothing but heartbeats, every two seconds up to `until` and one then."""
        last = self.events[-1].at_ms
        for moment in [*range(last + _HEARTBEAT_MS, ms(until), _HEARTBEAT_MS), ms(until)]:
            self.events.append(Event(moment, "collector", "heartbeat", {"reconnects": "0"}))
        return self

    # Callers.

    def join(
        self, at: Moment, uniqueid: str, queue: str, *, linked: str = "", caller_hash: str = ""
    ) -> Self:
        """QueueCallerJoin."""
        fields = _channel(uniqueid, linked) | {"Queue": queue, "Position": "1", "Count": "1"}
        if caller_hash:
            fields["CallerHash"] = caller_hash
        return self.at(at, "ami", "QueueCallerJoin", **fields)

    def leave(self, at: Moment, uniqueid: str, queue: str) -> Self:
        """QueueCallerLeave."""
        fields = _channel(uniqueid) | {"Queue": queue, "Position": "1", "Count": "0"}
        return self.at(at, "ami", "QueueCallerLeave", **fields)

    def give_up(self, at: Moment, uniqueid: str, queue: str, hold_s: int) -> Self:
        """QueueCallerAbandon, which does not say why."""
        fields = _channel(uniqueid) | {
            "Queue": queue,
            "Position": "1",
            "OriginalPosition": "1",
            "HoldTime": str(hold_s),
        }
        if self._has_dialplan:
            self.variable(at, uniqueid, "ABANDONED", "TRUE")
        return self.at(at, "ami", "QueueCallerAbandon", **fields)

    def variable(self, at: Moment, uniqueid: str, name: str, value: str) -> Self:
        """VarSet on the caller's channel."""
        fields = _channel(uniqueid) | {"Variable": name, "Value": value}
        return self.at(at, "ami", "VarSet", **fields)

    def hangup_request(self, at: Moment, uniqueid: str) -> Self:
        """HangupRequest."""
        return self.at(at, "ami", "HangupRequest", **_channel(uniqueid))

    def hangup(self, at: Moment, uniqueid: str) -> Self:
        """Hangup."""
        return self.at(at, "ami", "Hangup", **_channel(uniqueid), Cause="16")

    # Agents and callers.

    def called(self, at: Moment, uniqueid: str, queue: str, agent: str, name: str = "") -> Self:
        """AgentCalled."""
        return self.at(at, "ami", "AgentCalled", **_offer(uniqueid, queue, agent, name))

    def no_answer(
        self, at: Moment, uniqueid: str, queue: str, agent: str, ring_ms: int = 5000
    ) -> Self:
        """AgentRingNoAnswer."""
        fields = _offer(uniqueid, queue, agent, "") | {"RingTime": str(ring_ms)}
        return self.at(at, "ami", "AgentRingNoAnswer", **fields)

    def connect(
        self,
        at: Moment,
        uniqueid: str,
        queue: str,
        agent: str,
        name: str = "",
        *,
        hold_s: int,
        leg: str = "",
        linked: str = "",
    ) -> Self:
        """QueueCallerLeave and AgentConnect. `leg` is the Uniqueid of the agent's channel."""
        self.leave(at, uniqueid, queue)
        fields = _offer(uniqueid, queue, agent, name, leg=leg, linked=linked)
        fields |= {"HoldTime": str(hold_s), "RingTime": "1"}
        return self.at(at, "ami", "AgentConnect", **fields)

    def complete(
        self,
        at: Moment,
        uniqueid: str,
        queue: str,
        agent: str,
        name: str = "",
        *,
        hold_s: int = 0,
        talk_s: int,
        reason: str = "caller",
    ) -> Self:
        """AgentComplete; with an empty uniqueid it lacks the fields of caller and channels."""
        fields = _offer(uniqueid, queue, agent, name) if uniqueid else _bare(queue, agent, name)
        fields |= {"HoldTime": str(hold_s), "TalkTime": str(talk_s), "Reason": reason}
        return self.at(at, "ami", "AgentComplete", **fields)

    def blind_transfer(self, at: Moment, leg: str, transferee: str) -> Self:
        """BlindTransfer by the agent's channel `leg` of the caller's channel `transferee`."""
        return self.at(
            at,
            "ami",
            "BlindTransfer",
            Result="Success",
            TransfererUniqueid=leg,
            TransfereeUniqueid=transferee,
            Extension="8002",
            Context="outside",
            IsExternal="Yes",
        )

    # Agents.

    def added(self, at: Moment, queue: str, agent: str, name: str = "", *, status: int = 1) -> Self:
        """QueueMemberAdded."""
        return self.member(at, "QueueMemberAdded", queue, agent, name, status=status)

    def removed(self, at: Moment, queue: str, agent: str, name: str = "") -> Self:
        """QueueMemberRemoved."""
        return self.member(at, "QueueMemberRemoved", queue, agent, name, status=1)

    def pause(self, at: Moment, queue: str, agent: str, reason: str, name: str = "") -> Self:
        """QueueMemberPause with Paused 1."""
        return self.member(at, "QueueMemberPause", queue, agent, name, pause=reason)

    def unpause(self, at: Moment, queue: str, agent: str, name: str = "") -> Self:
        """QueueMemberPause with Paused 0 and no reason."""
        return self.member(at, "QueueMemberPause", queue, agent, name)

    def status(
        self,
        at: Moment,
        queue: str,
        agent: str,
        status: int,
        *,
        in_call: bool = False,
        name: str = "",
    ) -> Self:
        """QueueMemberStatus."""
        return self.member(
            at, "QueueMemberStatus", queue, agent, name, status=status, in_call=in_call
        )

    def member(
        self,
        at: Moment,
        event: str,
        queue: str,
        agent: str,
        name: str = "",
        *,
        status: int = 1,
        in_call: bool = False,
        pause: str | None = None,
    ) -> Self:
        """A QueueMember… event. `pause` is the reason while paused, None while not."""
        fields = {
            "Queue": queue,
            "MemberName": name or agent,
            "Interface": agent,
            **_member_fields(status, in_call, pause),
        }
        return self.at(at, "ami", event, **fields)

    # The connection.

    def connected(self, at: Moment, *, log: str = "none") -> Self:
        """The collector is logged in."""
        banner = "Asterisk Call Manager/7.0.3"
        return self.at(at, "collector", "ami_connected", asterisk=banner, log=log)

    def started(self, at: Moment) -> Self:
        """The collector starts and logs in."""
        return self.at(at, "collector", "started", version="0.1.0").connected(at)

    def lost(self, at: Moment) -> Self:
        """The connection is cut."""
        return self.at(at, "collector", "ami_lost", reason="reset by peer")

    def snapshot(
        self,
        at: Moment,
        *,
        members: Sequence["Member"] = (),
        entries: Sequence["Entry"] = (),
        queues: Sequence[str] = (),
    ) -> Self:
        """A complete answer to QueueStatus; queues without members or entries by their name."""
        names = [*queues, *(m.queue for m in members), *(e.queue for e in entries)]
        self.at(at, "snapshot", "begin", list="QueueStatus")
        items = 0
        for queue in dict.fromkeys(names):
            self.at(at, "snapshot", "QueueParams", Queue=queue, Calls="0")
            items += 1
        for member in members:
            fields = _member_fields(member.status, member.is_in_call, member.pause)
            fields |= {"Queue": member.queue, "Name": member.name, "Location": member.agent}
            fields["LastPause"] = str(ms(member.last_pause) // 1000 if member.last_pause else 0)
            fields["LoginTime"] = str(ms(member.login) // 1000 if member.login else 0)
            self.at(at, "snapshot", "QueueMember", **fields)
        for entry in entries:
            fields = {"Queue": entry.queue, "Uniqueid": entry.uniqueid, "Position": "1"}
            fields |= {"Channel": "PJSIP/trunk-1", "Wait": str(entry.wait_s), "Priority": "0"}
            self.at(at, "snapshot", "QueueEntry", **fields)
        items += len(members) + len(entries)
        return self.at(at, "snapshot", "end", list="QueueStatus", items=str(items), complete="yes")

    def no_channels(self, at: Moment) -> Self:
        """A complete answer to CoreShowChannels: there are none."""
        self.at(at, "snapshot", "begin", list="CoreShowChannels")
        return self.at(at, "snapshot", "end", list="CoreShowChannels", items="0", complete="yes")

    def hold(self, at: Moment, leg: str, *, is_on_hold: bool) -> Self:
        """Hold or Unhold by the agent's channel `leg`."""
        return self.at(at, "ami", "Hold" if is_on_hold else "Unhold", **_channel(leg))

    def log(
        self, at: Moment, event: str, uniqueid: str, queue: str, *data: str, agent: str = "NONE"
    ) -> Self:
        """A line of queue_log that is read back after a gap."""
        columns = {f"data{place}": text for place, text in enumerate(data, 1)}
        return self.at(at, "queue_log", event, callid=uniqueid, queue=queue, agent=agent, **columns)

    def wrap_up_limit(self, at: Moment, queue: str, seconds: int) -> Self:
        """What the queue's configuration says of wrap-up."""
        self.at(at, "snapshot", "begin", list="QueueConfig")
        self.at(at, "snapshot", "QueueConfig", queue=queue, wrapuptime=str(seconds))
        return self.at(at, "snapshot", "end", list="QueueConfig", items="1", complete="yes")


@dataclass(frozen=True)
class Member:
    """An agent in a queue, as a list tells of them."""

    queue: str
    agent: str
    name: str = ""
    status: int = 1
    is_in_call: bool = False
    pause: str | None = None
    last_pause: str = ""
    login: str = ""


@dataclass(frozen=True)
class Entry:
    """A waiting caller, as a list tells of them."""

    queue: str
    uniqueid: str
    wait_s: int


def _channel(uniqueid: str, linked: str = "") -> dict[str, str]:
    return {
        "Channel": f"PJSIP/trunk-{uniqueid.replace('.', '')}",
        "Uniqueid": uniqueid,
        "Linkedid": linked or uniqueid,
        "CallerIDNum": "+5511900000001",
    }


def _bare(queue: str, agent: str, name: str) -> dict[str, str]:
    return {"Queue": queue, "Interface": agent, "MemberName": name or agent}


def _offer(
    uniqueid: str, queue: str, agent: str, name: str, *, leg: str = "", linked: str = ""
) -> dict[str, str]:
    fields = _channel(uniqueid, linked) | _bare(queue, agent, name)
    if leg:
        fields |= {"DestChannel": f"{agent}-00000001", "DestUniqueid": leg}
        fields["DestLinkedid"] = linked or uniqueid
    return fields


def _member_fields(status: int, in_call: bool, pause: str | None) -> dict[str, str]:
    return {
        "StateInterface": "",
        "Membership": "dynamic",
        "Penalty": "0",
        "CallsTaken": "0",
        "LastCall": "0",
        "LastPause": "0",
        "LoginTime": "0",
        "InCall": "1" if in_call else "0",
        "Status": str(status),
        "Paused": "0" if pause is None else "1",
        "PausedReason": pause or "",
        "Wrapuptime": "0",
        "Ringinuse": "0",
    }
