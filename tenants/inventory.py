"""`list` and `show`: what the registry holds. No secret is in it, so none can be shown."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tenants.hours import written_week
from tenants.outcome import Outcome
from tenants.reader_access import reader_name
from tenants.records import (
    Agent,
    AlertContacts,
    BusinessHours,
    ChatAccount,
    PauseLimit,
    QueueSettings,
    Record,
    Site,
    SiteToken,
    Tenant,
)
from tenants.registry import Registry
from tenants.values import written_seconds, written_share

_DIGEST_SHOWN = 8


def list_tenants(registry: Registry) -> Outcome:
    """All customers, one line each."""
    sites: dict[str, list[str]] = {}
    for site in registry.records(Site):
        sites.setdefault(site.tenant_id, []).append(site.site)
    tenants = registry.records(Tenant)
    data = [
        {**dataclasses.asdict(tenant), "sites": sites.get(tenant.tenant_id, [])}
        for tenant in tenants
    ]
    rows = [
        (
            tenant.tenant_id,
            tenant.display_name,
            tenant.time_zone,
            tenant.language,
            ", ".join(sites.get(tenant.tenant_id, ())),
            "" if tenant.is_enabled else "disabled",
        )
        for tenant in tenants
    ]
    header = ("tenant", "name", "zone", "language", "sites", "")
    return Outcome(data=data, text=_table([header, *rows]) if rows else "there are no tenants")


def show_tenant(registry: Registry, tenant_id: str) -> Outcome:
    """Everything of one customer. Raises NotPossibleError if there is none."""
    tenant = registry.tenant(tenant_id)
    now = registry.now()
    tokens = [t for t in registry.records(SiteToken, tenant_id) if t.is_valid(now)]
    sites = registry.records(Site, tenant_id)
    queues = registry.records(QueueSettings, tenant_id)
    agents = registry.records(Agent, tenant_id)
    limits = registry.records(PauseLimit, tenant_id)
    hours = registry.records(BusinessHours, tenant_id)
    contacts = registry.records(AlertContacts, tenant_id)
    chats = {account.site: account for account in registry.records(ChatAccount, tenant_id)}
    data: dict[str, Any] = {
        **dataclasses.asdict(tenant),
        "reader": reader_name(tenant_id),
        "sites": [
            {**_own(site), "tokens": [_token(token) for token in tokens if token.site == site.site]}
            for site in sites
        ],
        "chat_accounts": [_own(account) for account in chats.values()],
        "queues": [_own(queue) for queue in queues],
        "agents": [_own(agent) for agent in agents],
        "pause_limits": [_own(limit) for limit in limits],
        "hours": [{"queue": each.queue, "week": written_week(each.intervals)} for each in hours],
        "contacts": {each.kind: each.addresses for each in contacts},
    }
    lines = [
        f"{tenant.tenant_id}: {tenant.display_name}{'' if tenant.is_enabled else ' (disabled)'}",
        f"  zone {tenant.time_zone}, language {tenant.language}, reader {data['reader']}",
        f"  {_told_targets(tenant)}",
    ]
    for site in sites:
        told = ", ".join(
            f"{t.sha256[:_DIGEST_SHOWN]}… {_until(t.valid_until)}"
            for t in tokens
            if t.site == site.site
        )
        state = "" if site.is_enabled else " (disabled)"
        if site.site in chats:
            account = chats[site.site]
            asked = f", asked at {account.base_url}" if account.base_url else ""
            lines.append(f"chat account {site.site}{state}: {account.connector}{asked}")
        else:
            lines.append(f"site {site.site}{state}: tokens {told or 'none'}")
    lines += [f"queue {queue.queue}: {_told_queue(queue)}" for queue in queues]
    lines += [
        f"agent {a.site}/{a.agent_key}: {a.person} {a.team and f'({a.team})'}" for a in agents
    ]
    lines += [f"pause {one.pause_reason}: {written_seconds(one.limit_s)}" for one in limits]
    lines += [f"hours {each.queue or '(all)'}: {written_week(each.intervals)}" for each in hours]
    lines += [f"alerts by {each.kind}: {', '.join(each.addresses)}" for each in contacts]
    return Outcome(data=data, text="\n".join(line.rstrip() for line in lines))


def _own(record: Record) -> dict[str, Any]:
    fields = dataclasses.asdict(record)
    del fields["tenant_id"]
    return fields


def _token(token: SiteToken) -> dict[str, str | None]:
    return {
        "sha256": f"{token.sha256[:_DIGEST_SHOWN]}…",
        "issued_at": token.issued_at.isoformat(),
        "valid_until": token.valid_until.isoformat() if token.valid_until else None,
    }


def _until(moment: datetime | None) -> str:
    return f"until {moment.isoformat(timespec='seconds')}" if moment else "without end"


def _told_queue(queue: QueueSettings) -> str:
    parts = (
        queue.display_name,
        "" if queue.answer_limit_s is None else f"answered within {queue.answer_limit_s} s",
        "" if queue.short_abandon_s is None else f"short below {queue.short_abandon_s} s",
        queue.service_level_variant,
        "" if queue.service_level_target is None else written_share(queue.service_level_target),
        "" if queue.waiting_limit is None else f"at most {queue.waiting_limit} waiting",
        "" if queue.longest_wait_limit_s is None else f"at most {queue.longest_wait_limit_s} s",
    )
    return ", ".join(part for part in parts if part)


def _told_targets(tenant: Tenant) -> str:
    limits = f"within {tenant.answer_limit_s} s, short below {tenant.short_abandon_s} s"
    share = written_share(tenant.service_level_target)
    most = f"{tenant.waiting_limit} waiting or {written_seconds(tenant.longest_wait_limit_s)}"
    return f"answered {limits}, {share} {tenant.service_level_variant}; at most {most}"


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
