-- Why:  wallboards ask every two seconds what each agent does now; the running state of an agent who
--       has not moved for weeks must not be searched for in weeks of history (docs/adr/0013).
--       Copies are upserts like their source, so writing them twice changes nothing.
-- Cost: none, the tables are new. Each insert into agent_states writes its running states twice.
-- Undo: drop the materialized view, then the table.

CREATE TABLE IF NOT EXISTS callcentre.agents_now
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to' CODEC(ZSTD(1)),
    site LowCardinality(String) COMMENT 'Telephone exchange or chat account the row came from' CODEC(ZSTD(1)),
    channel LowCardinality(String) COMMENT 'voice or whatsapp' CODEC(ZSTD(1)),
    agent_key LowCardinality(String) COMMENT 'Agent: normalised interface, unique within a site' CODEC(ZSTD(1)),
    agent_name LowCardinality(String) COMMENT 'The agent''s name as last seen' CODEC(ZSTD(1)),
    state LowCardinality(String) COMMENT 'State that is running' CODEC(ZSTD(1)),
    pause_reason LowCardinality(String) COMMENT 'Reason of the pause; empty if not paused or not told' CODEC(ZSTD(1)),
    queue LowCardinality(String) COMMENT 'Queue of the queue call the state is about; empty if none' CODEC(ZSTD(1)),
    call_id String COMMENT 'Queue call the state is about; empty if none' CODEC(ZSTD(3)),
    started_at DateTime64(3, 'UTC') COMMENT 'Moment the state began' CODEC(ZSTD(1)),
    state_since DateTime64(3, 'UTC') COMMENT 'Moment the pause or login began, which survives interruptions by calls' CODEC(ZSTD(1)),
    is_estimated Bool COMMENT 'Part of this row was concluded, not observed' CODEC(ZSTD(1)),
    version UInt64 COMMENT 'Of two rows with one key the higher version holds' CODEC(ZSTD(1)),
    is_deleted UInt8 DEFAULT 0 COMMENT '1 takes the row back; rows read through FINAL never show it' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (tenant_id, agent_key, site, channel)
TTL toDateTime(started_at) + INTERVAL 400 DAY
COMMENT 'One row per agent: the state that is running. Read it through v_agents_now.';

CREATE MATERIALIZED VIEW IF NOT EXISTS callcentre.agents_now_feed TO callcentre.agents_now
AS SELECT
    tenant_id, site, channel, agent_key, agent_name, state, pause_reason, queue, call_id,
    started_at, state_since, is_estimated, version, is_deleted
FROM callcentre.agent_states
WHERE ended_at IS NULL;
