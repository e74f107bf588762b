-- Why:  when a queue is a bottleneck, whom alerts are told, and which organisation of Grafana is the
--       customer's (docs/adr/0062). Only `python -m tenants` writes these tables.
-- Cost: the tables are small; columns with a default are added without rewriting a row.
-- Undo: drop the views of 70_alerts.sql, then the tables and the columns; limits and contacts are
--       lost, facts stay.

ALTER TABLE callcentre.tenants ADD COLUMN IF NOT EXISTS waiting_limit UInt32 DEFAULT 10 COMMENT 'How many may wait at once in queues without a limit of their own; more is a bottleneck' AFTER service_level_target,
    ADD COLUMN IF NOT EXISTS longest_wait_limit_s UInt32 DEFAULT 120 COMMENT 'How long a caller may have waited in queues without a limit of their own, seconds; longer is a bottleneck' AFTER waiting_limit;

ALTER TABLE callcentre.queue_settings ADD COLUMN IF NOT EXISTS waiting_limit Nullable(UInt32) COMMENT 'How many may wait at once; more is a bottleneck. NULL if it is the customer''s' AFTER service_level_target,
    ADD COLUMN IF NOT EXISTS longest_wait_limit_s Nullable(UInt32) COMMENT 'How long a caller may have waited, seconds; longer is a bottleneck. NULL if it is the customer''s' AFTER waiting_limit;

CREATE TABLE IF NOT EXISTS callcentre.alert_contacts
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to',
    kind LowCardinality(String) COMMENT 'How they are told: email or webhook',
    addresses Array(String) COMMENT 'Mail addresses, or the one address that is posted to',
    version UInt64 COMMENT 'Of two rows with one key the higher version holds: milliseconds since 1970 when it was written',
    is_deleted UInt8 DEFAULT 0 COMMENT '1 takes the row back; rows read through FINAL never show it'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (tenant_id, kind)
COMMENT 'Whom the customer''s alerts are told. For operators.';

CREATE TABLE IF NOT EXISTS callcentre.grafana_organisations
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to',
    organisation_id UInt64 COMMENT 'Id of the customer''s organisation in Grafana; 0 if not made yet',
    name String COMMENT 'Its name as it was last given; an id counts only together with it',
    sha256 String COMMENT 'SHA-256 of the password by which its boards read, 64 hex digits; the password itself is in Grafana alone',
    applied_sha256 String COMMENT 'The digest that the server''s user was last given; empty if none was',
    version UInt64 COMMENT 'Of two rows with one key the higher version holds: milliseconds since 1970 when it was written',
    is_deleted UInt8 DEFAULT 0 COMMENT '1 takes the row back; rows read through FINAL never show it'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY tenant_id
COMMENT 'Which organisation of Grafana shows the customer''s boards, and with what it logs in. For operators.';
