-- Abandonment (0..1) and mean waits (seconds); NULL if nothing was counted (docs/kpi.md).
-- Arguments are sums over the rows asked about, never ratios or means.

CREATE OR REPLACE FUNCTION kpi_abandonment_rate AS (abandoned, offered) ->
    abandoned / nullIf(offered, 0);

CREATE OR REPLACE FUNCTION kpi_abandonment_rate_without_short AS (abandoned, abandoned_short, offered) ->
    (abandoned - abandoned_short) / nullIf(offered - abandoned_short, 0);

CREATE OR REPLACE FUNCTION kpi_mean_wait_answered AS (answered_wait_ms, answered) ->
    answered_wait_ms / 1000 / nullIf(answered, 0);

CREATE OR REPLACE FUNCTION kpi_mean_wait_all AS (answered_wait_ms, abandoned_wait_ms, flowed_out_wait_ms, answered, abandoned, flowed_out) ->
    (answered_wait_ms + abandoned_wait_ms + flowed_out_wait_ms) / 1000 / nullIf(answered + abandoned + flowed_out, 0);

CREATE OR REPLACE FUNCTION kpi_mean_abandon_time AS (abandoned_wait_ms, abandoned) ->
    abandoned_wait_ms / 1000 / nullIf(abandoned, 0);
