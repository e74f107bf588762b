-- The windows as the queue calls themselves add up to: what a window that left the state is written
-- anew from, and what the windows are checked against. The rules are those of streams/domain/windows.py.
-- A quarter of an hour is written in milliseconds: only so the index on entered_at is used and the type
-- is that of the table.

CREATE OR REPLACE VIEW callcentre.v_queue_windows_recounted SQL SECURITY INVOKER
COMMENT 'The rows of queue_windows summed over queue_calls.'
AS SELECT
    tenant_id, site, channel, queue,
    toStartOfInterval(entered_at, INTERVAL 900000 MILLISECOND) AS window_start,
    toUInt32(count()) AS offered,
    toUInt32(countIf(outcome = 'answered')) AS answered,
    toUInt32(countIf(outcome = 'abandoned')) AS abandoned,
    toUInt32(countIf(outcome = 'timed_out')) AS timed_out,
    toUInt32(countIf(outcome = 'left_empty')) AS left_empty,
    toUInt32(countIf(outcome = 'exited_by_key')) AS exited_by_key,
    toUInt32(countIf(outcome = 'withdrawn')) AS withdrawn,
    toUInt32(countIf(outcome = 'transferred_away')) AS transferred_away,
    toUInt32(countIf(outcome = 'bot_only')) AS bot_only,
    toUInt32(countIf(outcome = 'unknown')) AS unknown,
    toUInt32(countIf(outcome = 'open')) AS open,
    toUInt32(countIf(is_handled)) AS handled,
    sumIf(known_wait_ms, is_answered) AS answered_wait_ms,
    maxIf(known_wait_ms, is_answered) AS answered_wait_max_ms,
    CAST(sumMapIf(wait_second, is_answered), 'Map(UInt32, UInt32)') AS answered_waits,
    sumIf(known_wait_ms, is_abandoned) AS abandoned_wait_ms,
    maxIf(known_wait_ms, is_abandoned) AS abandoned_wait_max_ms,
    CAST(sumMapIf(wait_second, is_abandoned), 'Map(UInt32, UInt32)') AS abandoned_waits,
    sumIf(known_wait_ms, is_flowed_out) AS flowed_out_wait_ms,
    maxIf(known_wait_ms, is_flowed_out) AS flowed_out_wait_max_ms,
    CAST(sumMapIf(wait_second, is_flowed_out), 'Map(UInt32, UInt32)') AS flowed_out_waits,
    sumIf(calls.talk_ms, is_handled) AS talk_ms,
    sumIf(calls.hold_ms, is_handled) AS hold_ms,
    sumIf(calls.wrap_up_ms, is_handled) AS wrap_up_ms,
    max(calls.version) AS version
FROM
(
    SELECT
        *,
        ifNull(wait_ms, 0) AS known_wait_ms,
        map(intDiv(known_wait_ms, 1000), 1) AS wait_second,
        outcome = 'answered' AND status = 'ended' AS is_handled,
        wait_ms IS NOT NULL AND outcome = 'answered' AS is_answered,
        wait_ms IS NOT NULL AND outcome = 'abandoned' AS is_abandoned,
        wait_ms IS NOT NULL AND outcome IN ('timed_out', 'left_empty', 'exited_by_key', 'withdrawn', 'transferred_away') AS is_flowed_out
    FROM callcentre.queue_calls FINAL
) AS calls
GROUP BY tenant_id, site, channel, queue, window_start
SETTINGS do_not_merge_across_partitions_select_final = 1;

ALTER TABLE callcentre.v_queue_windows_recounted
    COMMENT COLUMN version 'Highest version of the queue calls in it';

CREATE OR REPLACE VIEW callcentre.v_window_differences SQL SECURITY INVOKER
COMMENT 'Windows that do not equal the sums over their queue calls; must be empty (reconciliation).'
AS SELECT
    tenant_id, site, channel, queue, window_start,
    anyIf(counts, source = 'windows') AS stored,
    anyIf(counts, source = 'queue_calls') AS recounted
FROM
(
    SELECT
        'windows' AS source, tenant_id, site, channel, queue, window_start,
        toString((
            offered, answered, abandoned, timed_out, left_empty, exited_by_key, withdrawn,
            transferred_away, bot_only, unknown, open, handled,
            answered_wait_ms, answered_wait_max_ms, mapSort(answered_waits),
            abandoned_wait_ms, abandoned_wait_max_ms, mapSort(abandoned_waits),
            flowed_out_wait_ms, flowed_out_wait_max_ms, mapSort(flowed_out_waits),
            talk_ms, hold_ms, wrap_up_ms
        )) AS counts
    FROM callcentre.v_queue_windows
    UNION ALL
    SELECT
        'queue_calls' AS source, tenant_id, site, channel, queue, window_start,
        toString((
            offered, answered, abandoned, timed_out, left_empty, exited_by_key, withdrawn,
            transferred_away, bot_only, unknown, open, handled,
            answered_wait_ms, answered_wait_max_ms, mapSort(answered_waits),
            abandoned_wait_ms, abandoned_wait_max_ms, mapSort(abandoned_waits),
            flowed_out_wait_ms, flowed_out_wait_max_ms, mapSort(flowed_out_waits),
            talk_ms, hold_ms, wrap_up_ms
        )) AS counts
    FROM callcentre.v_queue_windows_recounted
)
GROUP BY tenant_id, site, channel, queue, window_start
HAVING stored != recounted;

ALTER TABLE callcentre.v_window_differences
    COMMENT COLUMN queue 'Queue as the source names it',
    COMMENT COLUMN stored 'Counts and sums of the window; empty if there is no such row',
    COMMENT COLUMN recounted 'The same over its queue calls; empty if there are none';
