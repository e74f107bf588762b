-- Why:  wallboards ask every two seconds who is in which queue now; among memberships that lasted and
--       ended, the running ones must not be searched for (docs/adr/0013). An agent who leaves a queue
--       begins nothing there, so ends are copied too, as rows taken back.
-- Cost: reads the running rows of agent_memberships once. Each insert into agent_memberships writes its
--       rows twice; the copy holds one row per agent and queue.
-- Undo: drop the materialized view, then the table, once no view reads it.

CREATE TABLE IF NOT EXISTS callcentre.memberships_now
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to' CODEC(ZSTD(1)),
    site LowCardinality(String) COMMENT 'Telephone exchange or chat account the row came from' CODEC(ZSTD(1)),
    agent_key LowCardinality(String) COMMENT 'Agent: normalised interface, unique within a site' CODEC(ZSTD(1)),
    queue LowCardinality(String) COMMENT 'Queue as the source names it' CODEC(ZSTD(1)),
    started_at DateTime64(3, 'UTC') COMMENT 'Moment from which the row holds' CODEC(ZSTD(1)),
    is_paused Bool COMMENT 'Paused in this queue' CODEC(ZSTD(1)),
    penalty UInt32 COMMENT 'Penalty of the agent in this queue: agents with a lower one are rung first' CODEC(ZSTD(1)),
    version UInt64 COMMENT 'Twice the version of the membership, and one more while it lasts: one event may end a row and begin the next' CODEC(ZSTD(1)),
    is_deleted UInt8 DEFAULT 0 COMMENT '1 if the membership ended or was taken back; rows read through FINAL never show it' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (tenant_id, agent_key, queue, site)
TTL toDateTime(started_at) + INTERVAL 400 DAY
COMMENT 'One row per agent and queue the agent is in now. Read it through v_queue_members_now.';

CREATE MATERIALIZED VIEW IF NOT EXISTS callcentre.memberships_now_feed TO callcentre.memberships_now
AS SELECT
    tenant_id, site, agent_key, queue, started_at, is_paused, penalty,
    2 * membership.version + (ended_at IS NULL) AS version,
    membership.is_deleted OR ended_at IS NOT NULL AS is_deleted
FROM callcentre.agent_memberships AS membership;

INSERT INTO callcentre.memberships_now (tenant_id, site, agent_key, queue, started_at, is_paused, penalty, version)
SELECT tenant_id, site, agent_key, queue, started_at, is_paused, penalty, 2 * membership.version + 1
FROM callcentre.agent_memberships AS membership FINAL
WHERE ended_at IS NULL
SETTINGS do_not_merge_across_partitions_select_final = 1;
