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
    CAST(status != 'ended' AND first_response_at IS NULL, 'Bool') AS is_waiting_for_response,
    entered_at + INTERVAL 90 DAY AS open_until
FROM callcentre.v_queue_calls
WHERE channel = 'whatsapp';

ALTER TABLE callcentre.v_chats
    COMMENT COLUMN queue 'Queue as the source names it',
    COMMENT COLUMN call_id 'Id of the visit to the queue',
    COMMENT COLUMN session_id 'Id of the chat session',
    COMMENT COLUMN answered_at 'Moment a person was assigned; NULL if none was',
    COMMENT COLUMN ended_at 'Moment the visit ended: the session was over or passed on; NULL while open',
    COMMENT COLUMN talk_ms 'From the assignment to the end of the visit, milliseconds; 0 while open',
    COMMENT COLUMN agent_key 'Person of the platform it was assigned to: account, a slash, the platform''s id; empty if none',
    COMMENT COLUMN agent_name 'Name of that person as last seen; empty if none',
    COMMENT COLUMN first_response_ms 'From entering the queue to the first message written by a person, milliseconds; NULL if none',
    COMMENT COLUMN first_response_after_answer_ms 'From the assignment to the first message written by a person, milliseconds; NULL if none',
    COMMENT COLUMN resolution_ms 'From entering the queue to the end of the session, milliseconds; NULL if it was not answered, not over or passed on',
    COMMENT COLUMN is_waiting_for_response 'Nobody has written to the customer yet, assigned or not',
    COMMENT COLUMN open_until 'Last moment at which it is looked for as open; bounds what has to be read to find what goes on at a moment';

CREATE OR REPLACE VIEW callcentre.v_chats_now SQL SECURITY INVOKER
COMMENT 'One row per chat that is open at this moment; entered within 90 days.'
AS SELECT
    tenant_id, site, queue, call_id, session_id, entered_at, answered_at, agent_key, agent_name, caller, caller_hash,
    messages_in, messages_out, is_waiting_for_response,
    CAST(status = 'waiting', 'Bool') AS is_unassigned,
    greatest(dateDiff('millisecond', entered_at, now64(3)), 0) AS open_ms
FROM callcentre.v_chats
WHERE status != 'ended' AND open_until > now64(3);

ALTER TABLE callcentre.v_chats_now
    COMMENT COLUMN queue 'Queue as the source names it',
    COMMENT COLUMN call_id 'Id of the visit to the queue',
    COMMENT COLUMN session_id 'Id of the chat session',
    COMMENT COLUMN answered_at 'Moment a person was assigned; NULL if none is',
    COMMENT COLUMN agent_key 'Person of the platform it is assigned to; empty if none',
    COMMENT COLUMN agent_name 'Name of that person as last seen; empty if none',
    COMMENT COLUMN is_waiting_for_response 'Nobody has written to the customer yet, assigned or not',
    COMMENT COLUMN is_unassigned 'Nobody is assigned',
    COMMENT COLUMN open_ms 'Time since it entered the queue, milliseconds';

CREATE OR REPLACE VIEW callcentre.v_people_now SQL SECURITY INVOKER
COMMENT 'One row per person who answers, whatever the channel: what the person does at this moment, and how many chats at a time.'
AS SELECT
    tenant_id, person, max(team) AS team,
    arraySort(groupUniqArray(channel)) AS channels,
    -- Of several telephones the busiest counts.
    argMinIf(
        state,
        indexOf(['talking', 'hold', 'wrap_up', 'ringing', 'busy_other', 'available', 'paused', 'unreachable', 'logged_out'], state),
        channel = 'voice') AS voice_state,
    CAST(countIf(channel = 'whatsapp' AND state = 'available') > 0, 'Bool') AS is_chat_available,
    toUInt32(sum(chats)) AS chats_open,
    toUInt32(sum(unanswered)) AS chats_waiting_for_response,
    CAST(chats_open > 0 OR voice_state IN ('talking', 'hold', 'wrap_up'), 'Bool') AS is_busy
FROM
(
    SELECT
        agents.tenant_id AS tenant_id, agents.site AS site, agents.channel AS channel, agents.agent_key AS agent_key,
        agents.state AS state, agents.chats AS chats, agents.unanswered AS unanswered,
        person_of(registry.person, agents.agent_name, agents.agent_key) AS person,
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
    COMMENT COLUMN voice_state 'State at the telephone, at the busiest of several; empty if the person has none',
    COMMENT COLUMN is_chat_available 'Takes chats, as the platform told when it was last asked',
    COMMENT COLUMN chats_open 'Chats the person has at this moment',
    COMMENT COLUMN chats_waiting_for_response 'Of them those nobody has written to the customer in',
    COMMENT COLUMN is_busy 'Has a conversation or after-call work, on any channel';

-- One conversation after the other or several at once, at the telephone and in chats: a person's time
-- is cut at the quarters of an hour and counted once. Bounded, because nothing of it is stored.
CREATE OR REPLACE VIEW callcentre.v_people_load SQL SECURITY INVOKER
COMMENT 'Per person and quarter of an hour of the last 31 days: how long the person was busy, free and logged in, and how much conversation that was.'
AS SELECT
    tenant_id, person, team, window_start,
    toUInt64(arraySum(span -> span.2 - span.1, conversations)) AS conversation_ms,
    toUInt64(kpi_covered_ms(conversations)) AS busy_ms,
    toUInt64(kpi_covered_ms(arrayConcat(conversations, free)) - busy_ms) AS available_ms,
    toUInt64(kpi_covered_ms(arrayConcat(conversations, free, present))) AS logged_in_ms
FROM
(
    SELECT
        spans.tenant_id AS tenant_id,
        person_of(registry.person, spans.agent_name, spans.agent_key) AS person,
        max(registry.team) AS team,
        arrayJoin(range(
            intDiv(spans.from_ms, 900000),
            intDiv(spans.until_ms - 1, 900000) + 1)) * 900000 AS start_ms,
        fromUnixTimestamp64Milli(start_ms, 'UTC') AS window_start,
        groupArrayIf((greatest(from_ms, start_ms), least(until_ms, start_ms + 900000)), kind = 'conversation') AS conversations,
        groupArrayIf((greatest(from_ms, start_ms), least(until_ms, start_ms + 900000)), kind = 'free') AS free,
        groupArrayIf((greatest(from_ms, start_ms), least(until_ms, start_ms + 900000)), kind = 'present') AS present
    FROM
    (
        SELECT
            tenant_id, site, agent_key, toString(agent_name) AS agent_name,
            multiIf(state IN ('talking', 'hold', 'wrap_up'), 'conversation', state = 'available', 'free', 'present') AS kind,
            toInt64(toUnixTimestamp64Milli(greatest(started_at, now64(3, 'UTC') - INTERVAL 31 DAY))) AS from_ms,
            toInt64(toUnixTimestamp64Milli(ifNull(ended_at, now64(3, 'UTC')))) AS until_ms
        FROM callcentre.v_agent_states
        WHERE state NOT IN ('logged_out', 'unreachable') AND ifNull(ended_at, now64(3, 'UTC')) > now64(3, 'UTC') - INTERVAL 31 DAY
        UNION ALL
        SELECT
            tenant_id, site, agent_key, toString(agent_name), 'conversation',
            toInt64(toUnixTimestamp64Milli(greatest(assumeNotNull(answered_at), now64(3, 'UTC') - INTERVAL 31 DAY))),
            toInt64(toUnixTimestamp64Milli(ifNull(ended_at, now64(3, 'UTC'))))
        FROM callcentre.v_chats
        WHERE agent_key != '' AND answered_at IS NOT NULL AND open_until > now64(3, 'UTC') - INTERVAL 31 DAY
            AND ifNull(ended_at, now64(3, 'UTC')) > now64(3, 'UTC') - INTERVAL 31 DAY
    ) AS spans
    LEFT JOIN callcentre.v_agents_registry AS registry
        ON registry.tenant_id = spans.tenant_id AND registry.site = spans.site AND registry.agent_key = spans.agent_key
    WHERE spans.until_ms > spans.from_ms
    GROUP BY tenant_id, person, start_ms
    SETTINGS join_use_nulls = 0
);

ALTER TABLE callcentre.v_people_load
    COMMENT COLUMN person 'Who it is: as registered, else the name as last seen, else the key',
    COMMENT COLUMN team 'Team the person belongs to; empty if none',
    COMMENT COLUMN window_start 'Start of the quarter of an hour, UTC',
    COMMENT COLUMN conversation_ms 'Conversations and after-call work, each counted for itself, milliseconds',
    COMMENT COLUMN busy_ms 'Time with at least one of them, milliseconds',
    COMMENT COLUMN available_ms 'Time free for one on a channel and without any, milliseconds',
    COMMENT COLUMN logged_in_ms 'Time logged in on a channel, milliseconds';

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
