-- Why:  the registry: who the customers are, whose tokens are valid, and what the boards are to know
--       of queues, agents, pauses and hours. It is applied when rows are read, so a changed setting
--       holds for the past too (docs/adr/0050). Only `python -m tenants` writes these tables.
-- Cost: the tables are new and small; queues_seen reads two columns of all windows once, and each
--       insert of windows writes its few queues there.
-- Undo: drop the views of 50_registry.sql and queues_seen_feed, then the tables; the registry is
--       lost, facts stay.

CREATE TABLE IF NOT EXISTS callcentre.tenants
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to',
    display_name String COMMENT 'Name of the customer as people write it',
    time_zone LowCardinality(String) COMMENT 'IANA zone in which the customer''s days begin',
    language LowCardinality(String) COMMENT 'Language of the customer''s boards: pt-BR or en-US',
    answer_limit_s UInt32 COMMENT 'T, the answer limit of queues without one of their own, seconds; a wait of exactly T is within it',
    short_abandon_s UInt32 COMMENT 'S, the short-abandon limit of queues without one of their own, seconds; a wait of exactly S is not short',
    service_level_variant LowCardinality(String) COMMENT 'Variant of the service level of queues without one of their own: a name of docs/kpi.md without kpi_service_level_',
    service_level_target Float64 COMMENT 'Service level that queues without a target of their own are to reach, 0..1',
    is_enabled Bool COMMENT 'Tokens and the reader of a disabled customer are refused',
    version UInt64 COMMENT 'Of two rows with one key the higher version holds: milliseconds since 1970 when it was written',
    is_deleted UInt8 DEFAULT 0 COMMENT '1 takes the row back; rows read through FINAL never show it'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY tenant_id
COMMENT 'One row per customer. Read it through v_tenants.';

CREATE TABLE IF NOT EXISTS callcentre.sites
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to',
    site LowCardinality(String) COMMENT 'Telephone exchange or chat account the row came from',
    is_enabled Bool COMMENT 'Tokens of a disabled site are refused',
    version UInt64 COMMENT 'Of two rows with one key the higher version holds: milliseconds since 1970 when it was written',
    is_deleted UInt8 DEFAULT 0 COMMENT '1 takes the row back; rows read through FINAL never show it'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (tenant_id, site)
COMMENT 'One row per site of a customer. Read it through v_sites.';

CREATE TABLE IF NOT EXISTS callcentre.site_tokens
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to',
    site LowCardinality(String) COMMENT 'Telephone exchange or chat account the row came from',
    sha256 String COMMENT 'SHA-256 of the token, 64 hex digits; the token itself is nowhere',
    issued_at DateTime64(3, 'UTC') COMMENT 'Moment the token was made',
    valid_until Nullable(DateTime64(3, 'UTC')) COMMENT 'Moment from which it is refused; NULL if no other is to replace it',
    version UInt64 COMMENT 'Of two rows with one key the higher version holds: milliseconds since 1970 when it was written',
    is_deleted UInt8 DEFAULT 0 COMMENT '1 takes the row back; rows read through FINAL never show it'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (tenant_id, site, sha256)
COMMENT 'Tokens of the collectors, as digests. For operators; the ingest API reads usable_tokens.';

CREATE TABLE IF NOT EXISTS callcentre.reader_credentials
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to',
    sha256 String COMMENT 'SHA-256 of the password of the customer''s reader, 64 hex digits; the password itself is nowhere',
    applied_sha256 String COMMENT 'The digest that the server''s user was last given; empty if none was',
    version UInt64 COMMENT 'Of two rows with one key the higher version holds: milliseconds since 1970 when it was written',
    is_deleted UInt8 DEFAULT 0 COMMENT '1 takes the row back; rows read through FINAL never show it'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY tenant_id
COMMENT 'With what each customer''s reader logs in, as digests. For operators.';

CREATE TABLE IF NOT EXISTS callcentre.queue_settings
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to',
    queue LowCardinality(String) COMMENT 'Queue as the source names it',
    display_name String COMMENT 'Name of the queue as people are to see it; empty if it is the queue''s own',
    answer_limit_s Nullable(UInt32) COMMENT 'T, the answer limit, seconds; a wait of exactly T is within it. NULL if it is the customer''s',
    short_abandon_s Nullable(UInt32) COMMENT 'S, the short-abandon limit, seconds; a wait of exactly S is not short. NULL if it is the customer''s',
    service_level_variant LowCardinality(String) COMMENT 'Variant of the service level: a name of docs/kpi.md without kpi_service_level_. Empty if it is the customer''s',
    service_level_target Nullable(Float64) COMMENT 'Service level the queue is to reach, 0..1. NULL if it is the customer''s',
    version UInt64 COMMENT 'Of two rows with one key the higher version holds: milliseconds since 1970 when it was written',
    is_deleted UInt8 DEFAULT 0 COMMENT '1 takes the row back; rows read through FINAL never show it'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (tenant_id, queue)
COMMENT 'One row per queue that has settings of its own. Read v_queue_settings, which has all queues.';

CREATE TABLE IF NOT EXISTS callcentre.agents_registry
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to',
    site LowCardinality(String) COMMENT 'Telephone exchange or chat account the row came from',
    agent_key LowCardinality(String) COMMENT 'Agent: normalised interface, unique within a site',
    person String COMMENT 'Who the agent is; several agents may be one person. Empty if not told',
    team LowCardinality(String) COMMENT 'Team the person belongs to; empty if none',
    version UInt64 COMMENT 'Of two rows with one key the higher version holds: milliseconds since 1970 when it was written',
    is_deleted UInt8 DEFAULT 0 COMMENT '1 takes the row back; rows read through FINAL never show it'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (tenant_id, site, agent_key)
COMMENT 'One row per agent whose person or team is known. Read v_agents_registry, which has all agents.';

CREATE TABLE IF NOT EXISTS callcentre.pause_limits
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to',
    pause_reason LowCardinality(String) COMMENT 'Reason of the pause as the source tells it; * for every other reason, none told included',
    limit_s UInt32 COMMENT 'How long a pause for this reason may last, seconds',
    version UInt64 COMMENT 'Of two rows with one key the higher version holds: milliseconds since 1970 when it was written',
    is_deleted UInt8 DEFAULT 0 COMMENT '1 takes the row back; rows read through FINAL never show it'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (tenant_id, pause_reason)
COMMENT 'One row per reason of pauses that has a limit. Read it through v_pause_limits.';

CREATE TABLE IF NOT EXISTS callcentre.business_hours
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to',
    queue LowCardinality(String) COMMENT 'Queue as the source names it; empty for all that have no hours of their own',
    intervals Array(Tuple(weekday UInt8, opens_minute UInt16, closes_minute UInt16)) COMMENT 'When it is open: day 1 is Monday, minutes since midnight of the customer''s zone, the end excluded',
    version UInt64 COMMENT 'Of two rows with one key the higher version holds: milliseconds since 1970 when it was written',
    is_deleted UInt8 DEFAULT 0 COMMENT '1 takes the row back; rows read through FINAL never show it'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (tenant_id, queue)
COMMENT 'Business hours, whole weeks: they mute alerts and shade panels, no number is filtered by them. Read it through v_business_hours.';

CREATE TABLE IF NOT EXISTS callcentre.queues_seen
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to',
    queue LowCardinality(String) COMMENT 'Queue as the source names it'
)
ENGINE = ReplacingMergeTree
ORDER BY (tenant_id, queue)
COMMENT 'One row per queue that ever had a window: which queues there are, without reading the windows. Read v_queue_settings.';

CREATE MATERIALIZED VIEW IF NOT EXISTS callcentre.queues_seen_feed TO callcentre.queues_seen
AS SELECT DISTINCT tenant_id, queue
FROM callcentre.queue_windows;

INSERT INTO callcentre.queues_seen (tenant_id, queue)
SELECT DISTINCT tenant_id, queue FROM callcentre.queue_windows;
