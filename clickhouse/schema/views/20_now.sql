-- What a wallboard asks every two seconds. Waits grow against the clock of the server.

CREATE OR REPLACE VIEW callcentre.v_waiting_calls SQL SECURITY INVOKER
COMMENT 'One row per caller who waits at this moment; entered within a day. Chats wait until a person has written.'
AS SELECT
    tenant_id, site, channel, queue, call_id, entered_at, caller, caller_hash, missed_offers,
    is_estimated,
    CAST(status = 'talking', 'Bool') AS is_assigned,
    row_number() OVER (PARTITION BY tenant_id, site, channel, queue ORDER BY entered_at, call_id) AS place,
    greatest(dateDiff('millisecond', entered_at, now64(3)), 0) AS wait_ms
FROM callcentre.queue_calls FINAL
WHERE entered_at > now64(3) - INTERVAL 1 DAY
    AND (status = 'waiting' OR channel = 'whatsapp' AND status = 'talking' AND first_response_at IS NULL)
SETTINGS do_not_merge_across_partitions_select_final = 1;

ALTER TABLE callcentre.v_waiting_calls
    COMMENT COLUMN queue 'Queue as the source names it',
    COMMENT COLUMN call_id 'Id of the visit to the queue',
    COMMENT COLUMN entered_at 'Moment the caller entered the queue',
    COMMENT COLUMN is_assigned 'Chat: a person has it and has not written yet',
    COMMENT COLUMN place 'Place by order of arrival among those who wait in this queue of this site, 1 is first',
    COMMENT COLUMN wait_ms 'How long the caller has waited until now, milliseconds';

CREATE OR REPLACE VIEW callcentre.v_queues_now SQL SECURITY INVOKER
COMMENT 'One row per queue that had a call within a day: who waits and who talks at this moment. Chats wait until a person has written.'
AS SELECT
    tenant_id, site, channel, queue,
    countIf(is_waiting) AS waiting,
    countIf(status = 'talking' AND NOT is_waiting) AS talking,
    sumIf(lasts_ms, is_waiting) AS waiting_ms,
    maxIf(lasts_ms, is_waiting) AS longest_wait_ms,
    countIf(is_waiting AND status = 'talking') AS waiting_assigned
FROM
(
    SELECT
        tenant_id, site, channel, queue, status,
        status = 'waiting' OR channel = 'whatsapp' AND status = 'talking' AND first_response_at IS NULL AS is_waiting,
        greatest(dateDiff('millisecond', entered_at, now64(3)), 0) AS lasts_ms
    FROM callcentre.queue_calls FINAL
    WHERE entered_at > now64(3) - INTERVAL 1 DAY
)
GROUP BY tenant_id, site, channel, queue
SETTINGS do_not_merge_across_partitions_select_final = 1;

ALTER TABLE callcentre.v_queues_now
    COMMENT COLUMN queue 'Queue as the source names it',
    COMMENT COLUMN waiting 'Callers who wait now',
    COMMENT COLUMN talking 'Callers who talk to an agent now',
    COMMENT COLUMN waiting_ms 'Sum of the waits until now of those who wait, milliseconds',
    COMMENT COLUMN longest_wait_ms 'Longest wait until now of those who wait, milliseconds; 0 if nobody waits',
    COMMENT COLUMN waiting_assigned 'Chats: of those who wait, those who have a person already who has not written yet';

CREATE OR REPLACE VIEW callcentre.v_agents_now SQL SECURITY INVOKER
COMMENT 'One row per agent: what the agent does at this moment.'
AS SELECT
    tenant_id, site, channel, agent_key, agent_name, state, pause_reason, queue, call_id, started_at,
    state_since, is_estimated,
    greatest(dateDiff('millisecond', started_at, now64(3)), 0) AS state_ms,
    greatest(dateDiff('millisecond', state_since, now64(3)), 0) AS since_ms
FROM callcentre.agents_now FINAL;

ALTER TABLE callcentre.v_agents_now
    COMMENT COLUMN state_ms 'How long the state has lasted without interruption, milliseconds',
    COMMENT COLUMN since_ms 'How long the pause or login has lasted, interruptions by calls included, milliseconds';
