-- What alerts ask of this moment that no board asks in one row. Alert rules have neither variables nor
-- the macros of a board, so the limits are applied here.

CREATE OR REPLACE VIEW callcentre.v_queue_alarms_now SQL SECURITY INVOKER
COMMENT 'One row per queue that had a call within a day: who waits, and which limits hold.'
AS SELECT
    queues.tenant_id AS tenant_id,
    queues.queue AS queue,
    settings.display_name AS display_name,
    queues.waiting AS waiting,
    queues.longest_wait_ms AS longest_wait_ms,
    settings.waiting_limit AS waiting_limit,
    settings.longest_wait_limit_s AS longest_wait_limit_s,
    queues.voice_waiting AS voice_waiting,
    CAST(waiting > waiting_limit OR longest_wait_ms > 1000 * longest_wait_limit_s, 'Bool') AS is_bottleneck
FROM
(
    SELECT
        tenant_id, queue,
        sum(now.waiting) AS waiting,
        max(now.longest_wait_ms) AS longest_wait_ms,
        sumIf(now.waiting, channel = 'voice') AS voice_waiting
    FROM callcentre.v_queues_now AS now
    GROUP BY tenant_id, queue
) AS queues
INNER JOIN callcentre.v_queue_settings AS settings
    ON settings.tenant_id = queues.tenant_id AND settings.queue = queues.queue;

ALTER TABLE callcentre.v_queue_alarms_now
    COMMENT COLUMN queue 'Queue as the source names it',
    COMMENT COLUMN display_name 'Name of the queue as people are to see it',
    COMMENT COLUMN waiting 'Callers who wait now, on all channels',
    COMMENT COLUMN longest_wait_ms 'Longest wait until now of those who wait, milliseconds; 0 if nobody waits',
    COMMENT COLUMN waiting_limit 'How many may wait at once',
    COMMENT COLUMN longest_wait_limit_s 'How long a caller may have waited, seconds',
    COMMENT COLUMN voice_waiting 'Callers who wait now on the telephone',
    COMMENT COLUMN is_bottleneck 'More wait than may, or one has waited longer than anyone may';

CREATE OR REPLACE VIEW callcentre.v_queues_waited_in_now SQL SECURITY INVOKER
COMMENT 'One row per queue in which somebody waits on the telephone at this moment: who could answer.'
AS SELECT
    queues.tenant_id AS tenant_id,
    queues.queue AS queue,
    queues.display_name AS display_name,
    queues.voice_waiting AS voice_waiting,
    members.logged_in AS logged_in,
    CAST(logged_in = 0, 'Bool') AS is_unattended
FROM (SELECT * FROM callcentre.v_queue_alarms_now WHERE voice_waiting > 0) AS queues
LEFT JOIN
(
    SELECT tenant_id, queue, uniqExactIf((site, agent_key), state != 'unreachable') AS logged_in
    FROM callcentre.v_queue_members_now
    GROUP BY tenant_id, queue
) AS members
    ON members.tenant_id = queues.tenant_id AND members.queue = queues.queue
SETTINGS join_use_nulls = 0;

ALTER TABLE callcentre.v_queues_waited_in_now
    COMMENT COLUMN queue 'Queue as the source names it',
    COMMENT COLUMN display_name 'Name of the queue as people are to see it',
    COMMENT COLUMN voice_waiting 'Callers who wait now on the telephone',
    COMMENT COLUMN logged_in 'Agents who are logged in to the queue and whose telephone can be reached, paused ones too',
    COMMENT COLUMN is_unattended 'Nobody who could answer is logged in';

CREATE OR REPLACE VIEW callcentre.v_sites_seen_now SQL SECURITY INVOKER
COMMENT 'One row per enabled site that was ever seen: whether anything is heard of its telephone exchange.'
AS SELECT
    status.tenant_id AS tenant_id,
    status.site AS site,
    status.age_ms AS age_ms,
    status.is_ami_connected AS is_ami_connected,
    CAST(age_ms > 60000 OR NOT status.is_ami_connected, 'Bool') AS is_silent
FROM callcentre.v_site_status AS status
LEFT JOIN callcentre.v_sites AS sites
    ON sites.tenant_id = status.tenant_id AND sites.site = status.site
WHERE sites.site = '' OR sites.is_enabled
SETTINGS join_use_nulls = 0;

ALTER TABLE callcentre.v_sites_seen_now
    COMMENT COLUMN site 'Telephone exchange or chat account the row came from',
    COMMENT COLUMN age_ms 'Time since anything was received from the site, milliseconds',
    COMMENT COLUMN is_ami_connected 'The collector is connected to the telephone exchange',
    COMMENT COLUMN is_silent 'Nothing was received for a minute, or the collector has lost the telephone exchange: boards show the past';
