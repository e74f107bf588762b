-- Why:  chat accounts (docs/chat.md): their webhooks' secrets, and the names of queues that a platform
--       knows by an id. Secrets are written by `python -m tenants` alone, names by the streams.
-- Cost: none, the tables are new.
-- Undo: drop the views that name them, then the tables; webhooks are refused, queues show their ids.

CREATE TABLE IF NOT EXISTS callcentre.queue_names
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to',
    site LowCardinality(String) COMMENT 'Telephone exchange or chat account the row came from',
    queue LowCardinality(String) COMMENT 'Queue as the source names it',
    name String COMMENT 'What the source says people call it',
    version UInt64 COMMENT 'Of two rows with one key the higher version holds',
    is_deleted UInt8 DEFAULT 0 COMMENT '1 takes the row back; rows read through FINAL never show it'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (tenant_id, queue)
COMMENT 'One row per queue whose source knows it by an id and tells a name. Read v_queue_settings.';

CREATE TABLE IF NOT EXISTS callcentre.chat_accounts
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to',
    site LowCardinality(String) COMMENT 'Telephone exchange or chat account the row came from',
    connector LowCardinality(String) COMMENT 'Platform of the chat account: a name of connectors/doors.py',
    base_url String COMMENT 'Where the platform''s API is asked; empty if it is not',
    version UInt64 COMMENT 'Of two rows with one key the higher version holds: milliseconds since 1970 when it was written',
    is_deleted UInt8 DEFAULT 0 COMMENT '1 takes the row back; rows read through FINAL never show it'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (tenant_id, site)
COMMENT 'One row per site that is a chat account: which platform it is of. For operators.';

CREATE TABLE IF NOT EXISTS callcentre.webhook_secrets
(
    tenant_id LowCardinality(String) COMMENT 'Customer the row belongs to',
    site LowCardinality(String) COMMENT 'Telephone exchange or chat account the row came from',
    sha256 String COMMENT 'SHA-256 of the secret in the webhook''s address, 64 hex digits; the secret itself is nowhere',
    issued_at DateTime64(3, 'UTC') COMMENT 'Moment the secret was made',
    valid_until Nullable(DateTime64(3, 'UTC')) COMMENT 'Moment from which it is refused; NULL if no other is to replace it',
    version UInt64 COMMENT 'Of two rows with one key the higher version holds: milliseconds since 1970 when it was written',
    is_deleted UInt8 DEFAULT 0 COMMENT '1 takes the row back; rows read through FINAL never show it'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (tenant_id, site, sha256)
COMMENT 'Secrets of webhooks, as digests. For operators; the ingest API reads usable_webhooks.';
