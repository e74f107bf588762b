-- Mean handle times (seconds), occupancy and utilisation (0..1); NULL if nothing was counted (docs/kpi.md).
-- Arguments are sums over the rows asked about, never ratios or means.

CREATE OR REPLACE FUNCTION kpi_mean_handle_time AS (talk_ms, hold_ms, wrap_up_ms, handled) ->
    (talk_ms + hold_ms + wrap_up_ms) / 1000 / nullIf(handled, 0);

CREATE OR REPLACE FUNCTION kpi_mean_handle_time_without_wrap_up AS (talk_ms, hold_ms, handled) ->
    (talk_ms + hold_ms) / 1000 / nullIf(handled, 0);

CREATE OR REPLACE FUNCTION kpi_occupancy AS (handle_ms, available_ms) ->
    handle_ms / nullIf(handle_ms + available_ms, 0);

CREATE OR REPLACE FUNCTION kpi_utilisation AS (handle_ms, logged_in_ms) ->
    handle_ms / nullIf(logged_in_ms, 0);
