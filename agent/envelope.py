"""Wire form v1, as text: one event with its sequence, and one batch (docs/events.md).

Events are written as JSON once, when they enter the spool; a batch only joins those texts.
"""

import json
import time
from typing import List

from agent import __version__
from agent.event import Event


def timestamp(at_ms: int) -> str:
    """Milliseconds since the epoch as RFC 3339, UTC: `2026-03-10T13:00:00.003Z`."""
    seconds, milliseconds = divmod(at_ms, 1000)
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return "{}.{:03d}Z".format(text, milliseconds)


def encode_event(sequence: int, event: Event) -> str:
    """One member of a batch's `events`."""
    member = {
        "sequence": sequence,
        "at": timestamp(event.at_ms),
        "kind": event.kind,
        "name": event.name,
        "fields": event.fields,
    }
    return json.dumps(member, ensure_ascii=False, separators=(",", ":"))


def encode_batch(site: str, spool_id: str, sent_at_ms: int, events: List[str]) -> bytes:
    """The body of one POST, from texts made by `encode_event`."""
    head = {
        "site": site,
        "spool": spool_id,
        "collector": {"version": __version__},
        "sent_at": timestamp(sent_at_ms),
    }
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":"))
    return '{},"events":[{}]}}'.format(text[:-1], ",".join(events)).encode("utf-8")


def gap(from_: int, to: int, from_at_ms: int, to_at_ms: int, reason: str) -> Event:
    """The event that stands in for events `from_` to `to`; it is sent as sequence `to`."""
    fields = {
        "from": str(from_),
        "to": str(to),
        "from_at": timestamp(from_at_ms),
        "to_at": timestamp(to_at_ms),
        "reason": reason,
    }
    return Event(to_at_ms, "collector", "gap", dict(fields))
