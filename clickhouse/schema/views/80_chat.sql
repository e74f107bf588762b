-- Chats: what is asked of them alone, and what both channels of a person come to. Conversations go on
-- side by side here, so an agent's time is counted once however many there are (docs/kpi.md, "Several
-- conversations at a time").

CREATE OR REPLACE VIEW callcentre.v_chats SQL SECURITY INVOKER
COMMENT 'One row per visit of a chat session to a queue, with the times that only chats have.'
AS SELECT
    tenant_id, site, queue, call_id, uniqueid AS session_id, entered_at, status, outcome, answered_at, ended_at,
    wait_ms, talk_ms, agent_key, agent_name, ended_by, transfer, caller, caller_hash, is_estimated,
    first_response_at, messages_in, messages_out, messages_read,
    first_response_ms,
    dateDiff('millisecond', answered_at, first_response_at) AS first_response_after_answer_ms,
    if(outcome = 'answered' AND status = 'ended' AND transfer = 'none', dateDiff('millisecond', entered_at, ended_at), NULL) AS resolution_ms,
    CAST(status != 'ended' AND first_response_at IS NULL, 'Bool') AS is_waiting_for_response
FROM callcentre.v_queue_calls
WHERE channel = 'whatsapp';

ALTER TABLE callcentre.v_chats
    COMMENT COLUMN session_id 'Id of the chat session',
    COMMENT COLUMN first_response_ms 'From entering the queue to the first message written by a person, milliseconds; NULL if none',
    COMMENT COLUMN first_response_after_answer_ms 'From the assignment to the first message written by a person, milliseconds; NULL if none',
    COMMENT COLUMN resolution_ms 'From entering the queue to the end of the session, milliseconds; NULL if it was not answered, not over or passed on',
    COMMENT COLUMN is_waiting_for_response 'Nobody has written to the customer yet, assigned or not';

CREATE OR REPLACE VIEW callcentre.v_chats_now SQL SECURITY INVOKER
COMMENT 'One row per chat that is open at this moment; entered within 90 days.'
AS SELECT
    tenant_id, site, queue, call_id, session_id, entered_at, answered_at, agent_key, agent_name, caller, caller_hash,
    messages_in, messages_out, is_waiting_for_response,
    CAST(status = 'waiting', 'Bool') AS is_unassigned,
    greatest(dateDiff('millisecond', entered_at, now64(3)), 0) AS open_ms
FROM callcentre.v_chats
WHERE status != 'ended' AND entered_at > now64(3) - INTERVAL 90 DAY;

ALTER TABLE callcentre.v_chats_now
    COMMENT COLUMN is_unassigned 'Nobody is assigned',
    COMMENT COLUMN open_ms 'Time since it entered the queue, milliseconds';

CREATE OR REPLACE VIEW callcentre.v_people_now SQL SECURITY INVOKER
COMMENT 'One row per person who answers, whatever the channel: what the person does at this moment, and how many chats at a time.'
AS SELECT
    tenant_id, person, any(team) AS team,
    groupUniqArray(channel) AS channels,
    anyIf(state, channel = 'voice') AS voice_state,
    CAST(countIf(channel = 'whatsapp' AND state = 'available') > 0, 'Bool') AS is_chat_available,
    toUInt32(sum(chats)) AS chats_open,
    toUInt32(sum(unanswered)) AS chats_waiting_for_response,
    CAST(chats_open > 0 OR voice_state IN ('talking', 'hold', 'wrap_up'), 'Bool') AS is_busy
FROM
(
    SELECT
        agents.tenant_id AS tenant_id, agents.site AS site, agents.channel AS channel, agents.agent_key AS agent_key,
        agents.state AS state, agents.chats AS chats, agents.unanswered AS unanswered,
        multiIf(
            registry.person != '', registry.person,
            agents.agent_name != '', agents.agent_name,
            agents.agent_key) AS person,
        registry.team AS team
    FROM
    (
        SELECT
            tenant_id, site, channel, agent_key,
            max(name) AS agent_name, max(now_state) AS state, sum(chat) AS chats, sum(waiting) AS unanswered
        FROM
        (
            SELECT
                tenant_id, site, channel, agent_key,
                toString(agent_name) AS name, toString(state) AS now_state, 0 AS chat, 0 AS waiting
            FROM callcentre.v_agents_now
            UNION ALL
            SELECT tenant_id, site, 'whatsapp', agent_key, toString(agent_name), '', 1, toUInt8(is_waiting_for_response)
            FROM callcentre.v_chats_now WHERE agent_key != ''
        )
        GROUP BY tenant_id, site, channel, agent_key
    ) AS agents
    LEFT JOIN callcentre.v_agents_registry AS registry
        ON registry.tenant_id = agents.tenant_id AND registry.site = agents.site AND registry.agent_key = agents.agent_key
    SETTINGS join_use_nulls = 0
)
GROUP BY tenant_id, person;

ALTER TABLE callcentre.v_people_now
    COMMENT COLUMN person 'Who it is: as registered, else the name as last seen, else the key',
    COMMENT COLUMN team 'Team the person belongs to; empty if none',
    COMMENT COLUMN channels 'Channels the person answers, voice or whatsapp',
    COMMENT COLUMN voice_state 'State at the telephone; empty if the person has none',
    COMMENT COLUMN is_chat_available 'Takes chats, as the platform told when it was last asked',
    COMMENT COLUMN chats_open 'Chats the person has at this moment',
    COMMENT COLUMN chats_waiting_for_response 'Of them those nobody has written to the customer in',
    COMMENT COLUMN is_busy 'Has a conversation or after-call work, on any channel';

CREATE OR REPLACE VIEW callcentre.usable_webhooks SQL SECURITY INVOKER
COMMENT 'Secrets of webhooks of enabled chat accounts of enabled customers that have not ended. The ingest API reads it; for operators.'
AS SELECT
    secrets.tenant_id AS tenant_id,
    secrets.site AS site,
    accounts.connector AS connector,
    secrets.sha256 AS sha256,
    secrets.valid_until AS valid_until
FROM (SELECT * FROM callcentre.webhook_secrets FINAL) AS secrets
INNER JOIN (SELECT * FROM callcentre.chat_accounts FINAL) AS accounts
    ON accounts.tenant_id = secrets.tenant_id AND accounts.site = secrets.site
INNER JOIN (SELECT * FROM callcentre.sites FINAL) AS registered
    ON registered.tenant_id = secrets.tenant_id AND registered.site = secrets.site
INNER JOIN (SELECT * FROM callcentre.tenants FINAL) AS customers
    ON customers.tenant_id = secrets.tenant_id
WHERE registered.is_enabled AND customers.is_enabled AND (secrets.valid_until IS NULL OR secrets.valid_until > now64(3));

ALTER TABLE callcentre.usable_webhooks
    COMMENT COLUMN site 'The one chat account the secret speaks for',
    COMMENT COLUMN sha256 'SHA-256 of the secret, 64 hex digits';
