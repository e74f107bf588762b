"""Agentes: what each agent did in the range of the page. Time is clipped at its ends.

A state that began before the range and reaches into it counts from the range's start. States begin
at most a month before; one that has run for longer than that is found among those of this moment.
"""

# ruff: noqa: S608 - statements are put together of constants of our own alone

from grafana.language import Language
from grafana.queries import numbers
from grafana.queries.bins import Bins
from grafana.queries.filters import (
    AGENT,
    CHANNEL,
    QUEUE,
    QUEUE_OF_AGENT,
    TEAM,
    ZONE,
    chosen_as,
    in_range,
    seconds,
    whole,
)

_LOOK_BACK = "INTERVAL 31 DAY"
"""How long before the range what reaches into it may have begun."""

_PEOPLE = f"""
        SELECT
            tenant_id, site, agent_key, person, team,
            if(count() OVER (PARTITION BY tenant_id, person) > 1, concat(person, ' · ',
                agent_key), person) AS label
        FROM callcentre.v_agents_registry
        WHERE {TEAM} AND {AGENT} AND {QUEUE_OF_AGENT}"""
"""The chosen people. One with several telephones or accounts has a label for each."""

STATES = f"""
    SELECT
        states.tenant_id AS tenant_id, people.person AS person, people.label AS label,
            people.team AS team,
        states.state AS state, states.pause_reason AS pause_reason,
            states.offer_result AS offer_result,
        states.since AS since, states.until AS until,
        states.state_since AS state_since, states.ended_at AS ended_at,
        toUInt64(dateDiff('millisecond', states.since, states.until)) AS within_ms
    FROM
    (
        SELECT
            tenant_id, site, agent_key, state, pause_reason, offer_result, state_since, ended_at,
            greatest(started_at, toDateTime64($__fromTime, 3)) AS since,
            least(ifNull(ended_at, now64(3)), toDateTime64($__toTime, 3)) AS until
        FROM callcentre.v_agent_states
        WHERE started_at > $__fromTime - {_LOOK_BACK} AND started_at < $__toTime
            AND ifNull(ended_at, now64(3)) > $__fromTime AND {CHANNEL}
        UNION ALL
        SELECT
            tenant_id, site, agent_key, state, pause_reason, '', state_since, NULL,
            toDateTime64($__fromTime, 3), least(now64(3), toDateTime64($__toTime, 3))
        FROM callcentre.v_agents_now
        WHERE started_at <= $__fromTime - {_LOOK_BACK} AND now() > $__fromTime AND {CHANNEL}
    ) AS states
    INNER JOIN
    ({_PEOPLE}
    ) AS people
        ON people.tenant_id = states.tenant_id AND people.site = states.site
            AND people.agent_key = states.agent_key
    WHERE until > since"""
"""Every state that reaches into the range, cut at its ends."""

_LIMITS = """
        SELECT tenant_id, mapFromArrays(groupArray(pause_reason), groupArray(limit_s)) AS of
        FROM callcentre.v_pause_limits
        GROUP BY tenant_id"""
"""How long pauses may last, one row per customer: what `pause_limit_s` looks a reason up in."""

_CALLS = f"""
        SELECT
            if(people.person != '', people.person, calls.agent_name) AS person, people.team AS team,
            calls.tenant_id AS tenant_id, calls.queue AS queue, calls.channel AS channel,
                calls.call_id AS call_id,
            calls.caller AS caller, calls.entered_at AS entered_at, calls.status AS status,
            calls.wait_ms AS wait_ms, calls.talk_ms AS talk_ms, calls.hold_ms AS hold_ms,
            calls.wrap_up_ms AS wrap_up_ms, calls.handle_ms AS handle_ms,
                calls.ended_by AS ended_by,
            calls.transfer AS transfer
        FROM
        (
            SELECT
                tenant_id, site, agent_key, agent_name, queue, channel, call_id, caller,
                    entered_at, status,
                wait_ms, talk_ms, hold_ms, wrap_up_ms, handle_ms, ended_by, transfer
            FROM callcentre.v_queue_calls
            WHERE {in_range("entered_at")} AND outcome = 'answered' AND {QUEUE} AND {CHANNEL}
        ) AS calls
        LEFT JOIN (SELECT tenant_id, site, agent_key, person, team
            FROM callcentre.v_agents_registry) AS people
            ON people.tenant_id = calls.tenant_id AND people.site = calls.site
                AND people.agent_key = calls.agent_key"""

_HANDLED = f"""
    SELECT person, talk_ms, hold_ms, wrap_up_ms, handle_ms, status, transfer
    FROM
    ({_CALLS}
    )
    WHERE {TEAM} AND {AGENT}"""
"""Answered calls that arrived in the range. Who answered may be nobody whose states are known."""

_HANDLING = "each.state IN ('talking', 'hold', 'wrap_up')"
_WORKING_TIMES = f"""
        sumIf(each.within_ms, {_HANDLING}) AS handle_ms,
        sumIf(each.within_ms, each.state = 'available') AS available_ms,
        sumIf(each.within_ms, each.state != 'logged_out') AS logged_in_ms,
        sumIf(each.within_ms, each.state = 'paused') AS paused_ms,
        sumIf(each.within_ms, each.state IN ('busy_other', 'ringing', 'unreachable')) AS other_ms,
        countIf(each.offer_result = 'missed' AND each.ended_at >= $__fromTime
            AND each.ended_at < $__toTime) AS missed"""

CARDS = numbers.plain(
    {
        "times": f"""SELECT{_WORKING_TIMES}
    FROM
    ({STATES}
    ) AS each""",
        "calls": f"""SELECT
        count() AS answered,
        kpi_mean_handle_time(
            sumIf(each.talk_ms, each.status = 'ended'), sumIf(each.hold_ms, each.status = 'ended'),
            sumIf(each.wrap_up_ms, each.status = 'ended'),
            countIf(each.status = 'ended')) AS mean_handle_s
    FROM
    ({_HANDLED}
    ) AS each""",
        "live": f"""SELECT
        countIf(each.state != 'logged_out') AS logged_in,
        countIf(each.state IN ('paused', 'paused_over_limit')) AS paused,
        countIf(each.state = 'paused_over_limit') AS over_limit
    FROM callcentre.v_agents_board AS each
    WHERE {CHANNEL} AND {TEAM} AND {AGENT} AND {QUEUE_OF_AGENT}""",
    },
    {
        "logged_in": "live.logged_in",
        "paused": "live.paused",
        "over_limit": "live.over_limit",
        "answered": "calls.answered",
        "missed": "times.missed",
        "mean_handle": whole("calls.mean_handle_s"),
        "occupancy": "kpi_occupancy(times.handle_ms, times.available_ms)",
        "utilisation": "kpi_utilisation(times.handle_ms, times.logged_in_ms)",
    },
)

TIMELINE = f"""SELECT moment.1 AS time, label, moment.2 AS state
FROM
(
    SELECT
        label,
        arrayJoin(if(
            following = until,
            [(since, toNullable(state))],
            [(since, toNullable(state)), (until, NULL)])) AS moment
    FROM
    (
        SELECT
            label, if(state = 'paused' AND is_over_limit, 'paused_over_limit', state) AS state,
                since, until,
            max(state != 'logged_out') OVER (PARTITION BY label) AS was_logged_in,
            leadInFrame(toNullable(since)) OVER (
                PARTITION BY label ORDER BY since ROWS BETWEEN CURRENT ROW
                    AND UNBOUNDED FOLLOWING) AS following
        FROM
        (
            SELECT
                each.label AS label, each.state AS state, each.since AS since, each.until AS until,
                dateDiff('millisecond', each.state_since, each.until)
                    > 1000 * pause_limit_s(limits.of, each.pause_reason) AS is_over_limit
            FROM
            ({STATES}
            ) AS each
            LEFT JOIN
            ({_LIMITS}
            ) AS limits ON limits.tenant_id = each.tenant_id
        )
    )
    WHERE was_logged_in
)
ORDER BY time, state IS NOT NULL, label"""
"""When each state began, the one before the range at its start; nothing where none is known. Who
was never logged in has no row."""

BY_AGENT = f"""SELECT
    times.person AS person, any(times.team) AS team,
    {seconds("any(times.logged_in_ms)")} AS logged_in_s,
    {seconds("any(times.available_ms)")} AS available_s,
    {seconds("any(times.handle_ms)")} AS handle_s,
    {seconds("any(times.paused_ms)")} AS paused_s,
    {seconds("any(times.other_ms)")} AS other_s,
    kpi_occupancy(any(times.handle_ms), any(times.available_ms)) AS occupancy,
    kpi_utilisation(any(times.handle_ms), any(times.logged_in_ms)) AS utilisation,
    countIf(handled.person != '') AS answered,
    round(kpi_mean_handle_time(
        sumIf(handled.talk_ms, handled.status = 'ended'),
        sumIf(handled.hold_ms, handled.status = 'ended'),
        sumIf(handled.wrap_up_ms, handled.status = 'ended'),
        countIf(handled.status = 'ended'))) AS mean_handle_s,
    countIf(handled.transfer IN ('blind', 'attended')) AS transferred,
    any(times.missed) AS missed, {chosen_as("times.person")} AS agent
FROM
(
    SELECT each.person AS person, any(each.team) AS team,{_WORKING_TIMES}
    FROM
    ({STATES}
    ) AS each
    GROUP BY each.person
) AS times
LEFT JOIN
({_HANDLED}
) AS handled ON handled.person = times.person
GROUP BY times.person
HAVING any(times.logged_in_ms) > 0
ORDER BY occupancy DESC, person"""

OCCUPANCY = f"""SELECT each.person AS person, kpi_occupancy(handle_ms, available_ms) AS occupancy
FROM
(
    SELECT each.person AS person,{_WORKING_TIMES}
    FROM
    ({STATES}
    ) AS each
    GROUP BY each.person
) AS each
WHERE occupancy IS NOT NULL
ORDER BY occupancy DESC, person
LIMIT 40"""

PAUSES = f"""SELECT
    person, pause_reason, count() AS pauses, {seconds("sum(within_ms)")} AS paused_s,
    {seconds("max(lasted_ms)")} AS longest_s, limit_s,
        countIf(lasted_ms > 1000 * limit_s) AS over_limit, {chosen_as("person")} AS agent
FROM
(
    SELECT
        each.person AS person, each.pause_reason AS pause_reason, sum(each.within_ms) AS within_ms,
        toUInt64(dateDiff('millisecond', each.state_since, max(each.until))) AS lasted_ms,
        any(pause_limit_s(limits.of, each.pause_reason)) AS limit_s
    FROM
    ({STATES}
    ) AS each
    LEFT JOIN
    ({_LIMITS}
    ) AS limits ON limits.tenant_id = each.tenant_id
    WHERE each.state = 'paused'
    GROUP BY each.person, each.pause_reason, each.state_since
)
GROUP BY person, pause_reason, limit_s
ORDER BY over_limit DESC, paused_s DESC, person"""
"""One pause is what has one beginning, calls in between or not."""

SESSIONS = f"""SELECT
    formatDateTime(min(since), '%d/%m', {ZONE}) AS day, person,
    min(since) AS first_seen, max(until) AS last_seen,
    {seconds("sum(within_ms)")} AS logged_in_s, {chosen_as("person")} AS agent
FROM
({STATES}
)
WHERE state != 'logged_out'
GROUP BY toDate(since, {ZONE}), person
ORDER BY toDate(since, {ZONE}) DESC, person
LIMIT 200"""
"""Days of the customer's zone as text: a date would be shown as its midnight in UTC."""

_HANDLE_BINS = Bins((0, 60, 120, 180, 300, 600, 1200), "min", 60)


def handle_times(language: Language) -> str:
    """How long answered calls took to handle: a row per bin, empty ones too."""
    return _HANDLE_BINS.counted(
        language,
        "countIf(handled.person != '')",
        "handled",
        f"""SELECT person, arrayMax(arrayFilter(start -> start <= {seconds("handle_ms")},
        [{_HANDLE_BINS.starts}])) AS start
    FROM
    ({_HANDLED}
    )
    WHERE status = 'ended'""",
    )


CALLS = f"""SELECT
    calls.entered_at AS entered_at, calls.channel AS channel,
        settings.display_name AS queue_name, calls.caller AS caller,
    {seconds("calls.wait_ms")} AS wait_s, calls.person AS person,
        {seconds("calls.talk_ms")} AS talk_s,
    {seconds("calls.hold_ms")} AS hold_s, {seconds("calls.wrap_up_ms")} AS wrap_up_s,
    calls.ended_by AS ended_by, calls.transfer AS transfer, calls.call_id AS call_id,
    {chosen_as("calls.person")} AS agent
FROM
({_CALLS}
) AS calls
INNER JOIN callcentre.v_queue_settings AS settings
    ON settings.tenant_id = calls.tenant_id AND settings.queue = calls.queue
WHERE {TEAM} AND {AGENT}
ORDER BY entered_at DESC
LIMIT 100"""
