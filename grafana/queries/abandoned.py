"""Abandonadas: who gave up, and to whom nobody has spoken since. The newest month is known."""

# ruff: noqa: S608 - statements are put together of constants of our own alone

from grafana.queries import numbers
from grafana.queries.axis import by_time, quarter_of
from grafana.queries.filters import CHANNEL, QUEUE, chosen_as, in_range, seconds
from grafana.theme import FOLLOW_UP

FOLLOWED = "$__conditionalAll(follow_up IN (${follow_up:singlequote}), $follow_up)"

CARDS = numbers.plain(
    {
        "callers": f"""SELECT
        count() AS abandoned,
        countIf(is_to_call_back) AS to_call_back,
        countIf(follow_up = 'reached') AS reached,
        countIf(follow_up = 'served_later') AS served_later,
        countIf(follow_up = 'withheld') AS withheld,
        {seconds("maxIf(dateDiff('millisecond', ended_at, now64(3)), is_to_call_back)")} AS oldest_s
    FROM callcentre.v_abandoned_callers
    WHERE {in_range("entered_at")} AND {QUEUE} AND {CHANNEL}""",
    },
    {
        "to_call_back": "callers.to_call_back",
        "oldest": "if(callers.to_call_back = 0, NULL, callers.oldest_s)",
        "abandoned": "callers.abandoned",
        "reached": "callers.reached",
        "served_later": "callers.served_later",
        "withheld": "callers.withheld",
    },
)

CALLERS = f"""SELECT
    callers.follow_up AS follow_up, callers.caller AS caller, settings.display_name AS queue_name,
    callers.channel AS channel, callers.entered_at AS entered_at,
        {seconds("callers.wait_ms")} AS wait_s,
    callers.tried_again_at AS tried_again_at, callers.called_back_at AS called_back_at,
    callers.called_back_by AS called_back_by, callers.reached_at AS reached_at,
        callers.reached_by AS reached_by,
    {chosen_as("callers.queue")} AS queue
FROM
(
    SELECT
        tenant_id, queue, channel, follow_up, is_to_call_back, caller, entered_at, wait_ms,
            tried_again_at,
        called_back_at, called_back_by, reached_at, reached_by
    FROM callcentre.v_abandoned_callers
    WHERE {in_range("entered_at")} AND {QUEUE} AND {CHANNEL} AND {FOLLOWED}
) AS callers
INNER JOIN callcentre.v_queue_settings AS settings
    ON settings.tenant_id = callers.tenant_id AND settings.queue = callers.queue
ORDER BY callers.is_to_call_back DESC, indexOf([{", ".join(f"'{name}'" for name in FOLLOW_UP)}],
    callers.follow_up), callers.entered_at DESC
LIMIT 500"""
"""Who is still to be called back first, the newest of them first: the freshest is reached best."""

BY_TIME = by_time(
    """sum(callers.to_call_back) AS to_call_back,
    sum(callers.reached) AS reached,
    sum(callers.served_later) AS served_later,
    sum(callers.others) AS others""",
    "callers",
    f"""SELECT
        {quarter_of("entered_at")} AS quarter,
        toUInt64(is_to_call_back) AS to_call_back,
        follow_up = 'reached' AS reached,
        follow_up = 'served_later' AS served_later,
        follow_up IN ('abandoned_again', 'withheld') AS others
    FROM callcentre.v_abandoned_callers
    WHERE {in_range("entered_at")} AND {QUEUE} AND {CHANNEL}""",
)
