"""What a command came to, for people and as JSON. Secrets are in here once and nowhere else."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tenants.records import Record

NOTHING_CHANGED = "nothing changed"


@dataclass(frozen=True)
class Outcome:
    """`changes` are sentences, none if all was so already; `notes` are hints.

    `secrets` are values by name that can never be shown again. `collector_ini` is the collector's
    settings file, empty if none was made. `data` is what was asked for, None if nothing was, and
    `text` the same for people. `counts` are numbers by name that are told besides.
    """

    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    collector_ini: str = ""
    data: Any = None
    text: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


def as_text(outcome: Outcome) -> str:
    """For people; ends without a line break."""
    if outcome.data is not None:
        return outcome.text
    parts = ["\n".join(outcome.changes) or NOTHING_CHANGED]
    if outcome.counts:
        parts.append(", ".join(f"{count} {name}" for name, count in outcome.counts.items()))
    parts += [f"note: {note}" for note in outcome.notes]
    if outcome.secrets:
        lines = [f"  {name}: {value}" for name, value in outcome.secrets.items()]
        parts.append("\n".join(["", "Shown only now, and stored nowhere:", *lines]))
    if outcome.collector_ini:
        parts.append(
            f"\nThe collector's settings, /etc/call-centre-collector.ini (chmod 640):\n\n"
            f"{outcome.collector_ini}"
        )
    return "\n".join(parts)


def as_json(outcome: Outcome) -> str:
    """For programs: one object; what is asked for alone if something is."""
    if outcome.data is not None:
        return json.dumps(outcome.data, ensure_ascii=False, indent=2)
    told: dict[str, Any] = {
        "changed": bool(outcome.changes),
        "changes": outcome.changes,
        "notes": outcome.notes,
    }
    if outcome.counts:
        told["counts"] = dict(outcome.counts)
    if outcome.secrets:
        told["secrets"] = dict(outcome.secrets)
    if outcome.collector_ini:
        told["collector_ini"] = outcome.collector_ini
    return json.dumps(told, ensure_ascii=False, indent=2)


def told_change(what: str, old: Record | None, new: Record) -> str:
    """One sentence on a record that was written: `what` names it, then what is new in it."""
    if old is None:
        return f"{what}: added"
    differences = [
        f"{name} {_shown(getattr(new, name))} (was {_shown(getattr(old, name))})"
        for name in (each.name for each in dataclasses.fields(new))
        if getattr(old, name) != getattr(new, name)
    ]
    return f"{what}: {', '.join(differences)}"


def _shown(value: object) -> str:
    return "the tenant's" if value in (None, "") else str(value)
