"""Events of a busy site, call after call, as ingest publishes them; the same for every run."""

import itertools
from collections.abc import Iterator

from ingest_api.contract.published import PublishedBatch, PublishedEvent

TENANT = "acme"
_BEGIN_MS = 1_773_147_600_000
_CALL_EVERY_MS = 4_000
_QUEUES = ("sales", "support", "billing", "retention")
_AGENTS = 24


def batches(site: str, events: int, events_per_batch: int) -> Iterator[PublishedBatch]:
    """`events` events of one site (a multiple of the batch size is not needed), in batches."""
    feed = itertools.islice(_events(), events)
    while cut := list(itertools.islice(feed, events_per_batch)):
        at = cut[-1].at
        yield PublishedBatch(TENANT, site, f"spool-of-{site}", at + 30, at + 20, cut)


def open_calls(count: int) -> list[PublishedEvent]:
    """The events after which `count` callers talk, each to an agent of their own."""
    sequences = itertools.count(1)
    events = [PublishedEvent(next(sequences), _BEGIN_MS, "collector", "ami_connected", {})]
    for number in range(count):
        at = _BEGIN_MS + number * 137
        queue = _QUEUES[number % len(_QUEUES)]
        interface = f"PJSIP/{2000 + number}"
        channel = _channel(f"{at // 1000}.{number}")
        leg = {
            "DestChannel": f"{interface}-{number:08x}",
            "DestUniqueid": f"{at // 1000}.9{number}",
        }
        offer = channel | leg | {"Queue": queue, "Interface": interface, "MemberName": "Agent"}
        for name, fields in (
            ("QueueMemberStatus", _member(queue, interface, "1")),
            ("QueueCallerJoin", channel | {"Queue": queue, "Position": "1"}),
            ("AgentCalled", offer),
            ("QueueCallerLeave", channel | {"Queue": queue}),
            ("AgentConnect", offer | {"HoldTime": "0"}),
            ("QueueMemberStatus", _member(queue, interface, "2")),
        ):
            events.append(PublishedEvent(next(sequences), at, "ami", name, dict(fields)))
    return events


def _events() -> Iterator[PublishedEvent]:
    """Without end: a caller joins, an agent's phone rings, they talk, the phone is idle again."""
    sequences = itertools.count(1)

    def event(at: int, kind: str, name: str, fields: dict[str, str]) -> PublishedEvent:
        return PublishedEvent(next(sequences), at, kind, name, dict(fields))

    yield event(_BEGIN_MS, "collector", "started", {"version": "0.1.0"})
    yield event(_BEGIN_MS, "collector", "ami_connected", {"asterisk": "7.0.3", "log": "none"})
    for number in itertools.count():
        at = _BEGIN_MS + number * _CALL_EVERY_MS
        queue = _QUEUES[number % len(_QUEUES)]
        interface = f"PJSIP/{2000 + number % _AGENTS}"
        channel = _channel(f"{at // 1000}.{number}")
        offer = channel | {"Queue": queue, "Interface": interface, "MemberName": "Agent"}
        yield event(at, "ami", "QueueCallerJoin", channel | {"Queue": queue, "Position": "1"})
        yield event(at + 500, "ami", "AgentCalled", offer)
        yield event(at + 500, "ami", "QueueMemberStatus", _member(queue, interface, "6"))
        yield event(at + 2_500, "ami", "QueueCallerLeave", channel | {"Queue": queue})
        yield event(at + 2_500, "ami", "AgentConnect", offer | {"HoldTime": "2"})
        yield event(at + 2_500, "ami", "QueueMemberStatus", _member(queue, interface, "2"))
        done = offer | {"HoldTime": "2", "TalkTime": "1", "Reason": "caller"}
        yield event(at + 3_500, "ami", "AgentComplete", done)
        yield event(at + 3_500, "ami", "Hangup", channel | {"Cause": "16"})
        yield event(at + 3_500, "ami", "QueueMemberStatus", _member(queue, interface, "1"))


def _channel(uniqueid: str) -> dict[str, str]:
    return {
        "Channel": f"PJSIP/trunk-{uniqueid.replace('.', '')}",
        "Uniqueid": uniqueid,
        "Linkedid": uniqueid,
        "CallerIDNum": "…0001",
        "CallerHash": "9f3c5b7a1e2d4c60",
    }


def _member(queue: str, interface: str, status: str) -> dict[str, str]:
    return {
        "Queue": queue,
        "Interface": interface,
        "MemberName": "Agent",
        "Status": status,
        "Paused": "0",
        "InCall": "1" if status == "2" else "0",
    }
