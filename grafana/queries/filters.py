"""What the statements share: filters by the page's variables, time, and small expressions.

Every filter is one condition for a WHERE; with "All" chosen the plugin replaces it by `1=1`, so the
statement stays short. Times are half-open: two ranges that meet count nothing twice.

A variable's values are names as `chosen_as` writes them: Grafana's format `singlequote` writes a
backslash before a quote and leaves backslashes, which begin an escape in ClickHouse.
"""

QUEUE = "$__conditionalAll(queue IN (${queue:singlequote}), $queue)"
CHANNEL = "$__conditionalAll(channel IN (${channel:singlequote}), $channel)"
NO_TEAM = "—"
"""How people without a team are chosen: an empty value would mean "All" to the plugin."""

_CHOSEN_TEAM = f"if(team = '', '{NO_TEAM}', team) IN (${{team:singlequote}})"
TEAM = f"$__conditionalAll({_CHOSEN_TEAM}, $team)"
AGENT = "$__conditionalAll(person IN (${agent:singlequote}), $agent)"

QUEUE_OF_AGENT = (
    "$__conditionalAll((tenant_id, site, agent_key) IN (SELECT tenant_id, site, agent_key"
    " FROM callcentre.v_queue_members_now WHERE queue IN (${queue:singlequote})), $queue)"
)
"""Of agents: who is logged in to one of the chosen queues."""

SITES_IN_USE = (
    "(tenant_id, site) NOT IN (SELECT tenant_id, site FROM callcentre.v_sites WHERE NOT is_enabled)"
)

ZONE = "'${tz}'"
"""The customer's zone, a constant as ClickHouse wants it: filled by the hidden variable `tz`."""

START_OF_TODAY = f"toStartOfDay(now(), {ZONE})"
"""The moment today began where the customer is."""


def chosen_as(name: str) -> str:
    """The value that chooses this name in a variable, for lists of values and links that set one.

    Texts that people see hold the name itself.
    """
    return rf"replaceAll({name}, '\\', '\\\\')"


def is_today(moment: str) -> str:
    """The column lies in today, as the customer's days go."""
    return f"{moment} >= {START_OF_TODAY}"


def in_range(moment: str) -> str:
    """The column lies in the range of the page, its end excluded."""
    return f"{moment} >= $__fromTime AND {moment} < $__toTime"


def in_range_a_week_before(moment: str) -> str:
    """The column lies in the range of the page, moved back by seven days of the customer's zone."""
    return f"{moment} >= {_week_before('$__fromTime')} AND {moment} < {_week_before('$__toTime')}"


def _week_before(moment: str) -> str:
    # In the zone: the same time of day, though the clocks may have been changed in between.
    return f"toTimeZone({moment}, {ZONE}) - INTERVAL 7 DAY"


def a_week_later(moment: str) -> str:
    """The same time of day seven days later, in the customer's zone."""
    return f"toTimeZone({moment}, {ZONE}) + INTERVAL 7 DAY"


def seconds(milliseconds: str) -> str:
    """Whole seconds of a duration or age."""
    return f"intDiv({milliseconds}, 1000)"


def exact(share: str) -> str:
    """A share without the last digits of its division: one that is its target is not below it."""
    return f"round({share}, 9)"


def whole(seconds_of_a_mean: str) -> str:
    """A mean to the nearest second: Grafana's clock would cut 12.9 s down to 12."""
    return f"round({seconds_of_a_mean})"
