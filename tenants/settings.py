"""What the boards know of queues, agents, pauses and hours. It holds at once, for the past too."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from tenants.hours import Interval, written_week
from tenants.outcome import Outcome, told_change
from tenants.records import (
    EVERY_QUEUE,
    Agent,
    AlertContacts,
    BusinessHours,
    PauseLimit,
    QueueSettings,
    Record,
)
from tenants.registry import Registry
from tenants.values import written_seconds


def set_queue(registry: Registry, tenant_id: str, queue: str, given: Mapping[str, Any]) -> Outcome:
    """Changes the fields of QueueSettings in `given`; None or "" gives them back to the customer.

    Raises NotPossibleError if there is no such customer. A queue that was never seen is allowed,
    and told.
    """
    registry.tenant(tenant_id)
    old = registry.find(QueueSettings, tenant_id, queue)
    blank = QueueSettings(tenant_id, queue)
    new = dataclasses.replace(old or blank, **given)
    seen = registry.queues_seen(tenant_id)
    notes = () if queue in seen else (f"no queue {queue!r} was seen yet; {_listed(seen)}",)
    return _stored(registry, f"queue {tenant_id}/{queue}", (old, new, blank), notes)


def set_agent(
    registry: Registry, tenant_id: str, site: str, agent_key: str, given: Mapping[str, str]
) -> Outcome:
    """Changes person and team of an agent, those in `given`; "" forgets.

    Raises NotPossibleError if there is no such customer or site.
    """
    registry.site(tenant_id, site)
    old = registry.find(Agent, tenant_id, site, agent_key)
    blank = Agent(tenant_id, site, agent_key)
    new = dataclasses.replace(old or blank, **given)
    return _stored(registry, f"agent {tenant_id}/{site}/{agent_key}", (old, new, blank))


def set_pause_limit(
    registry: Registry, tenant_id: str, pause_reason: str, limit_s: int | None
) -> Outcome:
    """Limits pauses for a reason (`*`: every other); None lifts the limit.

    Raises NotPossibleError if there is no such customer.
    """
    registry.tenant(tenant_id)
    what = f"pause limit {tenant_id}/{pause_reason}"
    if limit_s is None:
        is_removed = registry.remove(PauseLimit(tenant_id, pause_reason, 0))
        return Outcome((f"{what}: lifted",) if is_removed else ())
    is_new = registry.put(PauseLimit(tenant_id, pause_reason, limit_s))
    return Outcome((f"{what}: {written_seconds(limit_s)}",) if is_new else ())


def set_hours(
    registry: Registry, tenant_id: str, queue: str, week: tuple[Interval, ...] | None
) -> Outcome:
    """Sets when a queue is open (EVERY_QUEUE: all others); None takes the hours back.

    Raises NotPossibleError if there is no such customer.
    """
    registry.tenant(tenant_id)
    what = f"hours of {tenant_id}" if queue == EVERY_QUEUE else f"hours of {tenant_id}/{queue}"
    if week is None:
        is_removed = registry.remove(BusinessHours(tenant_id, queue, ()))
        return Outcome((f"{what}: none of its own any more",) if is_removed else ())
    is_new = registry.put(BusinessHours(tenant_id, queue, week))
    return Outcome((f"{what}: {written_week(week)}",) if is_new else ())


def set_contacts(
    registry: Registry, tenant_id: str, contacts: Mapping[str, tuple[str, ...]]
) -> Outcome:
    """Whom alerts are told, by kind; a kind without addresses is told nothing.

    Raises NotPossibleError if there is no such customer.
    """
    registry.tenant(tenant_id)
    changes = []
    for kind, addresses in contacts.items():
        record = AlertContacts(tenant_id, kind, addresses)
        if addresses and registry.put(record):
            changes.append(f"alerts of {tenant_id} by {kind}: {', '.join(addresses)}")
        elif not addresses and registry.remove(record):
            changes.append(f"alerts of {tenant_id} by {kind}: nobody any more")
    notes = ("run `python -m tenants sync` to bring Grafana in line",) if changes else ()
    return Outcome(tuple(changes), notes)


def _stored(
    registry: Registry,
    what: str,
    records: tuple[Record | None, Record, Record],
    notes: tuple[str, ...] = (),
) -> Outcome:
    """Stores the new one of (old, new, blank); one that says nothing is removed instead."""
    old, new, blank = records
    if new == blank:
        is_removed = registry.remove(new)
        return Outcome((f"{what}: nothing of its own any more",) if is_removed else (), notes)
    if not registry.put(new):
        return Outcome(notes=notes)
    return Outcome((told_change(what, old or blank, new),), notes)


def _listed(seen: list[str]) -> str:
    return f"seen were: {', '.join(seen)}" if seen else "none was"
