"""Voz + WhatsApp: the same numbers for both channels, and what only chats have.

*Wait* is wait to the answer for voice and wait to the first assigned person for chats; the first
response, beside it, is to the first message a person wrote (docs/kpi.md, "Chat").
"""

from grafana.queries import coverage
from grafana.queries.filters import CHANNEL, QUEUE, in_range, quarters, seconds
from grafana.queries.results import BUCKET

_CHATS_KEPT = "entered_at > now64(3) - INTERVAL 7 DAY"
"""A chat may last for days; one of a week ago is given up."""

_CHATS = f"""
    SELECT
        count() AS offered,
        countIf(outcome = 'bot_only') AS bot_only,
        countIf(outcome = 'answered') AS answered,
        countIf(first_response_ms IS NOT NULL) AS responded,
        sum(ifNull(first_response_ms, 0)) AS first_response_ms_sum,
        countIf(outcome = 'answered' AND status = 'ended') AS resolved,
        sumIf(dateDiff('millisecond', entered_at, ended_at), outcome = 'answered' AND status = 'ended') AS resolution_ms,
        sum(messages_in) AS messages_in_sum,
        sum(messages_out) AS messages_out_sum
    FROM callcentre.v_queue_calls
    WHERE {in_range("entered_at")} AND channel = 'whatsapp' AND {QUEUE}"""

CARDS = f"""WITH
chats AS
({_CHATS}
),
chats_now AS
(
    SELECT countIf(status = 'waiting') AS unassigned, countIf(status = 'talking') AS in_conversation
    FROM callcentre.v_queue_calls
    WHERE status != 'ended' AND channel = 'whatsapp' AND {_CHATS_KEPT} AND {QUEUE}
),
calls_now AS
(
    SELECT sum(each.waiting) AS waiting, sum(each.talking) AS talking
    FROM callcentre.v_queues_now AS each
    WHERE channel = 'voice' AND {QUEUE}
),
sites AS
(
    {coverage.data_age()}
),
gaps AS
(
    {coverage.unseen("$__fromTime", "$__toTime")}
)
SELECT
    tupleElement(card, 'name') AS name, tupleElement(card, 'value') AS value,
    CAST(NULL, 'Nullable(Float64)') AS low, CAST(NULL, 'Nullable(Float64)') AS high,
    CAST(NULL, 'Nullable(String)') AS colour
FROM
(
    SELECT arrayJoin(CAST([
        ('unassigned', chats_now.unassigned),
        ('in_conversation', chats_now.in_conversation),
        ('calls_waiting', calls_now.waiting),
        ('calls_talking', calls_now.talking),
        ('first_response', kpi_mean_first_response(chats.first_response_ms_sum, chats.responded)),
        ('not_responded', chats.answered - chats.responded),
        ('resolution', kpi_mean_resolution(chats.resolution_ms, chats.resolved)),
        ('containment', kpi_bot_containment(chats.bot_only, chats.offered)),
        ('messages_in', chats.messages_in_sum),
        ('messages_out', chats.messages_out_sum),
        ('data_age', sites.age_s),
        ('unseen', gaps.unseen_s)
    ], 'Array(Tuple(name String, value Nullable(Float64)))')) AS card
    FROM chats CROSS JOIN chats_now CROSS JOIN calls_now CROSS JOIN sites CROSS JOIN gaps
)"""

BY_CHANNEL = f"""SELECT
    each.channel AS channel,
    sum(each.offered) AS offered, sum(each.answered) AS answered, sum(each.abandoned) AS abandoned,
    sum(each.flowed_out) AS flowed_out, sum(each.bot_only) AS bot_only, sum(each.open) AS open,
    sum(each.unknown) AS unknown,
    kpi_service_level_of(sum(each.service_level_met), sum(each.service_level_counted)) AS service_level,
    kpi_service_level_of(sum(each.service_level_met), sum(each.service_level_counted))
        - kpi_service_level_of(sum(each.service_level_wanted), sum(each.service_level_counted)) AS to_target,
    kpi_abandonment_rate(sum(each.abandoned), sum(each.offered)) AS abandonment_rate,
    kpi_mean_wait_answered(sum(each.answered_wait_ms), sum(each.answered)) AS mean_wait_s,
    kpi_mean_handle_time(sum(each.talk_ms), sum(each.hold_ms), sum(each.wrap_up_ms), sum(each.handled)) AS mean_handle_s
FROM callcentre.v_queue_results AS each
WHERE {in_range("window_start")} AND {QUEUE} AND {CHANNEL}
GROUP BY each.channel
ORDER BY channel"""

ARRIVALS = f"""SELECT
    {BUCKET} AS time,
    sumIf(results.offered, results.channel = 'voice') AS voice,
    sumIf(results.offered, results.channel = 'whatsapp') AS whatsapp
FROM {quarters("$__fromTime", "$__toTime")} AS quarters
LEFT JOIN
(
    SELECT toDateTime(window_start, 'UTC') AS quarter, channel, offered
    FROM callcentre.v_queue_results
    WHERE {in_range("window_start")} AND {QUEUE} AND {CHANNEL}
) AS results ON results.quarter = quarters.quarter
GROUP BY time
ORDER BY time"""

LEVELS = f"""SELECT
    {BUCKET} AS time,
    kpi_service_level_of(sumIf(results.met, results.channel = 'voice'), sumIf(results.counted, results.channel = 'voice')) AS voice,
    kpi_service_level_of(sumIf(results.wanted, results.channel = 'voice'), sumIf(results.counted, results.channel = 'voice')) AS voice_target,
    kpi_service_level_of(sumIf(results.met, results.channel = 'whatsapp'), sumIf(results.counted, results.channel = 'whatsapp')) AS whatsapp,
    kpi_service_level_of(sumIf(results.wanted, results.channel = 'whatsapp'), sumIf(results.counted, results.channel = 'whatsapp')) AS whatsapp_target
FROM {quarters("$__fromTime", "$__toTime")} AS quarters
LEFT JOIN
(
    SELECT
        toDateTime(window_start, 'UTC') AS quarter, channel, service_level_met AS met,
        service_level_counted AS counted, service_level_wanted AS wanted
    FROM callcentre.v_queue_results
    WHERE {in_range("window_start")} AND {QUEUE} AND {CHANNEL}
) AS results ON results.quarter = quarters.quarter
GROUP BY time
ORDER BY time"""

CHAT_TIMES = f"""SELECT
    {BUCKET} AS time,
    kpi_mean_first_response(sum(chats.first_response_ms_sum), sum(chats.responded)) AS first_response_s,
    kpi_mean_resolution(sum(chats.resolution_ms), sum(chats.resolved)) AS resolution_s
FROM {quarters("$__fromTime", "$__toTime")} AS quarters
LEFT JOIN
(
    SELECT toDateTime(window_start, 'UTC') AS quarter, responded, first_response_ms_sum, resolved, resolution_ms
    FROM
    (
        SELECT
            window_start,
            countIf(first_response_ms IS NOT NULL) AS responded,
            sum(ifNull(first_response_ms, 0)) AS first_response_ms_sum,
            countIf(outcome = 'answered' AND status = 'ended') AS resolved,
            sumIf(dateDiff('millisecond', entered_at, ended_at), outcome = 'answered' AND status = 'ended') AS resolution_ms
        FROM callcentre.v_queue_calls
        WHERE {in_range("entered_at")} AND channel = 'whatsapp' AND {QUEUE}
        GROUP BY window_start
    )
) AS chats ON chats.quarter = quarters.quarter
GROUP BY time
ORDER BY time"""

CHATS_BY_QUEUE = f"""SELECT
    settings.display_name AS name, chats.offered AS offered, chats.answered AS answered,
    chats.abandoned AS abandoned, chats.bot_only AS bot_only, mean_wait_s, first_response_s, p90_first_response_s,
    not_responded, resolution_s, messages_in_sum, messages_out_sum, chats.queue AS queue
FROM
(
    SELECT
        tenant_id, queue, count() AS offered,
        countIf(outcome = 'answered') AS answered,
        countIf(outcome = 'abandoned') AS abandoned,
        countIf(outcome = 'bot_only') AS bot_only,
        kpi_mean_wait_answered(sumIf(ifNull(wait_ms, 0), outcome = 'answered'), countIf(outcome = 'answered')) AS mean_wait_s,
        kpi_mean_first_response(sum(ifNull(first_response_ms, 0)), countIf(first_response_ms IS NOT NULL)) AS first_response_s,
        {seconds("quantileExactIf(0.9)(first_response_ms, first_response_ms IS NOT NULL)")} AS p90_first_response_s,
        countIf(outcome = 'answered' AND first_response_ms IS NULL) AS not_responded,
        kpi_mean_resolution(
            sumIf(dateDiff('millisecond', entered_at, ended_at), outcome = 'answered' AND status = 'ended'),
            countIf(outcome = 'answered' AND status = 'ended')) AS resolution_s,
        sum(messages_in) AS messages_in_sum,
        sum(messages_out) AS messages_out_sum
    FROM callcentre.v_queue_calls
    WHERE {in_range("entered_at")} AND channel = 'whatsapp' AND {QUEUE}
    GROUP BY tenant_id, queue
) AS chats
INNER JOIN callcentre.v_queue_settings AS settings
    ON settings.tenant_id = chats.tenant_id AND settings.queue = chats.queue
ORDER BY offered DESC, name"""

CONCURRENCY = f"""SELECT
    if(people.person != '', people.person, chats.agent_name) AS person, any(people.team) AS team,
    count() AS conversations,
    max({seconds("dateDiff('millisecond', entered_at, now64(3))")}) AS oldest_s,
    countIf(first_response_at IS NULL) AS not_responded
FROM
(
    SELECT tenant_id, site, agent_key, agent_name, entered_at, first_response_at
    FROM callcentre.v_queue_calls
    WHERE status = 'talking' AND channel = 'whatsapp' AND {_CHATS_KEPT} AND {QUEUE}
) AS chats
LEFT JOIN (SELECT tenant_id, site, agent_key, person, team FROM callcentre.v_agents_registry) AS people
    ON people.tenant_id = chats.tenant_id AND people.site = chats.site AND people.agent_key = chats.agent_key
GROUP BY person
ORDER BY conversations DESC, person"""
"""How many chats each person has at once now."""
