-- Why:  the tables the fold writes. Columns are the fields of streams/domain/facts.py, in order, and
--       is_deleted, by which a row can be taken back (docs/adr/0010).
-- Cost: none, the tables are new.
-- Undo: drop the views, then the tables; their rows are lost.

CREATE TABLE IF NOT EXISTS callcentre.queue_calls
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to' CODEC(ZSTD(1)),
    site LowCardinality(String) COMMENT 'Telephone exchange or chat account the row came from' CODEC(ZSTD(1)),
    channel LowCardinality(String) COMMENT 'voice or whatsapp' CODEC(ZSTD(1)),
    queue LowCardinality(String) COMMENT 'Queue as the source names it' CODEC(ZSTD(1)),
    call_id String COMMENT 'Id of this visit: id of the channel or chat session, a slash, the number of the visit' CODEC(ZSTD(6)),
    uniqueid String ALIAS substring(call_id, 1, length(call_id) - position(reverse(call_id), '/')) COMMENT 'Id of the caller''s channel or of the chat session: call_id without the number of the visit',
    contact_id String COMMENT 'Links all visits of one caller''s call; empty if it is the uniqueid' CODEC(ZSTD(3)),
    entered_at DateTime64(3, 'UTC') COMMENT 'Moment the caller entered the queue; decides the interval, never changes' CODEC(Delta(8), T64, ZSTD(1)),
    status LowCardinality(String) COMMENT 'waiting, talking or ended' CODEC(ZSTD(1)),
    outcome LowCardinality(String) COMMENT 'open, answered, abandoned, timed_out, left_empty, exited_by_key, withdrawn, transferred_away, bot_only or unknown' CODEC(ZSTD(1)),
    answered_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Moment an agent was connected; NULL if none was' CODEC(ZSTD(3)),
    ended_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Moment the wait ended without answer, or the conversation with the agent ended; NULL while open' CODEC(ZSTD(3)),
    wait_ms Nullable(UInt64) COMMENT 'From entering the queue to the answer or other ending, milliseconds; NULL while waiting or never known' CODEC(T64, ZSTD(1)),
    talk_ms UInt64 COMMENT 'Conversation without hold, milliseconds' CODEC(T64, ZSTD(1)),
    hold_ms UInt64 COMMENT 'Caller parked within the conversation, milliseconds' CODEC(T64, ZSTD(1)),
    wrap_up_ms UInt64 COMMENT 'After-call work that was done, milliseconds' CODEC(T64, ZSTD(1)),
    agent_key LowCardinality(String) COMMENT 'Agent who answered: normalised interface, unique within a site; empty if none' CODEC(ZSTD(1)),
    agent_name LowCardinality(String) COMMENT 'Name of that agent as last seen; empty if none' CODEC(ZSTD(1)),
    ended_by LowCardinality(String) COMMENT 'Who ended the conversation: caller, agent, transfer or unknown; empty while it lasts or if there was none' CODEC(ZSTD(1)),
    transfer LowCardinality(String) COMMENT 'How the agent passed the caller on: none, blind or attended' CODEC(ZSTD(1)),
    missed_offers UInt32 COMMENT 'Times a ringing agent did not answer this queue call' CODEC(T64, ZSTD(1)),
    position_at_entry UInt32 COMMENT 'Place in the queue on entering, 1 is next; 0 if not told' CODEC(T64, ZSTD(1)),
    caller String COMMENT 'Caller''s number as the collector was told to show it; empty if withheld' CODEC(ZSTD(3)),
    caller_hash String COMMENT 'Links the calls of one caller within this customer, 16 hex digits; empty if withheld' CODEC(ZSTD(3)),
    is_estimated Bool COMMENT 'Part of this row was concluded, not observed' CODEC(ZSTD(1)),
    version UInt64 COMMENT 'Of two rows with one key the higher version holds' CODEC(Delta(8), T64, ZSTD(1)),
    first_response_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Chat: first message written by a person; NULL if none yet' CODEC(ZSTD(3)),
    messages_in UInt32 COMMENT 'Chat: messages from the customer' CODEC(T64, ZSTD(1)),
    messages_out UInt32 COMMENT 'Chat: messages to the customer' CODEC(T64, ZSTD(1)),
    messages_read UInt32 COMMENT 'Chat: messages to the customer that were read' CODEC(T64, ZSTD(1)),
    is_deleted UInt8 DEFAULT 0 COMMENT '1 takes the row back; rows read through FINAL never show it' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
PARTITION BY toYYYYMM(entered_at)
ORDER BY (tenant_id, queue, entered_at, site, call_id)
TTL toDateTime(entered_at) + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'One row per visit of one caller to one queue: the unit of every KPI. Read it through v_queue_calls.';

CREATE TABLE IF NOT EXISTS callcentre.agent_states
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to' CODEC(ZSTD(1)),
    site LowCardinality(String) COMMENT 'Telephone exchange or chat account the row came from' CODEC(ZSTD(1)),
    channel LowCardinality(String) COMMENT 'voice or whatsapp' CODEC(ZSTD(1)),
    agent_key LowCardinality(String) COMMENT 'Agent: normalised interface, unique within a site' CODEC(ZSTD(1)),
    agent_name LowCardinality(String) COMMENT 'The agent''s name as last seen' CODEC(ZSTD(1)),
    state LowCardinality(String) COMMENT 'logged_out, unreachable, available, paused, wrap_up, busy_other, ringing, hold or talking' CODEC(ZSTD(1)),
    pause_reason LowCardinality(String) COMMENT 'Reason of the pause; empty if not paused or not told' CODEC(ZSTD(1)),
    queue LowCardinality(String) COMMENT 'Queue of the queue call the state is about; empty if none' CODEC(ZSTD(1)),
    call_id String COMMENT 'Queue call the state is about; empty if none' CODEC(ZSTD(3)),
    started_at DateTime64(3, 'UTC') COMMENT 'Moment the state began' CODEC(Delta(8), T64, ZSTD(1)),
    ended_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Moment it ended; NULL while it lasts' CODEC(ZSTD(3)),
    state_since DateTime64(3, 'UTC') COMMENT 'Moment the pause or login began, which survives interruptions by calls' CODEC(ZSTD(3)),
    offer_result LowCardinality(String) COMMENT 'What became of a ringing: answered, missed or cancelled; empty otherwise' CODEC(ZSTD(1)),
    is_estimated Bool COMMENT 'Part of this row was concluded, not observed' CODEC(ZSTD(1)),
    version UInt64 COMMENT 'Of two rows with one key the higher version holds' CODEC(Delta(8), T64, ZSTD(1)),
    is_deleted UInt8 DEFAULT 0 COMMENT '1 takes the row back; rows read through FINAL never show it' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
PARTITION BY toYYYYMM(started_at)
ORDER BY (tenant_id, agent_key, started_at, site, channel)
TTL toDateTime(started_at) + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'One row per uninterrupted state of an agent; states of an agent never overlap. Read it through v_agent_states.';

CREATE TABLE IF NOT EXISTS callcentre.agent_memberships
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to' CODEC(ZSTD(1)),
    site LowCardinality(String) COMMENT 'Telephone exchange or chat account the row came from' CODEC(ZSTD(1)),
    agent_key LowCardinality(String) COMMENT 'Agent: normalised interface, unique within a site' CODEC(ZSTD(1)),
    agent_name LowCardinality(String) COMMENT 'The agent''s name as last seen' CODEC(ZSTD(1)),
    queue LowCardinality(String) COMMENT 'Queue as the source names it' CODEC(ZSTD(1)),
    started_at DateTime64(3, 'UTC') COMMENT 'Moment from which the row holds' CODEC(Delta(8), T64, ZSTD(1)),
    ended_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Moment until which it held; NULL while it lasts' CODEC(ZSTD(3)),
    is_paused Bool COMMENT 'Paused in this queue' CODEC(ZSTD(1)),
    pause_reason LowCardinality(String) COMMENT 'Reason of the pause; empty if not paused or not told' CODEC(ZSTD(1)),
    penalty UInt32 COMMENT 'Penalty of the agent in this queue: agents with a lower one are rung first' CODEC(T64, ZSTD(1)),
    is_estimated Bool COMMENT 'Part of this row was concluded, not observed' CODEC(ZSTD(1)),
    version UInt64 COMMENT 'Of two rows with one key the higher version holds' CODEC(Delta(8), T64, ZSTD(1)),
    is_deleted UInt8 DEFAULT 0 COMMENT '1 takes the row back; rows read through FINAL never show it' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
PARTITION BY toYYYYMM(started_at)
ORDER BY (tenant_id, agent_key, queue, started_at, site)
TTL toDateTime(started_at) + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'One row per agent in a queue and stretch of time with one pause setting and penalty. Read it through v_agent_memberships.';

CREATE TABLE IF NOT EXISTS callcentre.queue_windows
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to' CODEC(ZSTD(1)),
    site LowCardinality(String) COMMENT 'Telephone exchange or chat account the row came from' CODEC(ZSTD(1)),
    channel LowCardinality(String) COMMENT 'voice or whatsapp' CODEC(ZSTD(1)),
    queue LowCardinality(String) COMMENT 'Queue as the source names it' CODEC(ZSTD(1)),
    window_start DateTime64(3, 'UTC') COMMENT 'Start of the quarter of an hour in which the queue calls arrived, UTC' CODEC(Delta(8), T64, ZSTD(1)),
    offered UInt32 COMMENT 'Queue calls that arrived: the sum of all outcomes' CODEC(T64, ZSTD(1)),
    answered UInt32 COMMENT 'Answered by an agent' CODEC(T64, ZSTD(1)),
    abandoned UInt32 COMMENT 'Left by the caller while waiting' CODEC(T64, ZSTD(1)),
    timed_out UInt32 COMMENT 'Left by time-out of the queue' CODEC(T64, ZSTD(1)),
    left_empty UInt32 COMMENT 'Sent away because no agent was left' CODEC(T64, ZSTD(1)),
    exited_by_key UInt32 COMMENT 'Left by pressing a key' CODEC(T64, ZSTD(1)),
    withdrawn UInt32 COMMENT 'Withdrawn from the queue by another program' CODEC(T64, ZSTD(1)),
    transferred_away UInt32 COMMENT 'Redirected elsewhere while waiting' CODEC(T64, ZSTD(1)),
    bot_only UInt32 COMMENT 'Chat: never waited for people' CODEC(T64, ZSTD(1)),
    unknown UInt32 COMMENT 'Ended unseen: the connection to the site was lost' CODEC(T64, ZSTD(1)),
    open UInt32 COMMENT 'Still waiting' CODEC(T64, ZSTD(1)),
    handled UInt32 COMMENT 'Answered and over: those to which talk, hold and wrap-up belong' CODEC(T64, ZSTD(1)),
    answered_wait_ms UInt64 COMMENT 'Sum of the waits of answered queue calls, milliseconds' CODEC(T64, ZSTD(1)),
    answered_wait_max_ms UInt64 COMMENT 'Longest wait of answered queue calls, milliseconds' CODEC(T64, ZSTD(1)),
    answered_waits Map(UInt32, UInt32) COMMENT 'Number of answered queue calls per whole second of wait' CODEC(ZSTD(1)),
    abandoned_wait_ms UInt64 COMMENT 'Sum of the waits of abandoned queue calls, milliseconds' CODEC(T64, ZSTD(1)),
    abandoned_wait_max_ms UInt64 COMMENT 'Longest wait of abandoned queue calls, milliseconds' CODEC(T64, ZSTD(1)),
    abandoned_waits Map(UInt32, UInt32) COMMENT 'Number of abandoned queue calls per whole second of wait' CODEC(ZSTD(1)),
    flowed_out_wait_ms UInt64 COMMENT 'Sum of the waits of flowed-out queue calls, milliseconds' CODEC(T64, ZSTD(1)),
    flowed_out_wait_max_ms UInt64 COMMENT 'Longest wait of flowed-out queue calls, milliseconds' CODEC(T64, ZSTD(1)),
    flowed_out_waits Map(UInt32, UInt32) COMMENT 'Number of flowed-out queue calls per whole second of wait' CODEC(ZSTD(1)),
    talk_ms UInt64 COMMENT 'Sum of the conversations without hold, milliseconds' CODEC(T64, ZSTD(1)),
    hold_ms UInt64 COMMENT 'Sum of holds, milliseconds' CODEC(T64, ZSTD(1)),
    wrap_up_ms UInt64 COMMENT 'Sum of after-call work, milliseconds' CODEC(T64, ZSTD(1)),
    version UInt64 COMMENT 'Of two rows with one key the higher version holds' CODEC(Delta(8), T64, ZSTD(1)),
    is_deleted UInt8 DEFAULT 0 COMMENT '1 takes the row back; rows read through FINAL never show it' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
PARTITION BY toYYYYMM(window_start)
ORDER BY (tenant_id, queue, window_start, site, channel)
TTL toDateTime(window_start) + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'Counts and sums of the queue calls that arrived in one quarter of an hour of one queue. Read it through v_queue_windows.';

CREATE TABLE IF NOT EXISTS callcentre.outbound_calls
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to' CODEC(ZSTD(1)),
    site LowCardinality(String) COMMENT 'Telephone exchange or chat account the row came from' CODEC(ZSTD(1)),
    agent_key LowCardinality(String) COMMENT 'Agent: normalised interface, unique within a site' CODEC(ZSTD(1)),
    agent_name LowCardinality(String) COMMENT 'The agent''s name as last seen' CODEC(ZSTD(1)),
    uniqueid String COMMENT 'Id of the agent''s channel' CODEC(ZSTD(3)),
    callee String COMMENT 'Number called as the collector was told to show it; empty if withheld' CODEC(ZSTD(3)),
    callee_hash String COMMENT 'Links calls from and to one person within this customer, 16 hex digits; empty if withheld' CODEC(ZSTD(3)),
    started_at DateTime64(3, 'UTC') COMMENT 'Moment the dialling began' CODEC(Delta(8), T64, ZSTD(1)),
    answered_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Moment the other side answered; NULL if it did not' CODEC(ZSTD(3)),
    ended_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Moment the call ended; NULL while it lasts' CODEC(ZSTD(3)),
    is_estimated Bool COMMENT 'Part of this row was concluded, not observed' CODEC(ZSTD(1)),
    version UInt64 COMMENT 'Of two rows with one key the higher version holds' CODEC(Delta(8), T64, ZSTD(1)),
    is_deleted UInt8 DEFAULT 0 COMMENT '1 takes the row back; rows read through FINAL never show it' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
PARTITION BY toYYYYMM(started_at)
ORDER BY (tenant_id, agent_key, started_at, site, uniqueid)
TTL toDateTime(started_at) + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'One row per call an agent placed outside the queues. Read it through v_outbound_calls.';

CREATE TABLE IF NOT EXISTS callcentre.site_status
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to' CODEC(ZSTD(1)),
    site LowCardinality(String) COMMENT 'Telephone exchange or chat account the row came from' CODEC(ZSTD(1)),
    last_event_at DateTime64(3, 'UTC') COMMENT 'Time of the newest event of the site' CODEC(ZSTD(1)),
    last_received_at DateTime64(3, 'UTC') COMMENT 'Time the newest batch of the site was received' CODEC(ZSTD(1)),
    is_ami_connected Bool COMMENT 'The collector is connected to Asterisk' CODEC(ZSTD(1)),
    asterisk_version String COMMENT 'Version Asterisk gives' CODEC(ZSTD(1)),
    collector_version String COMMENT 'Version of the collector' CODEC(ZSTD(1)),
    spool String COMMENT 'Id of the spool that speaks for the site' CODEC(ZSTD(1)),
    spool_events UInt64 COMMENT 'Events waiting in the collector''s spool' CODEC(ZSTD(1)),
    spool_bytes UInt64 COMMENT 'Size of the collector''s spool, bytes' CODEC(ZSTD(1)),
    skew_ms Int64 COMMENT 'Clock of the server less clock of the site, milliseconds, transport included' CODEC(ZSTD(1)),
    reconnects UInt64 COMMENT 'Times the collector had to connect to Asterisk again' CODEC(ZSTD(1)),
    duplicates UInt64 COMMENT 'Events that arrived more than once, or from a second collector' CODEC(ZSTD(1)),
    refused UInt64 COMMENT 'Events that ingest refused' CODEC(ZSTD(1)),
    has_two_collectors Bool COMMENT 'A second collector speaks for the same site' CODEC(ZSTD(1)),
    version UInt64 COMMENT 'Of two rows with one key the higher version holds' CODEC(Delta(8), T64, ZSTD(1)),
    is_deleted UInt8 DEFAULT 0 COMMENT '1 takes the row back; rows read through FINAL never show it' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (tenant_id, site)
COMMENT 'One row per site: what is known of its collector and its connection. Read it through v_site_status.';

CREATE TABLE IF NOT EXISTS callcentre.coverage_gaps
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to' CODEC(ZSTD(1)),
    site LowCardinality(String) COMMENT 'Telephone exchange or chat account the row came from' CODEC(ZSTD(1)),
    started_at DateTime64(3, 'UTC') COMMENT 'Moment from which something may be missing' CODEC(Delta(8), T64, ZSTD(1)),
    reason LowCardinality(String) COMMENT 'Why: ami_lost, spool_full, refused, damaged, not_delivered, dead_letter, …' CODEC(ZSTD(1)),
    ended_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Moment until which something may be missing; NULL while it lasts' CODEC(ZSTD(3)),
    from_sequence UInt64 COMMENT 'First missing sequence of the spool; 0 if the loss was before the spool' CODEC(T64, ZSTD(1)),
    to_sequence UInt64 COMMENT 'Last missing sequence of the spool; 0 if the loss was before the spool' CODEC(T64, ZSTD(1)),
    version UInt64 COMMENT 'Of two rows with one key the higher version holds' CODEC(Delta(8), T64, ZSTD(1)),
    is_deleted UInt8 DEFAULT 0 COMMENT '1 takes the row back; rows read through FINAL never show it' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
PARTITION BY toYYYYMM(started_at)
ORDER BY (tenant_id, site, started_at, reason)
TTL toDateTime(started_at) + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'One row per stretch of time in which we may not have seen what happened at a site. Read it through v_coverage_gaps.';
