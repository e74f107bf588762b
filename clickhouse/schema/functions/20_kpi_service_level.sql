-- Service level, seven variants, 0..1; NULL if nothing was counted (docs/kpi.md, "Service level").
-- Arguments are sums over the rows asked about, never ratios.

CREATE OR REPLACE FUNCTION kpi_service_level_excluding_short AS (answered_within, answered, abandoned, abandoned_short) ->
    answered_within / nullIf(answered + abandoned - abandoned_short, 0);

CREATE OR REPLACE FUNCTION kpi_service_level_answered_and_abandoned AS (answered_within, answered, abandoned) ->
    answered_within / nullIf(answered + abandoned, 0);

CREATE OR REPLACE FUNCTION kpi_service_level_with_flow_outs AS (answered_within, answered, abandoned, flowed_out) ->
    answered_within / nullIf(answered + abandoned + flowed_out, 0);

CREATE OR REPLACE FUNCTION kpi_service_level_over_offered AS (answered_within, offered) ->
    answered_within / nullIf(offered, 0);

CREATE OR REPLACE FUNCTION kpi_service_level_over_answered AS (answered_within, answered) ->
    answered_within / nullIf(answered, 0);

CREATE OR REPLACE FUNCTION kpi_service_level_left_within AS (answered_within, abandoned_within, flowed_out_within, offered) ->
    (answered_within + abandoned_within + flowed_out_within) / nullIf(offered, 0);

CREATE OR REPLACE FUNCTION kpi_service_level_late_abandons AS (answered_within, answered, abandoned, abandoned_within) ->
    answered_within / nullIf(answered + abandoned - abandoned_within, 0);
