-- The registry as boards read it. What is not set comes from the customer, what the customer has not
-- set from the defaults of docs/kpi.md, so every queue and agent ever seen has a row to join with.

CREATE OR REPLACE VIEW callcentre.v_tenants SQL SECURITY INVOKER
COMMENT 'One row per customer.'
AS SELECT
    tenant_id, display_name, time_zone, language, answer_limit_s, short_abandon_s,
    service_level_variant, service_level_target, waiting_limit, longest_wait_limit_s, is_enabled
FROM callcentre.tenants FINAL;

CREATE OR REPLACE VIEW callcentre.v_sites SQL SECURITY INVOKER
COMMENT 'One row per site of a customer.'
AS SELECT tenant_id, site, is_enabled
FROM callcentre.sites FINAL;

CREATE OR REPLACE VIEW callcentre.v_queue_settings SQL SECURITY INVOKER
COMMENT 'One row per queue that was ever seen or has settings: what holds for it, the past included.'
AS SELECT
    queues.tenant_id AS tenant_id,
    queues.queue AS queue,
    multiIf(
        settings.display_name != '', settings.display_name,
        names.name != '', names.name,
        queues.queue) AS display_name,
    coalesce(settings.answer_limit_s, if(customers.version > 0, customers.answer_limit_s, 20)) AS answer_limit_s,
    coalesce(settings.short_abandon_s, if(customers.version > 0, customers.short_abandon_s, 5)) AS short_abandon_s,
    multiIf(
        settings.service_level_variant != '', settings.service_level_variant,
        customers.version > 0, customers.service_level_variant,
        'excluding_short') AS service_level_variant,
    coalesce(settings.service_level_target, if(customers.version > 0, customers.service_level_target, 0.8)) AS service_level_target,
    coalesce(settings.waiting_limit, if(customers.version > 0, customers.waiting_limit, 10)) AS waiting_limit,
    coalesce(settings.longest_wait_limit_s, if(customers.version > 0, customers.longest_wait_limit_s, 120)) AS longest_wait_limit_s
FROM
(
    SELECT tenant_id, queue FROM callcentre.queues_seen
    UNION DISTINCT
    SELECT tenant_id, queue FROM callcentre.queue_settings FINAL
) AS queues
LEFT JOIN (SELECT * FROM callcentre.queue_settings FINAL) AS settings
    ON settings.tenant_id = queues.tenant_id AND settings.queue = queues.queue
LEFT JOIN (SELECT * FROM callcentre.tenants FINAL) AS customers
    ON customers.tenant_id = queues.tenant_id
LEFT JOIN (SELECT * FROM callcentre.queue_names FINAL) AS names
    ON names.tenant_id = queues.tenant_id AND names.queue = queues.queue
SETTINGS join_use_nulls = 0;

ALTER TABLE callcentre.v_queue_settings
    COMMENT COLUMN queue 'Queue as the source names it',
    COMMENT COLUMN display_name 'Name of the queue as people are to see it: as set, else as its source tells it, else the queue itself',
    COMMENT COLUMN answer_limit_s 'T, the answer limit, seconds; a wait of exactly T is within it',
    COMMENT COLUMN short_abandon_s 'S, the short-abandon limit, seconds; a wait of exactly S is not short',
    COMMENT COLUMN service_level_variant 'Variant of the service level: a name of docs/kpi.md without kpi_service_level_',
    COMMENT COLUMN service_level_target 'Service level the queue is to reach, 0..1',
    COMMENT COLUMN waiting_limit 'How many may wait at once; more is a bottleneck',
    COMMENT COLUMN longest_wait_limit_s 'How long a caller may have waited, seconds; longer is a bottleneck';

CREATE OR REPLACE VIEW callcentre.v_agents_registry SQL SECURITY INVOKER
COMMENT 'One row per agent who was ever seen or is registered: which person it is, and in which team.'
AS SELECT
    agents.tenant_id AS tenant_id,
    agents.site AS site,
    agents.agent_key AS agent_key,
    seen.agent_name AS agent_name,
    multiIf(
        registry.person != '', registry.person,
        seen.agent_name != '', seen.agent_name,
        agents.agent_key) AS person,
    registry.team AS team
FROM
(
    SELECT tenant_id, site, agent_key FROM callcentre.agents_now
    UNION DISTINCT
    SELECT tenant_id, site, agent_key FROM callcentre.agents_registry FINAL
) AS agents
LEFT JOIN (SELECT * FROM callcentre.agents_registry FINAL) AS registry
    ON registry.tenant_id = agents.tenant_id AND registry.site = agents.site AND registry.agent_key = agents.agent_key
LEFT JOIN
(
    SELECT tenant_id, site, agent_key, argMax(now.agent_name, version) AS agent_name
    FROM callcentre.agents_now AS now
    GROUP BY tenant_id, site, agent_key
) AS seen
    ON seen.tenant_id = agents.tenant_id AND seen.site = agents.site AND seen.agent_key = agents.agent_key
SETTINGS join_use_nulls = 0;

ALTER TABLE callcentre.v_agents_registry
    COMMENT COLUMN agent_name 'The agent''s name as last seen; empty if never seen',
    COMMENT COLUMN person 'Who the agent is: as registered, else the name as last seen, else the key';

CREATE OR REPLACE VIEW callcentre.v_pause_limits SQL SECURITY INVOKER
COMMENT 'One row per reason of pauses that has a limit.'
AS SELECT tenant_id, pause_reason, limit_s
FROM callcentre.pause_limits FINAL;

CREATE OR REPLACE VIEW callcentre.v_pauses_now SQL SECURITY INVOKER
COMMENT 'One row per agent who is paused at this moment, with how long that may last.'
AS SELECT
    agents.tenant_id AS tenant_id,
    agents.site AS site,
    agents.channel AS channel,
    agents.agent_key AS agent_key,
    agents.agent_name AS agent_name,
    agents.pause_reason AS pause_reason,
    agents.state_since AS state_since,
    agents.since_ms AS since_ms,
    multiIf(of_reason.limit_s > 0, of_reason.limit_s, of_others.limit_s > 0, of_others.limit_s, NULL) AS limit_s,
    CAST(ifNull(since_ms > 1000 * limit_s, false), 'Bool') AS is_over_limit
FROM (SELECT * FROM callcentre.v_agents_now WHERE state = 'paused') AS agents
LEFT JOIN callcentre.v_pause_limits AS of_reason
    ON of_reason.tenant_id = agents.tenant_id AND of_reason.pause_reason = agents.pause_reason
LEFT JOIN (SELECT tenant_id, limit_s FROM callcentre.v_pause_limits WHERE pause_reason = '*') AS of_others
    ON of_others.tenant_id = agents.tenant_id
SETTINGS join_use_nulls = 0;

ALTER TABLE callcentre.v_pauses_now
    COMMENT COLUMN agent_key 'Agent: normalised interface, unique within a site',
    COMMENT COLUMN agent_name 'The agent''s name as last seen',
    COMMENT COLUMN pause_reason 'Reason of the pause; empty if not told',
    COMMENT COLUMN state_since 'Moment the pause began, which survives interruptions by calls',
    COMMENT COLUMN since_ms 'How long the pause has lasted until now, milliseconds',
    COMMENT COLUMN limit_s 'How long it may last, seconds; NULL if there is no limit',
    COMMENT COLUMN is_over_limit 'It has lasted longer than it may';

CREATE OR REPLACE VIEW callcentre.v_business_hours SQL SECURITY INVOKER
COMMENT 'One row per stretch of a week in which a queue is open. A queue in no row has the hours of the empty queue, and is always open if there are none.'
AS SELECT
    tenant_id, queue,
    interval.weekday AS weekday,
    interval.opens_minute AS opens_minute,
    interval.closes_minute AS closes_minute
FROM callcentre.business_hours FINAL
ARRAY JOIN intervals AS interval;

ALTER TABLE callcentre.v_business_hours
    COMMENT COLUMN queue 'Queue as the source names it; empty for all that have no hours of their own',
    COMMENT COLUMN weekday 'Day of the week, 1 is Monday',
    COMMENT COLUMN opens_minute 'First minute in which it is open, since midnight of the customer''s zone',
    COMMENT COLUMN closes_minute 'First minute in which it is closed again; 1440 is midnight';

CREATE OR REPLACE VIEW callcentre.usable_tokens SQL SECURITY INVOKER
COMMENT 'Tokens of enabled sites of enabled customers that have not ended. The ingest API reads it; for operators.'
AS SELECT
    tokens.tenant_id AS tenant_id,
    tokens.site AS site,
    tokens.sha256 AS sha256,
    tokens.valid_until AS valid_until
FROM (SELECT * FROM callcentre.site_tokens FINAL) AS tokens
INNER JOIN (SELECT * FROM callcentre.sites FINAL) AS registered
    ON registered.tenant_id = tokens.tenant_id AND registered.site = tokens.site
INNER JOIN (SELECT * FROM callcentre.tenants FINAL) AS customers
    ON customers.tenant_id = tokens.tenant_id
WHERE registered.is_enabled AND customers.is_enabled AND (tokens.valid_until IS NULL OR tokens.valid_until > now64(3));

ALTER TABLE callcentre.usable_tokens
    COMMENT COLUMN site 'The one site the token speaks for',
    COMMENT COLUMN sha256 'SHA-256 of the token, 64 hex digits';
