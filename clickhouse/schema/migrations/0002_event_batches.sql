-- Why:  the raw events, 30 days, for audit and to be folded anew: one row per published batch, so
--       that a batch costs one row, whatever its number of events (docs/adr/0012). The key is the
--       order in which the fold applied them; a batch written again replaces itself.
-- Cost: none, the table is new.
-- Undo: drop the view events, then the table; the raw events are lost.

CREATE TABLE IF NOT EXISTS callcentre.event_batches
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to' CODEC(ZSTD(1)),
    site LowCardinality(String) COMMENT 'Telephone exchange or chat account the row came from' CODEC(ZSTD(1)),
    generation UInt32 COMMENT 'Rises when a spool takes the site over or starts anew' CODEC(Delta(4), ZSTD(1)),
    first_sequence UInt64 COMMENT 'First event this row stands for; the payload may begin earlier, with events other rows stand for' CODEC(Delta(8), ZSTD(1)),
    last_sequence UInt64 COMMENT 'Last event this row stands for' CODEC(Delta(8), ZSTD(1)),
    spool LowCardinality(String) COMMENT 'Id of the spool that numbered the events' CODEC(ZSTD(1)),
    received_at DateTime64(3, 'UTC') COMMENT 'Moment the batch was received' CODEC(Delta(8), ZSTD(1)),
    payload String COMMENT 'The published batch as it stands in Kafka, JSON' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(last_sequence)
PARTITION BY toMonday(received_at)
ORDER BY (tenant_id, site, generation, first_sequence)
TTL toDateTime(received_at) + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1
COMMENT 'One row per published batch of one site, with the events as they arrived. Read events.';
