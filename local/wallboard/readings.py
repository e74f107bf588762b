"""What the wallboard shows, read through the views and `kpi_*` functions of ClickHouse.

Nothing is computed here that a manager would call a KPI. None means that nothing was counted: it is
shown as "—", never as 0 or 100 %.
"""

from dataclasses import dataclass
from typing import Any

from clickhouse_connect.driver.client import Client

ANSWER_LIMIT_S = 20
SHORT_ABANDON_LIMIT_S = 5


@dataclass(frozen=True)
class QueueReading:
    """One queue, or all together. Ratios 0..1, times in the unit their name tells."""

    queue: str
    waiting: int = 0
    talking: int = 0
    longest_wait_ms: int = 0
    """Of those who wait now."""
    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    flowed_out: int = 0
    open: int = 0
    unknown: int = 0
    service_level: float | None = None
    """Answered within 20 s over answered and abandoned, abandons under 5 s left out."""
    abandonment_rate: float | None = None
    mean_wait_answered_s: float | None = None
    mean_wait_all_s: float | None = None
    mean_handle_s: float | None = None
    longest_wait_today_ms: int = 0


@dataclass(frozen=True)
class AgentReading:
    """One agent now. `since_ms`: how long the state has lasted; a pause with its interruptions."""

    name: str
    site: str
    state: str
    pause_reason: str
    queue: str
    since_ms: int


@dataclass(frozen=True)
class Reading:
    """Everything at one moment. `age_ms` is the stalest site's; None: no site was heard of."""

    total: QueueReading
    queues: tuple[QueueReading, ...]
    agents: tuple[AgentReading, ...]
    sites: tuple[str, ...]
    disconnected: tuple[str, ...]
    """Sites whose collector has lost its PBX."""
    age_ms: int | None


@dataclass(frozen=True)
class Scope:
    """Whose numbers: one tenant, one site or all (empty), with the day of a time zone."""

    tenant: str
    site: str = ""
    zone: str = "America/Sao_Paulo"


_OF_SCOPE = "tenant_id = {tenant:String} AND ({site:String} = '' OR site = {site:String})"

_NOW = f"""
SELECT queue, sum(waiting) AS waiting, sum(talking) AS talking,
    max(longest_wait_ms) AS longest_wait_ms
FROM callcentre.v_queues_now WHERE {_OF_SCOPE} AND channel = 'voice'
GROUP BY queue
"""  # noqa: S608 - constants

_TODAY = f"""
SELECT queue, toUInt8(grouping(queue)) AS is_total,
    sum(w.offered) AS offered, sum(w.answered) AS answered, sum(w.abandoned) AS abandoned,
    sum(w.flowed_out) AS flowed_out, sum(w.open) AS open, sum(w.unknown) AS unknown,
    kpi_service_level_excluding_short(
        sum(kpi_waits_within(w.answered_waits, {{limit:UInt32}})), sum(w.answered),
        sum(w.abandoned), sum(kpi_waits_below(w.abandoned_waits, {{short:UInt32}}))
    ) AS service_level,
    kpi_abandonment_rate(sum(w.abandoned), sum(w.offered)) AS abandonment_rate,
    kpi_mean_wait_answered(sum(w.answered_wait_ms), sum(w.answered)) AS mean_wait_answered_s,
    kpi_mean_wait_all(sum(w.answered_wait_ms), sum(w.abandoned_wait_ms), sum(w.flowed_out_wait_ms),
        sum(w.answered), sum(w.abandoned), sum(w.flowed_out)) AS mean_wait_all_s,
    max(w.wait_max_ms) AS longest_wait_today_ms
FROM callcentre.v_queue_windows AS w
WHERE {_OF_SCOPE} AND channel = 'voice' AND window_start >= toStartOfDay(now(), {{zone:String}})
GROUP BY GROUPING SETS ((queue), ())
"""  # noqa: S608 - constants

# Of the calls that are over: the windows count those still talking as answered.
_HANDLED = f"""
SELECT queue, toUInt8(grouping(queue)) AS is_total,
    kpi_mean_handle_time(sum(c.talk_ms), sum(c.hold_ms), sum(c.wrap_up_ms), count())
        AS mean_handle_s
FROM callcentre.v_queue_calls AS c
WHERE {_OF_SCOPE} AND channel = 'voice' AND entered_at >= toStartOfDay(now(), {{zone:String}})
    AND outcome = 'answered' AND status = 'ended'
GROUP BY GROUPING SETS ((queue), ())
"""  # noqa: S608 - constants

_AGENTS = f"""
SELECT agent_name AS name, site, state, pause_reason, queue,
    if(state = 'paused', since_ms, state_ms) AS since_ms
FROM callcentre.v_agents_now WHERE {_OF_SCOPE} AND channel = 'voice'
ORDER BY name, site
"""  # noqa: S608 - constants

_SITES = f"""
SELECT site, is_ami_connected, age_ms FROM callcentre.v_site_status WHERE {_OF_SCOPE} ORDER BY site
"""  # noqa: S608 - constants


def read(client: Client, scope: Scope) -> Reading:
    """Reads everything; raises ClickHouseError if ClickHouse does not answer or refuses."""
    parameters = {
        "tenant": scope.tenant,
        "site": scope.site,
        "zone": scope.zone,
        "limit": ANSWER_LIMIT_S,
        "short": SHORT_ABANDON_LIMIT_S,
    }

    def rows(query: str) -> list[dict[str, Any]]:
        return list(client.query(query, parameters=parameters).named_results())

    now = {row.pop("queue"): row for row in rows(_NOW)}
    total: dict[str, Any] = {}
    counted: dict[str, dict[str, Any]] = {}
    for row in (*rows(_TODAY), *rows(_HANDLED)):
        name, is_total = row.pop("queue"), row.pop("is_total")
        (total if is_total else counted.setdefault(name, {})).update(row)
    names = sorted(set(now) | set(counted))
    queues = tuple(
        QueueReading(name, **now.get(name, {}), **counted.get(name, {})) for name in names
    )
    sites = rows(_SITES)
    return Reading(
        QueueReading(
            "",
            waiting=sum(queue.waiting for queue in queues),
            talking=sum(queue.talking for queue in queues),
            longest_wait_ms=max((queue.longest_wait_ms for queue in queues), default=0),
            **total,
        ),
        queues,
        tuple(AgentReading(**row) for row in rows(_AGENTS)),
        tuple(row["site"] for row in sites),
        tuple(row["site"] for row in sites if not row["is_ami_connected"]),
        max((row["age_ms"] for row in sites), default=None),
    )
