"""Millions of made-up queue calls, made inside ClickHouse.

90 days up to now, 1,000 customers of whom the largest has 9 %, 10 queues and 8 to 400 agents each,
3 % of the calls written twice, the months before merged, the last day in small inserts.
"""

from clickhouse_connect.driver.client import Client

LARGEST, MIDDLING = "tenant-0000", "tenant-0500"
_DAYS = 90
_SMALL_INSERTS = 20
_COLUMNS = (
    *("tenant_id", "site", "channel", "queue", "call_id", "contact_id", "entered_at", "status"),
    *("outcome", "answered_at", "ended_at", "wait_ms", "talk_ms", "hold_ms", "wrap_up_ms"),
    *("agent_key", "agent_name", "ended_by", "transfer", "missed_offers", "position_at_entry"),
    *("caller", "caller_hash", "is_estimated", "version"),
)


def fill(admin: Client, calls: int) -> None:
    """Makes so many in `callcentre.queue_calls`, and the same again in `callcentre.naive_calls`."""
    old = calls * (_DAYS - 1) // _DAYS
    seconds = (_DAYS - 1) * 86_400
    admin.command(_made(0, old, seconds, 86_400))
    for month in admin.query(
        "SELECT DISTINCT partition FROM system.parts WHERE active AND table = 'queue_calls'"
    ).result_columns[0]:
        admin.command(f"OPTIMIZE TABLE callcentre.queue_calls PARTITION {month} FINAL")
    each = (calls - old) // _SMALL_INSERTS
    part_s = 86_400 // _SMALL_INSERTS
    for number in range(_SMALL_INSERTS):
        before_s = 86_400 - (number + 1) * part_s
        admin.command(_made(old + number * each, each, part_s, before_s))
    admin.command(
        "CREATE TABLE callcentre.naive_calls ENGINE = MergeTree ORDER BY entered_at AS "
        "SELECT * REPLACE (toString(tenant_id) AS tenant_id, toString(site) AS site, "
        "toString(channel) AS channel, toString(queue) AS queue, toString(status) AS status, "
        "toString(outcome) AS outcome, toString(agent_key) AS agent_key, "
        "toString(agent_name) AS agent_name, toString(ended_by) AS ended_by, "
        "toString(transfer) AS transfer) FROM callcentre.v_queue_calls"
    )


def _made(first: int, count: int, seconds: int, before_s: int) -> str:
    """An insert of `count` calls spread over `seconds` that ended `before_s` ago, 3 % doubled."""
    return f"""
INSERT INTO callcentre.queue_calls ({", ".join(_COLUMNS)})
WITH
    cityHash64(number, 1) AS dice, cityHash64(number, 2) AS dice2, cityHash64(number, 3) AS dice3,
    (dice % 1000000) / 1000000 AS share,
    if(share < 0.09, 0, 1 + toUInt32(pow((share - 0.09) / 0.91, 2) * 999)) AS tenant,
    if(tenant = 0, 400, 8 + tenant % 40) AS agents,
    toUInt32(dice2 % agents) AS agent,
    toUnixTimestamp64Milli(now64(3)) - {before_s * 1000}
        - intDiv(({first + count} - 1 - number) * {seconds * 1000}, {count}) - dice3 % 1000 AS at,
    toUInt64(-log(((dice2 % 99991) + 1) / 99992) * 14000) AS wait,
    toUInt64(-log(((dice3 % 99991) + 1) / 99992) * 180000) AS talk,
    multiIf(dice2 % 100 < 86, 'answered', dice2 % 100 < 95, 'abandoned', 'timed_out') AS result,
    result = 'answered' AS is_answered,
    concat(toString(intDiv(at, 1000)), '.', toString(number % 1000000)) AS channel_id
SELECT
    concat('tenant-', leftPad(toString(tenant), 4, '0')) AS tenant_id,
    concat('pbx-', leftPad(toString(tenant % 3), 2, '0')) AS site,
    'voice' AS channel,
    concat('queue-', toString(dice3 % 10)) AS queue,
    concat(channel_id, '/1') AS call_id,
    if(dice % 20 = 0, concat(channel_id, '1'), '') AS contact_id,
    fromUnixTimestamp64Milli(at, 'UTC') AS entered_at,
    'ended' AS status,
    result AS outcome,
    if(is_answered, fromUnixTimestamp64Milli(at + wait, 'UTC'), NULL) AS answered_at,
    fromUnixTimestamp64Milli(at + wait + if(is_answered, talk, 0), 'UTC') AS ended_at,
    wait AS wait_ms,
    if(is_answered, talk, 0) AS talk_ms,
    if(is_answered AND dice % 12 = 0, dice2 % 90000, 0) AS hold_ms,
    if(is_answered, dice % 20000, 0) AS wrap_up_ms,
    if(is_answered, concat('pjsip/', toString(2000 + agent)), '') AS agent_key,
    if(is_answered, concat('Agent ', toString(agent)), '') AS agent_name,
    if(is_answered, if(dice % 3 = 0, 'agent', 'caller'), '') AS ended_by,
    if(is_answered AND dice % 30 = 0, 'blind', 'none') AS transfer,
    if(dice % 8 = 0, 1, 0) AS missed_offers,
    1 + dice % 6 AS position_at_entry,
    concat('…', leftPad(toString(dice3 % 10000), 4, '0')) AS caller,
    lower(leftPad(hex(cityHash64(number % {max(1, count // 3)}, 4)), 16, '0')) AS caller_hash,
    false AS is_estimated,
    bitShiftLeft(1, 56) + number * 4 + copy AS version
FROM (SELECT number FROM numbers({first}, {count}))
ARRAY JOIN range(if(cityHash64(number, 5) % 100 < 3, 2, 1)) AS copy
"""  # noqa: S608 - numbers and names of our own
