-- Why:  a LowCardinality column has one dictionary a part, parts hold rows of many tenants, and the
--       engine evaluates functions on all of the dictionary: one that fails at a value printed, or
--       told by failing, what another tenant has in it (docs/adr/0014). So every word that a
--       customer, a PBX or a platform chooses becomes plain text; words of our own, the same for all
--       tenants, keep their dictionary. Queue calls get codecs that pay for it (docs/adr/0011).
-- Cost: each ALTER returns at once, and from then on readers see text: a part that is not rewritten
--       yet is converted as it is read. Rewriting these columns goes on behind, about two million
--       queue calls a second of a core; a restart does not lose it. It is over when
--       `SELECT count() FROM system.mutations WHERE database = 'callcentre' AND NOT is_done` is 0.
--       Codecs hold for new parts and merges.
-- Undo: the same with LowCardinality(String), and with it the leak.

ALTER TABLE callcentre.queue_calls
    MODIFY COLUMN tenant_id String CODEC(ZSTD(3)),
    MODIFY COLUMN site String CODEC(ZSTD(3)),
    MODIFY COLUMN queue String CODEC(ZSTD(3)),
    MODIFY COLUMN agent_key String CODEC(ZSTD(1)),
    MODIFY COLUMN agent_name String CODEC(ZSTD(9)),
    MODIFY COLUMN call_id String CODEC(ZSTD(9)),
    MODIFY COLUMN entered_at DateTime64(3, 'UTC') CODEC(Delta(8), T64('bit'), ZSTD(1)),
    MODIFY COLUMN ended_at Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), T64('bit'), ZSTD(1)),
    MODIFY COLUMN caller String CODEC(ZSTD(9)),
    MODIFY COLUMN version UInt64 CODEC(Delta(8), T64('bit'), ZSTD(1))
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.agent_states
    MODIFY COLUMN tenant_id String CODEC(ZSTD(3)),
    MODIFY COLUMN site String CODEC(ZSTD(3)),
    MODIFY COLUMN agent_key String CODEC(ZSTD(3)),
    MODIFY COLUMN agent_name String CODEC(ZSTD(3)),
    MODIFY COLUMN pause_reason String CODEC(ZSTD(3)),
    MODIFY COLUMN queue String CODEC(ZSTD(3))
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.agent_memberships
    MODIFY COLUMN tenant_id String CODEC(ZSTD(3)),
    MODIFY COLUMN site String CODEC(ZSTD(3)),
    MODIFY COLUMN agent_key String CODEC(ZSTD(3)),
    MODIFY COLUMN agent_name String CODEC(ZSTD(3)),
    MODIFY COLUMN queue String CODEC(ZSTD(3)),
    MODIFY COLUMN pause_reason String CODEC(ZSTD(3))
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.queue_windows
    MODIFY COLUMN tenant_id String CODEC(ZSTD(3)),
    MODIFY COLUMN site String CODEC(ZSTD(3)),
    MODIFY COLUMN queue String CODEC(ZSTD(3))
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.outbound_calls
    MODIFY COLUMN tenant_id String CODEC(ZSTD(3)),
    MODIFY COLUMN site String CODEC(ZSTD(3)),
    MODIFY COLUMN agent_key String CODEC(ZSTD(3)),
    MODIFY COLUMN agent_name String CODEC(ZSTD(3))
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.site_status
    MODIFY COLUMN tenant_id String CODEC(ZSTD(3)),
    MODIFY COLUMN site String CODEC(ZSTD(3))
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.coverage_gaps
    MODIFY COLUMN tenant_id String CODEC(ZSTD(3)),
    MODIFY COLUMN site String CODEC(ZSTD(3)),
    MODIFY COLUMN reason String CODEC(ZSTD(3))
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.event_batches
    MODIFY COLUMN tenant_id String CODEC(ZSTD(3)),
    MODIFY COLUMN site String CODEC(ZSTD(3)),
    MODIFY COLUMN spool String CODEC(ZSTD(3))
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.agents_now
    MODIFY COLUMN tenant_id String CODEC(ZSTD(3)),
    MODIFY COLUMN site String CODEC(ZSTD(3)),
    MODIFY COLUMN agent_key String CODEC(ZSTD(3)),
    MODIFY COLUMN agent_name String CODEC(ZSTD(3)),
    MODIFY COLUMN pause_reason String CODEC(ZSTD(3)),
    MODIFY COLUMN queue String CODEC(ZSTD(3))
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.site_snapshots
    MODIFY COLUMN tenant_id String CODEC(ZSTD(3)),
    MODIFY COLUMN site String CODEC(ZSTD(3))
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.tenants
    MODIFY COLUMN tenant_id String,
    MODIFY COLUMN time_zone String
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.sites
    MODIFY COLUMN tenant_id String,
    MODIFY COLUMN site String
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.site_tokens
    MODIFY COLUMN tenant_id String,
    MODIFY COLUMN site String
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.reader_credentials
    MODIFY COLUMN tenant_id String
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.queue_settings
    MODIFY COLUMN tenant_id String,
    MODIFY COLUMN queue String
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.agents_registry
    MODIFY COLUMN tenant_id String,
    MODIFY COLUMN site String,
    MODIFY COLUMN agent_key String,
    MODIFY COLUMN team String
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.pause_limits
    MODIFY COLUMN tenant_id String,
    MODIFY COLUMN pause_reason String
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.business_hours
    MODIFY COLUMN tenant_id String,
    MODIFY COLUMN queue String
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.queues_seen
    MODIFY COLUMN tenant_id String,
    MODIFY COLUMN queue String
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.alert_contacts
    MODIFY COLUMN tenant_id String
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.grafana_organisations
    MODIFY COLUMN tenant_id String
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.queue_names
    MODIFY COLUMN tenant_id String,
    MODIFY COLUMN site String,
    MODIFY COLUMN queue String
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.chat_accounts
    MODIFY COLUMN tenant_id String,
    MODIFY COLUMN site String
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.webhook_secrets
    MODIFY COLUMN tenant_id String,
    MODIFY COLUMN site String
    SETTINGS alter_sync = 0;

ALTER TABLE callcentre.memberships_now
    MODIFY COLUMN tenant_id String CODEC(ZSTD(3)),
    MODIFY COLUMN site String CODEC(ZSTD(3)),
    MODIFY COLUMN agent_key String CODEC(ZSTD(3)),
    MODIFY COLUMN queue String CODEC(ZSTD(3))
    SETTINGS alter_sync = 0;

-- The types of the feeds' own columns follow their query.

ALTER TABLE callcentre.queues_seen_feed MODIFY QUERY
SELECT DISTINCT tenant_id, queue
FROM callcentre.queue_windows;

ALTER TABLE callcentre.agents_now_feed MODIFY QUERY
SELECT
    tenant_id, site, channel, agent_key, agent_name, state, pause_reason, queue, call_id,
    started_at, state_since, is_estimated, version, is_deleted
FROM callcentre.agent_states
WHERE ended_at IS NULL;

ALTER TABLE callcentre.memberships_now_feed MODIFY QUERY
SELECT
    tenant_id, site, agent_key, queue, started_at, is_paused, penalty,
    2 * membership.version + (ended_at IS NULL) AS version,
    membership.is_deleted OR ended_at IS NOT NULL AS is_deleted
FROM callcentre.agent_memberships AS membership;
