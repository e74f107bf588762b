-- The service level by the variant a queue is measured by, whose name is then a value of a row, not
-- of the statement (docs/kpi.md, "Service level by variant"). Arguments are sums, never ratios.

-- Those who were served as they should be: what stands above the line.
CREATE OR REPLACE FUNCTION kpi_service_level_met AS (variant, answered_within, abandoned_within, flowed_out_within) ->
    answered_within + if(variant = 'left_within', abandoned_within + flowed_out_within, 0);

-- Those who count: what stands below it. An unknown variant counts nobody and gives no service level.
CREATE OR REPLACE FUNCTION kpi_service_level_counted AS (variant, answered, abandoned, abandoned_short, abandoned_within, flowed_out, offered) ->
    multiIf(
        variant = 'excluding_short', toInt64(answered + abandoned - abandoned_short),
        variant = 'answered_and_abandoned', toInt64(answered + abandoned),
        variant = 'with_flow_outs', toInt64(answered + abandoned + flowed_out),
        variant IN ('over_offered', 'left_within'), toInt64(offered),
        variant = 'over_answered', toInt64(answered),
        variant = 'late_abandons', toInt64(answered + abandoned - abandoned_within),
        toInt64(0));

-- Of several queues together, each by its own variant, limit and target: both sums over them.
CREATE OR REPLACE FUNCTION kpi_service_level_of AS (met, counted) ->
    met / nullIf(counted, 0);

CREATE OR REPLACE FUNCTION kpi_service_level AS (variant, answered_within, answered, abandoned, abandoned_short, abandoned_within, flowed_out, flowed_out_within, offered) ->
    kpi_service_level_of(
        kpi_service_level_met(variant, answered_within, abandoned_within, flowed_out_within),
        kpi_service_level_counted(variant, answered, abandoned, abandoned_short, abandoned_within, flowed_out, offered));
