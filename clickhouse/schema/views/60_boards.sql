-- What boards, alerts and analysts ask for most, with the customer's settings applied as the rows are
-- read (docs/adr/0060): a changed limit, variant or target holds for the past too. Counts and sums
-- only; whoever reads them sums over the rows wanted and calls a kpi_* function once.

CREATE OR REPLACE VIEW callcentre.v_queue_results SQL SECURITY INVOKER
COMMENT 'Per queue and quarter of an hour of arrival: counts and sums, and what the queue''s own limits, variant and target of the service level make of them.'
AS SELECT
    results.tenant_id AS tenant_id, results.site AS site, results.channel AS channel, results.queue AS queue,
    settings.display_name AS display_name,
    results.window_start AS window_start,
    offered, answered, abandoned, flowed_out, timed_out, left_empty, exited_by_key, withdrawn,
    transferred_away, bot_only, unknown, open, handled,
    answered_wait_ms, abandoned_wait_ms, flowed_out_wait_ms, wait_max_ms, talk_ms, hold_ms, wrap_up_ms,
    settings.answer_limit_s AS answer_limit_s,
    settings.short_abandon_s AS short_abandon_s,
    settings.service_level_variant AS service_level_variant,
    settings.service_level_target AS service_level_target,
    kpi_waits_within(answered_waits, settings.answer_limit_s) AS answered_within,
    kpi_waits_within(abandoned_waits, settings.answer_limit_s) AS abandoned_within,
    kpi_waits_below(abandoned_waits, settings.short_abandon_s) AS abandoned_short,
    kpi_waits_within(flowed_out_waits, settings.answer_limit_s) AS flowed_out_within,
    kpi_service_level_met(service_level_variant, answered_within, abandoned_within, flowed_out_within) AS service_level_met,
    kpi_service_level_counted(
        service_level_variant, answered, abandoned, abandoned_short, abandoned_within, flowed_out, offered) AS service_level_counted,
    settings.service_level_target * service_level_counted AS service_level_wanted
FROM callcentre.v_queue_windows AS results
INNER JOIN callcentre.v_queue_settings AS settings
    ON settings.tenant_id = results.tenant_id AND settings.queue = results.queue;

ALTER TABLE callcentre.v_queue_results
    COMMENT COLUMN queue 'Queue as the source names it',
    COMMENT COLUMN display_name 'Name of the queue as people are to see it',
    COMMENT COLUMN flowed_out 'Left unanswered by time-out, empty queue, key, withdrawal or redirection',
    COMMENT COLUMN wait_max_ms 'Longest wait of all that ended, milliseconds',
    COMMENT COLUMN talk_ms 'Sum of the conversations without hold, milliseconds',
    COMMENT COLUMN hold_ms 'Sum of holds, milliseconds',
    COMMENT COLUMN wrap_up_ms 'Sum of after-call work, milliseconds',
    COMMENT COLUMN answer_limit_s 'T, the queue''s answer limit, seconds; a wait of exactly T is within it',
    COMMENT COLUMN short_abandon_s 'S, the queue''s short-abandon limit, seconds; a wait of exactly S is not short',
    COMMENT COLUMN service_level_variant 'Variant of the queue''s service level: a name of docs/kpi.md without kpi_service_level_',
    COMMENT COLUMN service_level_target 'Service level the queue is to reach, 0..1',
    COMMENT COLUMN answered_within 'Answered within T',
    COMMENT COLUMN abandoned_within 'Abandoned within T, short abandons included',
    COMMENT COLUMN abandoned_short 'Abandoned before S',
    COMMENT COLUMN flowed_out_within 'Flowed out within T',
    COMMENT COLUMN service_level_met 'What stands above the line of the queue''s variant; kpi_service_level_of(sum of this, sum of service_level_counted)',
    COMMENT COLUMN service_level_counted 'What stands below the line of the queue''s variant',
    COMMENT COLUMN service_level_wanted 'How many of service_level_counted would just meet the target; over it, the target of several queues together';

CREATE OR REPLACE VIEW callcentre.v_queue_members_now SQL SECURITY INVOKER
COMMENT 'One row per logged-in agent and queue the agent is in at this moment.'
AS SELECT
    members.tenant_id AS tenant_id,
    members.site AS site,
    agents.channel AS channel,
    members.queue AS queue,
    members.agent_key AS agent_key,
    CAST(members.is_paused, 'Bool') AS is_paused,
    members.penalty AS penalty,
    agents.state AS state,
    CAST(agents.state = 'available' AND NOT members.is_paused, 'Bool') AS is_available
FROM (SELECT tenant_id, site, queue, agent_key, is_paused, penalty FROM callcentre.memberships_now FINAL) AS members
INNER JOIN (SELECT tenant_id, site, channel, agent_key, state FROM callcentre.agents_now FINAL WHERE state != 'logged_out') AS agents
    ON agents.tenant_id = members.tenant_id AND agents.site = members.site AND agents.agent_key = members.agent_key;

ALTER TABLE callcentre.v_queue_members_now
    COMMENT COLUMN site 'Telephone exchange or chat account the row came from',
    COMMENT COLUMN queue 'Queue as the source names it',
    COMMENT COLUMN agent_key 'Agent: normalised interface, unique within a site',
    COMMENT COLUMN is_paused 'Paused in this queue',
    COMMENT COLUMN penalty 'Penalty of the agent in this queue: agents with a lower one are rung first',
    COMMENT COLUMN state 'What the agent does now',
    COMMENT COLUMN is_available 'A call of this queue would ring there now';

CREATE OR REPLACE VIEW callcentre.v_agents_board SQL SECURITY INVOKER
COMMENT 'One row per agent: who it is, what the agent does now, and for how long that may go on.'
AS SELECT
    agents.tenant_id AS tenant_id,
    agents.site AS site,
    agents.channel AS channel,
    agents.agent_key AS agent_key,
    agents.agent_name AS agent_name,
    person_of(registry.person, agents.agent_name, agents.agent_key) AS person,
    registry.team AS team,
    if(ifNull(agents.since_ms > 1000 * pause_limit_s, false), 'paused_over_limit', agents.state) AS state,
    agents.pause_reason AS pause_reason,
    agents.queue AS queue,
    agents.started_at AS started_at,
    agents.state_since AS state_since,
    if(agents.state = 'paused', agents.since_ms, agents.state_ms) AS lasts_ms,
    if(agents.state = 'paused', pause_limit_s(limits.of, agents.pause_reason), NULL) AS pause_limit_s,
    agents.is_estimated AS is_estimated
FROM callcentre.v_agents_now AS agents
LEFT JOIN (SELECT * FROM callcentre.agents_registry FINAL) AS registry
    ON registry.tenant_id = agents.tenant_id AND registry.site = agents.site AND registry.agent_key = agents.agent_key
LEFT JOIN
(
    SELECT tenant_id, mapFromArrays(groupArray(pause_reason), groupArray(limit_s)) AS of
    FROM callcentre.pause_limits FINAL
    GROUP BY tenant_id
) AS limits
    ON limits.tenant_id = agents.tenant_id
SETTINGS join_use_nulls = 0;

ALTER TABLE callcentre.v_agents_board
    COMMENT COLUMN agent_key 'Agent: normalised interface, unique within a site',
    COMMENT COLUMN agent_name 'The agent''s name as last seen',
    COMMENT COLUMN person 'Who the agent is: as registered, else the name as last seen, else the key',
    COMMENT COLUMN team 'Team the person belongs to; empty if none',
    COMMENT COLUMN state 'State that is running; paused_over_limit if a pause lasts longer than it may',
    COMMENT COLUMN pause_reason 'Reason of the pause; empty if not paused or not told',
    COMMENT COLUMN queue 'Queue of the queue call the state is about; empty if none',
    COMMENT COLUMN started_at 'Moment the state began',
    COMMENT COLUMN state_since 'Moment the pause or login began, which survives interruptions by calls',
    COMMENT COLUMN lasts_ms 'How long it has lasted until now, milliseconds; a pause with its interruptions by calls',
    COMMENT COLUMN pause_limit_s 'How long the pause may last, seconds; NULL if not paused or without a limit';

CREATE OR REPLACE VIEW callcentre.v_pauses_now SQL SECURITY INVOKER
COMMENT 'One row per agent who is paused at this moment, with how long that may last.'
AS SELECT
    tenant_id, site, channel, agent_key, agent_name, pause_reason, state_since,
    lasts_ms AS since_ms,
    pause_limit_s AS limit_s,
    CAST(state = 'paused_over_limit', 'Bool') AS is_over_limit
FROM callcentre.v_agents_board
WHERE state IN ('paused', 'paused_over_limit');

ALTER TABLE callcentre.v_pauses_now
    COMMENT COLUMN agent_key 'Agent: normalised interface, unique within a site',
    COMMENT COLUMN agent_name 'The agent''s name as last seen',
    COMMENT COLUMN pause_reason 'Reason of the pause; empty if not told',
    COMMENT COLUMN state_since 'Moment the pause began, which survives interruptions by calls',
    COMMENT COLUMN since_ms 'How long the pause has lasted until now, milliseconds',
    COMMENT COLUMN limit_s 'How long it may last, seconds; NULL if there is no limit',
    COMMENT COLUMN is_over_limit 'It has lasted longer than it may';

-- Two sorts of moments in one line per person: visits to queues and calls placed to the person. What
-- came after a visit is then what stands before it in the line told backwards, so each row adds to what
-- is known and nothing is counted anew. A month is enough to be called back in, and bounds what is read.
CREATE OR REPLACE VIEW callcentre.v_abandoned_callers SQL SECURITY INVOKER
COMMENT 'One row per queue call that was abandoned within the last 31 days: who it was, and whether the person called again or was called back within 24 hours.'
AS SELECT
    tenant_id, site, channel, queue, call_id, entered_at, ended_at, wait_ms, caller, caller_hash,
    if(again_at <= until, again_at, NULL) AS tried_again_at,
    if(served_at <= until, served_at, NULL) AS served_later_at,
    if(called.1 <= until, called.1, NULL) AS called_back_at,
    if(called_back_at IS NULL, '', called.2) AS called_back_by,
    if(reached.1 <= until, reached.1, NULL) AS reached_at,
    if(reached_at IS NULL, '', reached.2) AS reached_by,
    multiIf(
        served_later_at IS NOT NULL, 'served_later',
        reached_at IS NOT NULL, 'reached',
        ifNull(abandoned_at <= until, false), 'abandoned_again',
        caller_hash = '', 'withheld',
        called_back_at IS NOT NULL, 'not_reached',
        tried_again_at IS NOT NULL, 'tried_again',
        'to_call_back') AS follow_up,
    CAST(follow_up IN ('to_call_back', 'tried_again', 'not_reached'), 'Bool') AS is_to_call_back
FROM
(
    SELECT
        *,
        ended_at + INTERVAL 1 DAY AS until,
        minIf(toNullable(entered_at), kind = 'visit') OVER later AS again_at,
        minIf(toNullable(entered_at), kind = 'visit' AND outcome = 'answered') OVER later AS served_at,
        minIf(toNullable(entered_at), kind = 'visit' AND outcome = 'abandoned') OVER later AS abandoned_at,
        argMinIf((toNullable(entered_at), agent_name), entered_at, kind = 'call back') OVER later AS called,
        argMinIf((toNullable(entered_at), agent_name), entered_at, kind = 'call back' AND outcome = 'answered') OVER later AS reached
    FROM
    (
        SELECT
            'visit' AS kind, tenant_id, site, channel, queue, call_id, entered_at, ended_at, wait_ms, caller,
            caller_hash, if(caller_hash = '', call_id, caller_hash) AS person, agent_name, outcome
        FROM callcentre.queue_calls FINAL
        WHERE entered_at > now64(3) - INTERVAL 31 DAY
        UNION ALL
        SELECT
            'call back', tenant_id, site, '', '', uniqueid, started_at, ended_at, NULL, callee,
            callee_hash, callee_hash, agent_name, if(answered_at IS NULL, '', 'answered')
        FROM callcentre.outbound_calls FINAL
        WHERE started_at > now64(3) - INTERVAL 31 DAY AND callee_hash != ''
    )
    WINDOW later AS (PARTITION BY tenant_id, person ORDER BY entered_at DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
WHERE kind = 'visit' AND outcome = 'abandoned'
SETTINGS do_not_merge_across_partitions_select_final = 1;

ALTER TABLE callcentre.v_abandoned_callers
    COMMENT COLUMN channel 'voice or whatsapp',
    COMMENT COLUMN queue 'Queue as the source names it',
    COMMENT COLUMN call_id 'Id of the visit to the queue',
    COMMENT COLUMN ended_at 'Moment the caller hung up',
    COMMENT COLUMN wait_ms 'How long the caller had waited, milliseconds',
    COMMENT COLUMN tried_again_at 'Next time the person entered a queue within 24 hours; NULL if not',
    COMMENT COLUMN served_later_at 'Next time the person entered a queue and was answered there within 24 hours; NULL if not',
    COMMENT COLUMN called_back_at 'First call to the person within 24 hours; NULL if none',
    COMMENT COLUMN called_back_by 'Agent who placed it; empty if none',
    COMMENT COLUMN reached_at 'First call to the person within 24 hours that was answered; NULL if none',
    COMMENT COLUMN reached_by 'Agent who placed it; empty if none',
    COMMENT COLUMN follow_up 'served_later, reached, abandoned_again (a later row stands for the person), withheld (nobody knows whom to call), not_reached (called back in vain), tried_again (without being served) or to_call_back',
    COMMENT COLUMN is_to_call_back 'Nobody has spoken to the person since, and the number is known';
