"""`python -m bench.chats`: what one chat event costs, from the door to rows and records.

Sessions of a simulated Helena account: a customer writes, a person answers and ends it, in ten
events. Measured is processor time of the two processes it passes: the door (selection, encoding)
and the worker (decoding, meaning, fold, rows, records), without HTTP, Kafka and ClickHouse.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence

from connectors.doors import DOORS
from ingest_api.contract.chat import PublishedChatEvent, encode_chat_event
from ingest_api.contract.topics import CHAT_EVENTS, site_key
from local.whatsapp.account import TICKS_PER_S, Event, HelenaAccount
from streams.processors.chat_carrier import ChatCarrier
from streams.processors.chat_states import GONE
from streams.processors.dead_letters import FloodGuard
from streams.processors.source_message import Message
from streams.storage.rows import fact_block, latest_facts

TENANT, ACCOUNT = "bench", "whatsapp-01"
SESSIONS = 2_000
_BEGIN_S = 1_773_147_600
_EVENTS_A_FLUSH = 500
_AT_ONCE = 50


def main(arguments: Sequence[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.chats", description=__doc__)
    parser.add_argument("--sessions", type=int, default=SESSIONS, help="(%(default)s)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    events = played(options.sessions)
    began = time.process_time()
    messages = [passed(event) for event in events]
    door_us = (time.process_time() - began) * 1e6 / len(events)
    began = time.process_time()
    records = folded(messages)
    worker_us = (time.process_time() - began) * 1e6 / len(events)
    figures = {
        "events": len(events),
        "sessions": options.sessions,
        "door_us": round(door_us, 1),
        "worker_us": round(worker_us, 1),
        "worker_events_per_s": round(1e6 / worker_us),
        "record_bytes": round(sum(map(len, records.values())) / len(records)),
    }
    if options.json:
        print(json.dumps(figures))
    else:
        print("\n".join(f"{name:<20} {value:>10,}" for name, value in figures.items()))
    return 0


def played(sessions: int) -> list[Event]:
    """The events of so many sessions, fifty of them at a time."""
    events: list[Event] = []
    now = _BEGIN_S * TICKS_PER_S

    def clock() -> int:
        nonlocal now
        now += TICKS_PER_S
        return now

    account = HelenaAccount(1, clock, events.append)
    department = account.add_department("Suporte")
    agent = account.add_agent("Ana", [department])
    for first in range(0, sessions, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, sessions))
        opened = [account.open(number, departmentId=department)[0] for number in numbers]
        for session in opened:
            account.message(session, is_from_us=False)
        for session in opened:
            account.assign(session, agent)
        for session in opened:
            account.message(session, is_from_us=True, agent=agent)
        for unread in range(4):
            for session in opened:
                account.change(session, unreadCount=unread)
        for session in opened:
            account.complete(session)
    return events


def passed(event: Event) -> bytes:
    """The message in Kafka that the door makes of an event."""
    kept = DOORS["helena"].passes(event)
    return encode_chat_event(
        PublishedChatEvent(
            TENANT, ACCOUNT, "helena", _BEGIN_S * 1_000, kept.name, kept.fields, "…0001", "ab" * 8
        )
    )


def folded(messages: Sequence[bytes]) -> dict[bytes, bytes]:
    """The records in the end; rows are made and let go."""
    records: dict[bytes, bytes] = {}
    carrier = ChatCarrier(records, FloodGuard(0))
    carrier.load([0], bytes(16))
    key = site_key(TENANT, ACCOUNT)
    for offset, value in enumerate(messages):
        carrier.take(Message(CHAT_EVENTS, 0, offset, key, value, int))
        if offset % _EVENTS_A_FLUSH == _EVENTS_A_FLUSH - 1 or offset == len(messages) - 1:
            unit = carrier.cut()
            for fact_type, rows in latest_facts(unit.facts).items():
                fact_block(fact_type, rows)
            records.update({k: record for k, record in unit.records.items() if record != GONE})
            carrier.flushed(unit)
    return records


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
