"""A made-up shift of several sites as the messages of the source topic, from a seed.

Every site's events come in order, numbered without gaps; batches of one to `most` events are cut at
random, and some are sent twice or with events of the batch before, as a collector may that missed
an answer.
"""

import random
from collections.abc import Iterator

import msgspec

from ingest_api.contract.published import PublishedBatch, PublishedEvent, encode_batch
from ingest_api.contract.topics import site_key

TENANT = "acme"
_BEGIN_MS = 1_773_144_000_000
_QUEUES = ("vendas", "suporte", "cobrança")


class SourceMessage(msgspec.Struct, frozen=True):
    """A Kafka message of the source topic."""

    key: bytes
    value: bytes


def shift(
    sites: int, events_per_site: int, seed: int, *, repeated: float = 0.03, most: int = 60
) -> Iterator[SourceMessage]:
    """The messages of a shift, sites interleaved; each site ends with a heartbeat."""
    chance = random.Random(seed)
    feeds = {
        f"pbx-{number:02d}": _batches(f"pbx-{number:02d}", events_per_site, chance, repeated, most)
        for number in range(sites)
    }
    while feeds:
        site = chance.choice(list(feeds))
        batch = next(feeds[site], None)
        if batch is None:
            del feeds[site]
        else:
            yield SourceMessage(site_key(TENANT, site), encode_batch(batch))


def _batches(
    site: str, count: int, chance: random.Random, repeated: float, most: int
) -> Iterator[PublishedBatch]:
    events = list(_events(count, chance))
    place = 0
    while place < len(events):
        end = min(len(events), place + chance.randint(1, most))
        first = max(0, place - chance.randint(1, 30)) if chance.random() < repeated else place
        cut = events[first:end]
        batch = PublishedBatch(TENANT, site, f"spool-{site}", cut[-1].at + 40, cut[-1].at + 20, cut)
        yield batch
        if chance.random() < repeated:
            yield batch
        place = end


def _events(count: int, chance: random.Random) -> Iterator[PublishedEvent]:
    at = _BEGIN_MS
    sequence = 0
    number = 0
    waiting: list[tuple[str, str, int]] = []
    talking: list[tuple[str, str, str, int]] = []

    def event(kind: str, name: str, **fields: str) -> PublishedEvent:
        nonlocal sequence
        sequence += 1
        return PublishedEvent(sequence, at, kind, name, dict(fields))

    yield event("collector", "started", version="0.1.0")
    yield event("collector", "ami_connected", asterisk="Asterisk Call Manager/7.0.3", log="none")
    while sequence < count:
        at += chance.randint(50, 4_000)
        what = chance.random()
        if what < 0.05:
            yield event("collector", "heartbeat", spool_events="0", spool_bytes="0")
        elif what < 0.4 or not (waiting or talking):
            number += 1
            uniqueid, queue = f"{at // 1000}.{number}", chance.choice(_QUEUES)
            waiting.append((uniqueid, queue, at))
            yield event("ami", "QueueCallerJoin", **_channel(uniqueid), Queue=queue, Position="1")
        elif waiting and (what < 0.7 or not talking):
            uniqueid, queue, since = waiting.pop(chance.randrange(len(waiting)))
            held = str((at - since) // 1000)
            yield event("ami", "QueueCallerLeave", **_channel(uniqueid), Queue=queue)
            if chance.random() < 0.2:
                yield event(
                    "ami", "QueueCallerAbandon", **_channel(uniqueid), Queue=queue, HoldTime=held
                )
                yield event("ami", "Hangup", **_channel(uniqueid), Cause="16")
            else:
                agent = f"PJSIP/{chance.randint(2000, 2011)}"
                talking.append((uniqueid, queue, agent, at))
                yield event("ami", "AgentConnect", **_offer(uniqueid, queue, agent), HoldTime=held)
        elif talking:
            uniqueid, queue, agent, since = talking.pop(chance.randrange(len(talking)))
            talk = str((at - since) // 1000)
            yield event(
                "ami",
                "AgentComplete",
                **_offer(uniqueid, queue, agent),
                TalkTime=talk,
                Reason=chance.choice(("caller", "agent")),
            )
            yield event("ami", "Hangup", **_channel(uniqueid), Cause="16")
    at += 1_000
    yield event("collector", "heartbeat", spool_events="0", spool_bytes="0")


def _channel(uniqueid: str) -> dict[str, str]:
    return {
        "Channel": f"PJSIP/trunk-{uniqueid.replace('.', '')}",
        "Uniqueid": uniqueid,
        "Linkedid": uniqueid,
        "CallerIDNum": "+5511900000001",
    }


def _offer(uniqueid: str, queue: str, agent: str) -> dict[str, str]:
    return _channel(uniqueid) | {"Queue": queue, "Interface": agent, "MemberName": agent}
