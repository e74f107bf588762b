-- What only chats have: first response, resolution (seconds), bot containment (0..1); NULL if nothing
-- was counted (docs/kpi.md). Arguments are sums over the rows asked about, never ratios or means.

CREATE OR REPLACE FUNCTION kpi_mean_first_response AS (first_response_ms, responded) ->
    first_response_ms / 1000 / nullIf(responded, 0);

CREATE OR REPLACE FUNCTION kpi_mean_resolution AS (resolution_ms, resolved) ->
    resolution_ms / 1000 / nullIf(resolved, 0);

CREATE OR REPLACE FUNCTION kpi_bot_containment AS (bot_only, offered) ->
    bot_only / nullIf(offered, 0);
