"""Workers of chats that die, each at another place, and those that come after them. No Faust."""

import random
from typing import Any

import pytest

from ingest_api.contract.topics import CHAT_EVENTS, site_key
from streams.domain import chat_session
from streams.domain.facts import Fact, QueueCall, QueueCallGone
from streams.processors.chat_carrier import ChatCarrier
from streams.processors.chat_states import GONE
from streams.processors.dead_letters import FloodGuard
from streams.processors.source_carrier import Outcome
from streams.processors.source_message import Message
from tests.support.chat import (
    ACCOUNT,
    AGENT,
    OTHER_QUEUE,
    TENANT,
    message_event,
    ms,
    passed,
    session_event,
)

KEY = site_key(TENANT, ACCOUNT)
LOG, NEW_LOG = bytes(16), bytes([1] * 16)
SESSIONS = 4
Row = QueueCall | QueueCallGone


class World:
    """What outlives a worker: the source log, the records, and the rows as a table holds them."""

    def __init__(self, log: list[bytes]) -> None:
        self.log = log
        self.log_id = LOG
        self.records: dict[bytes, bytes] = {}
        self.rows: dict[tuple[object, ...], Row] = {}

    def write(self, facts: list[Fact]) -> None:
        for fact in facts:
            if isinstance(fact, QueueCall | QueueCallGone):
                key = tuple(getattr(fact, name) for name in fact.KEY)
                held = self.rows.get(key)
                if held is None or held.version <= fact.version:
                    self.rows[key] = fact

    def store(self, records: dict[bytes, bytes]) -> None:
        for key, record in records.items():
            if record == GONE:
                self.records.pop(key, None)
            else:
                self.records[key] = record

    def worker(self) -> ChatCarrier:
        carrier = ChatCarrier(self.records, FloodGuard(0), clock=lambda: 0.0)
        carrier.load([0], self.log_id)
        return carrier

    def take(self, carrier: ChatCarrier) -> None:
        """The next message."""
        offset = carrier.positions()[0]
        message = Message(CHAT_EVENTS, 0, offset, KEY, self.log[offset], lambda: None)
        assert carrier.take(message) is Outcome.TAKEN

    def flush(self, carrier: ChatCarrier, dies_at: int | None, chance: random.Random) -> None:
        """One unit; a worker that dies does so before the facts, before the records, or in them."""
        unit = carrier.cut()
        if dies_at == 0:
            return
        self.write(unit.facts)
        kept = list(unit.records.items())
        if dies_at is not None:
            chance.shuffle(kept)  # those of one flush are sent at once
            self.store(dict(kept[: dies_at - 1]))
            return
        self.store(dict(kept))
        carrier.flushed(unit)


def arrivals(chance: random.Random) -> list[bytes]:
    """Sessions that are transferred, answered and over, told late, twice and out of order."""
    told: list[tuple[float, dict[str, Any]]] = []
    for number in range(SESSIONS):
        name = f"session-{number}"
        events = [
            session_event("SESSION_NEW", "13:00:00", id=name),
            session_event("SESSION_UPDATE", "13:00:30", id=name, departmentId=OTHER_QUEUE),
            session_event(
                *("SESSION_UPDATE", "13:01:00"),
                id=name,
                departmentId=OTHER_QUEUE,
                status="IN_PROGRESS",
                userId=AGENT,
            ),
            message_event("MESSAGE_SENT", "13:01:20", f"m-{number}", sessionId=name, userId=AGENT),
            session_event(
                *("SESSION_COMPLETE", "13:05:00"),
                id=name,
                departmentId=OTHER_QUEUE,
                status="COMPLETED",
                userId=AGENT,
                endAt="13:05:00",
            ),
        ]
        for place, event in enumerate(events):
            times = chance.randint(1, 2)
            told += [(place + chance.uniform(0, 3), event) for _ in range(times)]
    told.sort(key=lambda one: one[0])
    start = ms("14:00:00")
    return [passed(event, received_at=start + place) for place, (_, event) in enumerate(told)]


@pytest.mark.parametrize("seed", range(40))
def test_the_rows_are_the_same_wherever_workers_died(seed: int) -> None:
    _torment(seed, rows=2 * SESSIONS)


@pytest.mark.parametrize("seed", range(40))
def test_the_rows_are_the_same_though_sessions_were_too_large_to_be_kept_whole(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_session, "MAX_BYTES", 420)
    _torment(seed, rows=SESSIONS)


def _torment(seed: int, rows: int) -> None:
    """The same messages to a worker that lives and to many that die; `rows` queue calls or more."""
    chance = random.Random(seed)
    log = arrivals(chance)
    whole, tormented = World(log), World(log)
    carrier = whole.worker()
    for _ in log:
        whole.take(carrier)
    whole.flush(carrier, None, chance)

    carrier = tormented.worker()
    deaths = 0
    while carrier.positions()[0] < len(log):
        for _ in range(min(chance.randint(1, 6), len(log) - carrier.positions()[0])):
            tormented.take(carrier)
        if dies := deaths < 12 and chance.random() < 0.5:
            deaths += 1
        tormented.flush(carrier, chance.randint(0, SESSIONS) if dies else None, chance)
        if dies:
            carrier = tormented.worker()
    assert shown(tormented) == shown(whole)
    assert len(shown(whole)) >= rows


def test_a_topic_made_anew_is_read_from_its_start_and_sessions_go_on() -> None:
    chance = random.Random(7)
    log = arrivals(chance)
    whole, halved = World(log), World(log[:10])
    carrier = whole.worker()
    for _ in log:
        whole.take(carrier)
    whole.flush(carrier, None, chance)

    carrier = halved.worker()
    for _ in halved.log:
        halved.take(carrier)
    halved.flush(carrier, None, chance)
    halved.log, halved.log_id = log[10:], NEW_LOG
    carrier = halved.worker()
    assert carrier.positions() == {0: 0}
    for _ in halved.log:
        halved.take(carrier)
    halved.flush(carrier, None, chance)
    assert shown(halved) == shown(whole)


def shown(world: World) -> list[QueueCall]:
    rows = [row for row in world.rows.values() if isinstance(row, QueueCall)]
    return sorted(rows, key=lambda row: (row.call_id, row.queue, row.entered_at))
