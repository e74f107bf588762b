-- What a wallboard asks every two seconds. Waits grow against the clock of the server.

CREATE OR REPLACE VIEW callcentre.v_waiting_calls SQL SECURITY INVOKER
COMMENT 'One row per caller who waits at this moment; entered within a day.'
AS SELECT
    tenant_id, site, channel, queue, call_id, entered_at, caller, caller_hash, missed_offers,
    is_estimated,
    row_number() OVER (PARTITION BY tenant_id, site, channel, queue ORDER BY entered_at, call_id) AS place,
    greatest(dateDiff('millisecond', entered_at, now64(3)), 0) AS wait_ms
FROM callcentre.queue_calls FINAL
WHERE status = 'waiting' AND entered_at > now64(3) - INTERVAL 1 DAY
SETTINGS do_not_merge_across_partitions_select_final = 1;

ALTER TABLE callcentre.v_waiting_calls
    COMMENT COLUMN queue 'Queue as the source names it',
    COMMENT COLUMN call_id 'Id of the visit to the queue',
    COMMENT COLUMN entered_at 'Moment the caller entered the queue',
    COMMENT COLUMN place 'Place by order of arrival among those who wait in this queue of this site, 1 is first',
    COMMENT COLUMN wait_ms 'How long the caller has waited until now, milliseconds';

CREATE OR REPLACE VIEW callcentre.v_queues_now SQL SECURITY INVOKER
COMMENT 'One row per queue that had a call within a day: who waits and who talks at this moment.'
AS SELECT
    tenant_id, site, channel, queue,
    countIf(status = 'waiting') AS waiting,
    countIf(status = 'talking') AS talking,
    sumIf(greatest(dateDiff('millisecond', entered_at, now64(3)), 0), status = 'waiting') AS waiting_ms,
    maxIf(greatest(dateDiff('millisecond', entered_at, now64(3)), 0), status = 'waiting') AS longest_wait_ms
FROM callcentre.queue_calls FINAL
WHERE entered_at > now64(3) - INTERVAL 1 DAY
GROUP BY tenant_id, site, channel, queue
SETTINGS do_not_merge_across_partitions_select_final = 1;

ALTER TABLE callcentre.v_queues_now
    COMMENT COLUMN queue 'Queue as the source names it',
    COMMENT COLUMN waiting 'Callers who wait now',
    COMMENT COLUMN talking 'Callers who talk to an agent now',
    COMMENT COLUMN waiting_ms 'Sum of the waits until now of those who wait, milliseconds',
    COMMENT COLUMN longest_wait_ms 'Longest wait until now of those who wait, milliseconds; 0 if nobody waits';

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
