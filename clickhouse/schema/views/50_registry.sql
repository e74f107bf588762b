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

-- One row from several tables by a sum, not by joins: a join costs milliseconds of planning in every
-- statement that reads the view, however few rows there are (docs/adr/0060).
CREATE OR REPLACE VIEW callcentre.v_queue_settings SQL SECURITY INVOKER
COMMENT 'One row per queue that was ever seen or has settings: what holds for it, the past included.'
AS SELECT
    queues.tenant_id AS tenant_id,
    queues.queue AS queue,
    multiIf(set_name != '', set_name, told_name != '', told_name, queues.queue) AS display_name,
    coalesce(queues.answer_limit_s, if(customers.version > 0, customers.answer_limit_s, 20)) AS answer_limit_s,
    coalesce(queues.short_abandon_s, if(customers.version > 0, customers.short_abandon_s, 5)) AS short_abandon_s,
    multiIf(
        queues.service_level_variant != '', queues.service_level_variant,
        customers.version > 0, customers.service_level_variant,
        'excluding_short') AS service_level_variant,
    coalesce(queues.service_level_target, if(customers.version > 0, customers.service_level_target, 0.8)) AS service_level_target,
    coalesce(queues.waiting_limit, if(customers.version > 0, customers.waiting_limit, 10)) AS waiting_limit,
    coalesce(queues.longest_wait_limit_s, if(customers.version > 0, customers.longest_wait_limit_s, 120)) AS longest_wait_limit_s
FROM
(
    SELECT
        tenant_id, queue,
        max(each.set_name) AS set_name, max(each.told_name) AS told_name,
        max(each.answer_limit_s) AS answer_limit_s, max(each.short_abandon_s) AS short_abandon_s,
        max(each.service_level_variant) AS service_level_variant, max(each.service_level_target) AS service_level_target,
        max(each.waiting_limit) AS waiting_limit, max(each.longest_wait_limit_s) AS longest_wait_limit_s
    FROM
    (
        SELECT
            tenant_id, queue, 1 AS is_listed, display_name AS set_name, '' AS told_name, answer_limit_s, short_abandon_s,
            service_level_variant, service_level_target, waiting_limit, longest_wait_limit_s
        FROM callcentre.queue_settings FINAL
        UNION ALL
        SELECT tenant_id, queue, 1, '', '', NULL, NULL, '', NULL, NULL, NULL
        FROM callcentre.queues_seen
        UNION ALL
        SELECT tenant_id, queue, 0, '', name, NULL, NULL, '', NULL, NULL, NULL
        FROM callcentre.queue_names FINAL
    ) AS each
    GROUP BY tenant_id, queue
    HAVING max(each.is_listed) = 1
) AS queues
LEFT JOIN (SELECT * FROM callcentre.tenants FINAL) AS customers
    ON customers.tenant_id = queues.tenant_id
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
    tenant_id, site, agent_key,
    argMax(each.seen_name, each.seen) AS agent_name,
    person_of(max(each.set_person), agent_name, agent_key) AS person,
    max(each.set_team) AS team
FROM
(
    SELECT
        tenant_id, site, agent_key, agent_name AS seen_name, version AS seen,
        '' AS set_person, '' AS set_team
    FROM callcentre.agents_now
    UNION ALL
    SELECT tenant_id, site, agent_key, '', 0, person, team
    FROM callcentre.agents_registry FINAL
) AS each
GROUP BY tenant_id, site, agent_key;

ALTER TABLE callcentre.v_agents_registry
    COMMENT COLUMN agent_name 'The agent''s name as last seen; empty if never seen',
    COMMENT COLUMN person 'Who the agent is: as registered, else the name as last seen, else the key';

CREATE OR REPLACE VIEW callcentre.v_pause_limits SQL SECURITY INVOKER
COMMENT 'One row per reason of pauses that has a limit.'
AS SELECT tenant_id, pause_reason, limit_s
FROM callcentre.pause_limits FINAL;

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
