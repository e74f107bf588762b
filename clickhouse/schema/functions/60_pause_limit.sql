-- How long a pause may last, seconds: the limit of its reason, else that of every other reason ('*');
-- NULL if there is none. `limits` are a customer's rows of pause_limits, as a map.

CREATE OR REPLACE FUNCTION pause_limit_s AS (limits, pause_reason) ->
    nullIf(if(limits[pause_reason] > 0, limits[pause_reason], limits['*']), 0);
