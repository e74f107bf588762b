-- Why:  to fold raw events anew from some moment on, the state of the site at that moment is needed;
--       the state in Kafka is only the newest one (docs/adr/0016). One row per site and six hours of
--       its event time, kept a day longer than the raw events that follow it.
-- Cost: none, the table is new. A state is 1 to 500 kB, so a site takes some megabytes.
-- Undo: drop the table; then only sites whose first event is still kept can be rebuilt.

CREATE TABLE IF NOT EXISTS callcentre.site_snapshots
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to' CODEC(ZSTD(1)),
    site LowCardinality(String) COMMENT 'Telephone exchange or chat account the row came from' CODEC(ZSTD(1)),
    generation UInt32 COMMENT 'Rises when a spool takes the site over or starts anew' CODEC(Delta(4), ZSTD(1)),
    sequence UInt64 COMMENT 'Last event the state has seen' CODEC(Delta(8), ZSTD(1)),
    taken_at DateTime64(3, 'UTC') COMMENT 'Event time of the site in this state' CODEC(Delta(8), ZSTD(1)),
    form UInt16 COMMENT 'Form of the state; a program reads one form only' CODEC(ZSTD(1)),
    state String COMMENT 'Everything the fold knew of the site, encoded' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree
PARTITION BY toMonday(taken_at)
ORDER BY (tenant_id, site, generation, sequence)
TTL toDateTime(taken_at) + INTERVAL 31 DAY
SETTINGS ttl_only_drop_parts = 1
COMMENT 'States of the sites, from which their events can be folded anew. Read by the rebuild only.';
