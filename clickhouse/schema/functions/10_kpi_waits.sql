-- Counting in a map of waits: whole seconds of wait → number of queue calls (docs/kpi.md).

CREATE OR REPLACE FUNCTION kpi_waits_within AS (waits, limit_s) ->
    arraySum(arrayMap((wait_s, calls) -> if(wait_s <= limit_s, calls, 0), mapKeys(waits), mapValues(waits)));

CREATE OR REPLACE FUNCTION kpi_waits_below AS (waits, limit_s) ->
    arraySum(arrayMap((wait_s, calls) -> if(wait_s < limit_s, calls, 0), mapKeys(waits), mapValues(waits)));
