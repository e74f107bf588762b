"""Bodies of `POST /v1/events`, right ones, for tests that bend them."""

import json
from typing import Any

TENANT = "acme"
SITE = "pbx-01"
SPOOL = "6f1c9d7e-6f0e-4c7c-9f4e-0a9d5c1b2e3f"
TOKEN = "a-made-up-token-of-acme-pbx-01"
AT = "2026-03-10T13:00:00.003Z"
AT_MS = 1_773_147_600_003

Json = dict[str, Any]


def event(sequence: Any = 1, **changes: Any) -> Json:
    """One right event of the wire form, with `changes` to its members."""
    return {
        "sequence": sequence,
        "at": AT,
        "kind": "ami",
        "name": "QueueCallerJoin",
        "fields": {"Queue": "support", "Uniqueid": f"1773147600.{sequence}", "Position": "1"},
        **changes,
    }


def gap(first: int, last: int, **changes: Any) -> Json:
    """The event that names the sequences `first` to `last` as dropped."""
    fields = {"from": str(first), "to": str(last), "from_at": AT, "to_at": AT}
    return event(
        last,
        kind="collector",
        name="gap",
        fields={**fields, "reason": "spool_full"},
        **changes,
    )


def batch(*events: Json, **changes: Any) -> Json:
    """One right batch of the wire form, of one event unless told otherwise."""
    return {
        "site": SITE,
        "spool": SPOOL,
        "collector": {"version": "0.1.0"},
        "sent_at": "2026-03-10T13:00:00.120Z",
        "events": list(events) or [event()],
        **changes,
    }


def body(*events: Json, **changes: Any) -> bytes:
    """The text of `batch`, written as a collector does."""
    return encoded(batch(*events, **changes))


def encoded(content: Any) -> bytes:
    """JSON without white space, non-ASCII text as it is."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
