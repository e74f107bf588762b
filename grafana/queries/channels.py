"""Voz + WhatsApp: the same numbers for both channels, and what only chats have.

*Wait* is wait to the answer for voice and wait to the first assigned person for chats; the first
response, beside it, is to the first message a person wrote (docs/kpi.md, "Chat").
"""

# ruff: noqa: S608 - statements are put together of constants of our own alone

from grafana.queries import numbers
from grafana.queries.agents import STATES
from grafana.queries.axis import by_time, quarter_of
from grafana.queries.filters import (
    AGENT,
    CHANNEL,
    QUEUE,
    TEAM,
    chosen_as,
    in_range,
    seconds,
    whole,
)

_SUMS = """
        count() AS offered,
        countIf(outcome = 'answered') AS answered,
        countIf(outcome = 'abandoned') AS abandoned,
        countIf(outcome = 'bot_only') AS bot_only,
        countIf(outcome = 'answered' AND first_response_ms IS NULL) AS not_responded,
        kpi_mean_first_response(sum(ifNull(first_response_ms, 0)),
            countIf(first_response_ms IS NOT NULL)) AS first_response_s,
        kpi_mean_resolution(sum(ifNull(resolution_ms, 0)),
            countIf(resolution_ms IS NOT NULL)) AS resolution_s,
        kpi_bot_containment(countIf(outcome = 'bot_only'), count()) AS bot_containment,
        sum(messages_in) AS messages_in_sum,
        sum(messages_out) AS messages_out_sum"""

CARDS = numbers.plain(
    {
        "chats": f"""SELECT{_SUMS}
    FROM callcentre.v_chats
    WHERE {in_range("entered_at")} AND {QUEUE}""",
        "chats_now": f"""\
SELECT countIf(is_unassigned) AS unassigned, countIf(NOT is_unassigned) AS in_conversation
    FROM callcentre.v_chats_now
    WHERE {QUEUE}""",
        "calls_now": f"""SELECT sum(each.waiting) AS waiting, sum(each.talking) AS talking
    FROM callcentre.v_queues_now AS each
    WHERE channel = 'voice' AND {QUEUE}""",
    },
    {
        "unassigned": "chats_now.unassigned",
        "in_conversation": "chats_now.in_conversation",
        "calls_waiting": "calls_now.waiting",
        "calls_talking": "calls_now.talking",
        "first_response": whole("chats.first_response_s"),
        "not_responded": "chats.not_responded",
        "resolution": whole("chats.resolution_s"),
        "containment": "chats.bot_containment",
        "messages_in": "chats.messages_in_sum",
        "messages_out": "chats.messages_out_sum",
    },
)

BY_CHANNEL = f"""SELECT
    each.channel AS channel,
    sum(each.offered) AS offered, sum(each.answered) AS answered, sum(each.abandoned) AS abandoned,
    sum(each.flowed_out) AS flowed_out, sum(each.bot_only) AS bot_only, sum(each.open) AS open,
    sum(each.unknown) AS unknown,
    kpi_service_level_of(sum(each.service_level_met),
        sum(each.service_level_counted)) AS service_level,
    round(kpi_service_level_of(sum(each.service_level_met), sum(each.service_level_counted))
        - kpi_service_level_of(sum(each.service_level_wanted),
            sum(each.service_level_counted)), 9) AS to_target,
    kpi_abandonment_rate(sum(each.abandoned), sum(each.offered)) AS abandonment_rate,
    round(kpi_mean_wait_answered(sum(each.answered_wait_ms), sum(each.answered))) AS mean_wait_s,
    round(kpi_mean_handle_time(sum(each.talk_ms), sum(each.hold_ms), sum(each.wrap_up_ms),
        sum(each.handled))) AS mean_handle_s
FROM callcentre.v_queue_results AS each
WHERE {in_range("window_start")} AND {QUEUE} AND {CHANNEL}
GROUP BY each.channel
ORDER BY channel"""

ARRIVALS = by_time(
    """sumIf(results.offered, results.channel = 'voice') AS voice,
    sumIf(results.offered, results.channel = 'whatsapp') AS whatsapp""",
    "results",
    f"""SELECT toDateTime(window_start, 'UTC') AS quarter, channel, offered
    FROM callcentre.v_queue_results
    WHERE {in_range("window_start")} AND {QUEUE} AND {CHANNEL}""",
)

LEVELS = by_time(
    """kpi_service_level_of(sumIf(results.met, results.channel = 'voice'), sumIf(results.counted,
        results.channel = 'voice')) AS voice,
    kpi_service_level_of(sumIf(results.wanted, results.channel = 'voice'), sumIf(results.counted,
        results.channel = 'voice')) AS voice_target,
    kpi_service_level_of(sumIf(results.met, results.channel = 'whatsapp'), sumIf(results.counted,
        results.channel = 'whatsapp')) AS whatsapp,
    kpi_service_level_of(sumIf(results.wanted, results.channel = 'whatsapp'),
        sumIf(results.counted, results.channel = 'whatsapp')) AS whatsapp_target""",
    "results",
    f"""SELECT
        toDateTime(window_start, 'UTC') AS quarter, channel, service_level_met AS met,
        service_level_counted AS counted, service_level_wanted AS wanted
    FROM callcentre.v_queue_results
    WHERE {in_range("window_start")} AND {QUEUE} AND {CHANNEL}""",
)

CHAT_TIMES = by_time(
    """kpi_mean_first_response(sum(chats.first_ms), sum(chats.responded)) AS first_response_s,
    kpi_mean_resolution(sum(chats.resolved_ms), sum(chats.resolved)) AS resolution_s""",
    "chats",
    f"""SELECT
        {quarter_of("entered_at")} AS quarter,
        first_response_ms IS NOT NULL AS responded, ifNull(first_response_ms, 0) AS first_ms,
        resolution_ms IS NOT NULL AS resolved, ifNull(resolution_ms, 0) AS resolved_ms
    FROM callcentre.v_chats
    WHERE {in_range("entered_at")} AND {QUEUE}""",
)

CHATS_BY_QUEUE = f"""SELECT
    settings.display_name AS name, offered, answered, abandoned, bot_only,
    {whole("mean_wait_s")} AS mean_wait_s, {whole("first_response_s")} AS first_response_s,
    p90_first_response_s, not_responded, {whole("resolution_s")} AS resolution_s,
    messages_in_sum, messages_out_sum, {chosen_as("chats.queue")} AS queue
FROM
(
    SELECT
        tenant_id, queue,{_SUMS},
        kpi_mean_wait_answered(sumIf(ifNull(wait_ms, 0), outcome = 'answered'),
            countIf(outcome = 'answered')) AS mean_wait_s,
        {seconds("quantileExactIf(0.9)(first_response_ms, first_response_ms IS NOT NULL)")}
            AS p90_first_response_s
    FROM callcentre.v_chats
    WHERE {in_range("entered_at")} AND {QUEUE}
    GROUP BY tenant_id, queue
) AS chats
INNER JOIN callcentre.v_queue_settings AS settings
    ON settings.tenant_id = chats.tenant_id AND settings.queue = chats.queue
ORDER BY offered DESC, name"""

# As v_people_load, but over the range as a whole: cut into quarters it costs ten times that.
_SPANS = f"""
        SELECT
            tenant_id, person, team,
            multiIf(
                state IN ('talking', 'hold', 'wrap_up'), 'conversation',
                state = 'available', 'free',
                'present') AS kind,
            (toUnixTimestamp64Milli(since), toUnixTimestamp64Milli(until)) AS span
        FROM
        ({STATES}
        )
        WHERE state NOT IN ('logged_out', 'unreachable')
        UNION ALL
        SELECT
            chats.tenant_id, if(people.person != '', people.person, chats.agent_name) AS person,
            people.team AS team, 'conversation',
            (
                toUnixTimestamp64Milli(greatest(chats.began, toDateTime64($__fromTime, 3))),
                toUnixTimestamp64Milli(least(chats.ended, toDateTime64($__toTime, 3)))
            )
        FROM
        (
            SELECT
                tenant_id, site, agent_key, agent_name, assumeNotNull(answered_at) AS began,
                ifNull(ended_at, now64(3)) AS ended
            FROM callcentre.v_chats
            WHERE answered_at < $__toTime AND ended > $__fromTime
                AND open_until > $__fromTime AND {QUEUE}
        ) AS chats
        LEFT JOIN
        (
            SELECT tenant_id, site, agent_key, person, team FROM callcentre.v_agents_registry
        ) AS people
            ON people.tenant_id = chats.tenant_id AND people.site = chats.site
            AND people.agent_key = chats.agent_key
        WHERE {TEAM} AND {AGENT}"""

PEOPLE = f"""SELECT
    load.person AS person, load.team_name AS team, now.voice_state AS voice_state,
    now.chats_open AS chats_open, now.chats_waiting_for_response AS not_responded,
    kpi_mean_concurrency(conversation_ms, busy_ms) AS concurrency,
    kpi_occupancy(busy_ms, available_ms) AS occupancy,
    {seconds("busy_ms")} AS busy_s, {seconds("logged_in_ms")} AS logged_in_s,
    {chosen_as("load.person")} AS agent
FROM
(
    SELECT
        tenant_id, person, any(team) AS team_name,
        groupArrayIf(span, kind = 'conversation') AS conversations,
        groupArrayIf(span, kind = 'free') AS free,
        groupArrayIf(span, kind = 'present') AS present,
        arraySum(each -> each.2 - each.1, conversations) AS conversation_ms,
        kpi_covered_ms(conversations) AS busy_ms,
        kpi_covered_ms(arrayConcat(conversations, free)) - busy_ms AS available_ms,
        kpi_covered_ms(arrayConcat(conversations, free, present)) AS logged_in_ms
    FROM
    ({_SPANS}
    )
    GROUP BY tenant_id, person
) AS load
LEFT JOIN callcentre.v_people_now AS now
    ON now.tenant_id = load.tenant_id AND now.person = load.person
ORDER BY chats_open DESC, occupancy DESC, person"""
"""One row per person, both channels together: time counted once, however many conversations."""
