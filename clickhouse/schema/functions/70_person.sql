-- Who an agent is: the person as registered, else the name as seen, else the key. Both may be empty.

CREATE OR REPLACE FUNCTION person_of AS (registered, seen, agent_key) ->
    multiIf(registered != '', registered, seen != '', seen, agent_key);
