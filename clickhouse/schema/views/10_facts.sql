-- What analysts and boards read instead of the tables: the newest version of each row, without rows
-- taken back, and with what can be derived. Nobody has to remember FINAL.

CREATE OR REPLACE VIEW callcentre.v_queue_calls SQL SECURITY INVOKER
COMMENT 'One row per visit of one caller to one queue: the unit of every KPI.'
AS SELECT
    tenant_id, site, channel, queue, call_id, uniqueid,
    if(calls.contact_id = '', uniqueid, calls.contact_id) AS contact_id,
    entered_at, status, outcome, answered_at, ended_at, wait_ms, talk_ms, hold_ms, wrap_up_ms,
    agent_key, agent_name, ended_by, transfer, missed_offers, position_at_entry, caller, caller_hash,
    is_estimated, version, first_response_at, messages_in, messages_out, messages_read,
    toStartOfInterval(entered_at, INTERVAL 900000 MILLISECOND) AS window_start,
    intDiv(wait_ms, 1000) AS wait_seconds,
    talk_ms + hold_ms + wrap_up_ms AS handle_ms,
    CAST(outcome IN ('timed_out', 'left_empty', 'exited_by_key', 'withdrawn', 'transferred_away'), 'Bool') AS is_flowed_out,
    dateDiff('millisecond', entered_at, first_response_at) AS first_response_ms
FROM callcentre.queue_calls AS calls FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

ALTER TABLE callcentre.v_queue_calls
    COMMENT COLUMN contact_id 'Links all visits of one caller''s call, or of one chat session',
    COMMENT COLUMN window_start 'Start of the quarter of an hour in which the caller entered the queue, UTC',
    COMMENT COLUMN wait_seconds 'Wait in whole elapsed seconds: what is compared with the answer limit and the short-abandon limit',
    COMMENT COLUMN handle_ms 'Talk, hold and wrap-up together, milliseconds',
    COMMENT COLUMN is_flowed_out 'Left the queue unanswered by time-out, empty queue, key, withdrawal or redirection',
    COMMENT COLUMN first_response_ms 'Chat: from entering the queue to the first message written by a person, milliseconds; NULL if none';

CREATE OR REPLACE VIEW callcentre.v_agent_states SQL SECURITY INVOKER
COMMENT 'One row per uninterrupted state of an agent; states of an agent never overlap.'
AS SELECT
    tenant_id, site, channel, agent_key, agent_name, state, pause_reason, queue, call_id,
    started_at, ended_at, state_since, offer_result, is_estimated, version,
    greatest(dateDiff('millisecond', started_at, ifNull(ended_at, now64(3))), 0) AS state_ms
FROM callcentre.agent_states FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

ALTER TABLE callcentre.v_agent_states
    COMMENT COLUMN state_ms 'How long the state lasted, or has lasted until now, milliseconds';

CREATE OR REPLACE VIEW callcentre.v_agent_memberships SQL SECURITY INVOKER
COMMENT 'One row per agent in a queue and stretch of time with one pause setting and penalty.'
AS SELECT
    tenant_id, site, agent_key, agent_name, queue, started_at, ended_at, is_paused, pause_reason,
    penalty, is_estimated, version
FROM callcentre.agent_memberships FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

CREATE OR REPLACE VIEW callcentre.v_queue_windows SQL SECURITY INVOKER
COMMENT 'Counts and sums of the queue calls that arrived in one quarter of an hour of one queue.'
AS SELECT
    tenant_id, site, channel, queue, window_start,
    offered, answered, abandoned, timed_out, left_empty, exited_by_key, withdrawn, transferred_away,
    bot_only, unknown, open, handled,
    answered_wait_ms, answered_wait_max_ms, answered_waits,
    abandoned_wait_ms, abandoned_wait_max_ms, abandoned_waits,
    flowed_out_wait_ms, flowed_out_wait_max_ms, flowed_out_waits,
    talk_ms, hold_ms, wrap_up_ms, version,
    timed_out + left_empty + exited_by_key + withdrawn + transferred_away AS flowed_out,
    greatest(answered_wait_max_ms, abandoned_wait_max_ms, flowed_out_wait_max_ms) AS wait_max_ms,
    talk_ms + hold_ms + wrap_up_ms AS handle_ms
FROM callcentre.queue_windows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

ALTER TABLE callcentre.v_queue_windows
    COMMENT COLUMN flowed_out 'Left unanswered by time-out, empty queue, key, withdrawal or redirection',
    COMMENT COLUMN wait_max_ms 'Longest wait of all that ended, milliseconds',
    COMMENT COLUMN handle_ms 'Sum of talk, hold and wrap-up, milliseconds';

CREATE OR REPLACE VIEW callcentre.v_outbound_calls SQL SECURITY INVOKER
COMMENT 'One row per call an agent placed outside the queues.'
AS SELECT
    tenant_id, site, agent_key, agent_name, uniqueid, callee, callee_hash, started_at, answered_at,
    ended_at, is_estimated, version,
    dateDiff('millisecond', answered_at, ended_at) AS talk_ms
FROM callcentre.outbound_calls FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

ALTER TABLE callcentre.v_outbound_calls
    COMMENT COLUMN talk_ms 'From the answer to the end of the call, milliseconds; NULL if not answered or not ended';

CREATE OR REPLACE VIEW callcentre.v_site_status SQL SECURITY INVOKER
COMMENT 'One row per site: what is known of its collector and its connection.'
AS SELECT
    tenant_id, site, last_event_at, last_received_at, is_ami_connected, asterisk_version,
    collector_version, spool, spool_events, spool_bytes, skew_ms, reconnects, duplicates, refused,
    has_two_collectors, version,
    greatest(dateDiff('millisecond', last_received_at, now64(3)), 0) AS age_ms
FROM callcentre.site_status FINAL;

ALTER TABLE callcentre.v_site_status
    COMMENT COLUMN age_ms 'Time since anything was received from the site, milliseconds';

CREATE OR REPLACE VIEW callcentre.v_coverage_gaps SQL SECURITY INVOKER
COMMENT 'One row per stretch of time in which we may not have seen what happened at a site.'
AS SELECT
    tenant_id, site, started_at, reason, ended_at, from_sequence, to_sequence, version,
    greatest(dateDiff('millisecond', started_at, ifNull(ended_at, now64(3))), 0) AS gap_ms
FROM callcentre.coverage_gaps FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

ALTER TABLE callcentre.v_coverage_gaps
    COMMENT COLUMN gap_ms 'How long the gap lasted, or has lasted until now, milliseconds';
