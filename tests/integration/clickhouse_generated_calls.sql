-- {calls:UInt64} made-up queue calls of 20 customers with 8 queues each, spread over 30 days: random
-- waits, talks, callers and agents, ids as Asterisk makes them, so that sizes and times are realistic.
INSERT INTO callcentre.queue_calls
SELECT
    concat('tenant-', toString(tenant)) AS tenant_id,
    'pbx-01' AS site,
    'voice' AS channel,
    concat('queue-', toString(queue_number)) AS queue,
    concat(toString(intDiv(toUnixTimestamp64Milli(entered), 1000)), '.', toString(channel_number), '/1') AS call_id,
    if(rand(1) % 20 = 0, concat(toString(intDiv(toUnixTimestamp64Milli(entered), 1000) - 60), '.', toString(channel_number - 9)), '') AS contact_id,
    entered AS entered_at,
    'ended' AS status,
    multiIf(fate < 0.82, 'answered', fate < 0.93, 'abandoned', fate < 0.97, 'timed_out', fate < 0.98, 'left_empty', fate < 0.99, 'exited_by_key', 'unknown') AS outcome,
    if(outcome = 'answered', entered + toIntervalMillisecond(wait), NULL) AS answered_at,
    entered + toIntervalMillisecond(wait + talk_ms + hold_ms) AS ended_at,
    toUInt64(wait) AS wait_ms,
    if(outcome = 'answered', toUInt64(randExponential(1 / 200000, 2)), 0) AS talk_ms,
    if(outcome = 'answered' AND rand(3) % 10 = 0, toUInt64(randExponential(1 / 30000, 4)), 0) AS hold_ms,
    if(outcome = 'answered' AND rand(5) % 2 = 0, toUInt64(rand(6) % 20000), 0) AS wrap_up_ms,
    if(outcome = 'answered', concat('PJSIP/', toString(1000 + agent)), '') AS agent_key,
    if(outcome = 'answered', concat('Agent ', toString(agent)), '') AS agent_name,
    multiIf(outcome != 'answered', '', rand(7) % 2 = 0, 'caller', 'agent') AS ended_by,
    if(outcome = 'answered' AND rand(8) % 30 = 0, 'blind', 'none') AS transfer,
    if(rand(9) % 10 = 0, 1, 0) AS missed_offers,
    1 + rand(10) % 4 AS position_at_entry,
    concat('…', leftPad(toString(caller_number % 10000), 4, '0')) AS caller,
    lower(hex(cityHash64(caller_number, tenant))) AS caller_hash,
    0 AS is_estimated,
    bitOr(bitShiftLeft(toUInt64(1), 56), bitOr(bitShiftLeft(toUInt64(60000), 36), sequence)) AS version,
    NULL AS first_response_at,
    0 AS messages_in,
    0 AS messages_out,
    0 AS messages_read,
    0 AS is_deleted
FROM
(
    SELECT
        rand(11) % 20 AS tenant,
        rand(12) % 8 AS queue_number,
        rand(13) / 4294967296 AS fate,
        rand(14) % 20 AS agent,
        rand(15) % 300000 AS caller_number,
        randExponential(1 / 25000, 16) AS wait,
        toDateTime64('2026-03-01 00:00:00', 3, 'UTC') + toIntervalMillisecond(toInt64(number * (30 * 86400000 / {calls:UInt64})) + rand(17) % 2000) AS entered,
        intDiv(number, 20) * 6 + rand(18) % 6 + 10 AS channel_number,
        number * 12 + rand(19) % 12 AS sequence
    FROM numbers({calls:UInt64})
)
