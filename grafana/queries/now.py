"""Agora: this moment and calls. Four statements for the whole page, and what shades its chart."""

# ruff: noqa: S608 - statements are put together of constants of our own alone

from grafana.language import Language
from grafana.queries import coverage
from grafana.queries.axis import by_time
from grafana.queries.filters import (
    CHANNEL,
    QUEUE,
    QUEUE_OF_AGENT,
    START_OF_TODAY,
    TEAM,
    chosen_as,
    exact,
    is_today,
    seconds,
    whole,
)
from grafana.queries.numbers import OWN, Number, arrays
from grafana.queries.variables import criterion_of_queue
from grafana.theme import Colour

WAITING_CALLS_SHOWN = 15

_AGENTS_OF_TODAY = f"(state != 'logged_out' OR {is_today('started_at')})"
"""Who is logged in, and who was today: the others are not at work."""

_NO_WAITS = "CAST(map(), 'Map(UInt32, UInt64)')"
_DAY = (
    *("offered", "answered", "abandoned", "flowed_out", "handled", "answered_wait_ms"),
    *("abandoned_wait_ms", "flowed_out_wait_ms", "talk_ms", "hold_ms", "wrap_up_ms"),
)
_DAY_WAITS = ("answered_waits", "abandoned_waits", "flowed_out_waits")


def _columns(form: str, names: tuple[str, ...]) -> str:
    return ", ".join(form.format(name) for name in names)


_NEEDS = "['now', 'soon', 'fine', 'quiet']"
"""Most pressing first."""


def _line(language: Language) -> dict[str, tuple[str, str]]:
    """What the table of queues shows of one: expression over `_queues` and type, by its column."""
    to_target = exact("service_level - service_level_target")
    return {
        "need": ("need", "String"),
        "display_name": ("display_name", "String"),
        "waiting": ("waiting", "UInt64"),
        "longest_wait_s": (seconds("longest_wait_ms"), "Int64"),
        "available": ("available", "UInt64"),
        "talking": ("talking", "UInt64"),
        "offered": ("offered", "UInt64"),
        "answered": ("answered", "UInt64"),
        "abandoned": ("abandoned", "UInt64"),
        "service_level": ("service_level", "Float64"),
        "to_target": (to_target, "Float64"),
        "criterion": (criterion_of_queue(language), "String"),
        "mean_wait_s": (whole("mean_wait_s"), "Float64"),
        "queue": (chosen_as("part.queue"), "String"),
    }


# One row per chosen queue with anything to show: its settings, its callers, its agents, its day.
# A chat tells of no logins: that nobody is logged in to its queue means nothing.
# Settings are joined once, to the sums: a statement costs by its joins, not by its rows.
def _queues(language: Language) -> str:
    shown = ", ".join(expression for expression, _ in _line(language).values())
    return f"""
    SELECT
        part.queue AS queue,
        if(part.is_voice, settings.display_name, concat(settings.display_name, ' · WhatsApp'))
            AS display_name,
        settings.answer_limit_s AS answer_limit_s,
        settings.service_level_variant AS service_level_variant,
        settings.service_level_target AS service_level_target,
        settings.waiting_limit AS waiting_limit,
        settings.longest_wait_limit_s AS longest_wait_limit_s,
        part.waiting AS waiting,
        part.talking AS talking,
        part.longest_wait_ms AS longest_wait_ms,
        part.members AS members,
        part.available AS available,
        {_columns("part.{0} AS {0}", _DAY)},
        kpi_service_level_met(
            service_level_variant,
            kpi_waits_within(part.answered_waits, answer_limit_s),
            kpi_waits_within(part.abandoned_waits, answer_limit_s),
            kpi_waits_within(part.flowed_out_waits, answer_limit_s)) AS met,
        kpi_service_level_counted(
            service_level_variant, answered, abandoned,
            kpi_waits_below(part.abandoned_waits, settings.short_abandon_s),
            kpi_waits_within(part.abandoned_waits, answer_limit_s),
            flowed_out, offered) AS counted,
        kpi_service_level_of(met, counted) AS service_level,
        kpi_mean_wait_answered(answered_wait_ms, answered) AS mean_wait_s,
        multiIf(
            waiting > waiting_limit OR longest_wait_ms > 1000 * longest_wait_limit_s
                OR (waiting > 0 AND members = 0 AND part.is_voice), 'now',
            longest_wait_ms > 1000 * answer_limit_s
                OR {exact("service_level - service_level_target")} < -0.1, 'soon',
            offered = 0 AND waiting = 0 AND talking = 0, 'quiet',
            'fine') AS need,
        (indexOf({_NEEDS}, need), -longest_wait_ms, -waiting, display_name) AS place,
        ({shown}) AS line
    FROM
    (
        SELECT
            tenant_id, queue, max(each.channel = 'voice') AS is_voice,
            sum(each.waiting) AS waiting, sum(each.talking) AS talking,
            max(each.longest_wait_ms) AS longest_wait_ms,
            sum(each.members) AS members, sum(each.available) AS available,
            {_columns("sum(each.{0}) AS {0}", _DAY)},
            {_columns("sumMap(each.{0}) AS {0}", _DAY_WAITS)}
        FROM
        (
            SELECT
                tenant_id, queue, channel, waiting, talking, longest_wait_ms,
                0 AS members, 0 AS available,
                {_columns("0 AS {0}", _DAY)}, {_columns(_NO_WAITS + " AS {0}", _DAY_WAITS)}
            FROM callcentre.v_queues_now
            WHERE {QUEUE} AND {CHANNEL}
            UNION ALL
            SELECT
                tenant_id, queue, channel, 0, 0, 0, 1, is_available,
                {_columns("0", _DAY)}, {_columns(_NO_WAITS, _DAY_WAITS)}
            FROM callcentre.v_queue_members_now
            WHERE {QUEUE} AND {CHANNEL}
            UNION ALL
            SELECT
                tenant_id, queue, channel, 0, 0, 0, 0, 0,
                {_columns("{0}", _DAY)}, {_columns("CAST({0}, 'Map(UInt32, UInt64)')", _DAY_WAITS)}
            FROM callcentre.v_queue_windows
            WHERE {is_today("window_start")} AND {QUEUE} AND {CHANNEL}
        ) AS each
        GROUP BY tenant_id, queue
    ) AS part
    INNER JOIN callcentre.v_queue_settings AS settings
        ON settings.tenant_id = part.tenant_id AND settings.queue = part.queue
    WHERE part.waiting + part.talking + part.members + part.offered > 0"""


_NUMBERS = (
    Number("waiting", "calls.waiting", colour="calls.waiting_colour"),
    Number("longest_wait", seconds("calls.longest_wait_ms"), "0", "2 * calls.limit_of_longest_s"),
    Number(
        "service_level",
        exact("calls.service_level"),
        exact("calls.service_level_target - 0.1"),
        exact("calls.service_level_target"),
    ),
    Number("abandoned", "calls.abandoned"),
    Number("abandonment_rate", "calls.abandonment_rate"),
    Number(
        "mean_wait_answered",
        whole("calls.mean_wait_answered_s"),
        "0",
        "2 * calls.limit_of_busiest_s",
    ),
    Number("mean_wait_all", whole("calls.mean_wait_all_s"), colour=f"'{Colour.BLUE}'"),
    Number("mean_handle", whole("calls.mean_handle_s")),
    Number("mean_handle_without_wrap_up", whole("calls.mean_handle_without_wrap_up_s")),
    Number(
        "available",
        "agents.available",
        colour=f"if(agents.available = 0 AND calls.waiting > 0, '{Colour.RED}', '{Colour.GREEN}')",
    ),
    Number("talking", "agents.talking", colour=f"'{Colour.BLUE}'"),
    Number("busy", "agents.busy", colour=f"'{Colour.PURPLE}'"),
    Number("paused", "agents.paused", colour=f"'{Colour.AMBER}'"),
    Number("unreachable", "agents.unreachable", colour=f"'{Colour.GREY}'"),
    Number("logged_out", "agents.logged_out", colour=f"'{Colour.GREY}'"),
    Number("over_limit", "agents.over_limit"),
)


def numbers_and_queues(language: Language) -> str:
    """Two tables side by side: a row per large number, and a row per queue, most pressing first.

    The shorter one is NULL below its end. A number has the ends of its scale, or its colour, where
    they depend on the customer's settings. In one statement, since what a statement costs is its
    planning, and both are made of the same.
    """
    columns = _line(language)
    kinds = ", ".join(f"{name} Nullable({kind})" for name, (_, kind) in columns.items())
    of_queue = ",\n    ".join(f"tupleElement(line, '{name}') AS {name}" for name in columns)
    numbers = arrays([*_NUMBERS, *OWN])
    made = ",\n        ".join(f"{array} AS {name}s" for name, array in numbers.items())
    resized = ",\n    ".join(
        f"arrayResize({name}s, height) AS {name}" for name in numbers if name != "name"
    )
    return f"""WITH
calls AS
(
    SELECT
        sum(each.waiting) AS waiting,
        max(each.longest_wait_ms) AS longest_wait_ms,
        argMax(each.answer_limit_s, each.longest_wait_ms) AS limit_of_longest_s,
        multiIf(
            countIf(each.need = 'now' AND each.waiting > 0) > 0, '{Colour.RED}',
            countIf(each.longest_wait_ms > 1000 * each.answer_limit_s) > 0, '{Colour.AMBER}',
            sum(each.waiting) > 0, '{Colour.BLUE}',
            '{Colour.GREEN}') AS waiting_colour,
        sum(each.abandoned) AS abandoned,
        kpi_abandonment_rate(sum(each.abandoned), sum(each.offered)) AS abandonment_rate,
        kpi_service_level_of(sum(each.met), sum(each.counted)) AS service_level,
        kpi_service_level_of(
            sum(each.service_level_target * each.counted),
                sum(each.counted)) AS service_level_target,
        kpi_mean_wait_answered(sum(each.answered_wait_ms),
            sum(each.answered)) AS mean_wait_answered_s,
        argMax(each.answer_limit_s, each.answered) AS limit_of_busiest_s,
        kpi_mean_wait_all(
            sum(each.answered_wait_ms), sum(each.abandoned_wait_ms), sum(each.flowed_out_wait_ms),
            sum(each.answered), sum(each.abandoned), sum(each.flowed_out)) AS mean_wait_all_s,
        kpi_mean_handle_time(
            sum(each.talk_ms), sum(each.hold_ms), sum(each.wrap_up_ms),
                sum(each.handled)) AS mean_handle_s,
        kpi_mean_handle_time_without_wrap_up(
            sum(each.talk_ms), sum(each.hold_ms),
                sum(each.handled)) AS mean_handle_without_wrap_up_s,
        CAST(
            arrayMap(each -> each.2, arraySort(groupArray((each.place, each.line)))),
            'Array(Tuple({kinds}))') AS lines
    FROM
    ({_queues(language)}
    ) AS each
),
agents AS
(
    SELECT
        countIf(state = 'available') AS available,
        countIf(state IN ('talking', 'hold')) AS talking,
        countIf(state IN ('ringing', 'wrap_up', 'busy_other')) AS busy,
        countIf(state IN ('paused', 'paused_over_limit')) AS paused,
        countIf(state = 'paused_over_limit') AS over_limit,
        countIf(state = 'unreachable') AS unreachable,
        countIf(state = 'logged_out') AS logged_out
    FROM callcentre.v_agents_board
    WHERE {_AGENTS_OF_TODAY} AND {CHANNEL} AND {TEAM} AND {QUEUE_OF_AGENT}
),
sites AS
(
    {coverage.data_age()}
),
gaps AS
(
    {coverage.unseen(START_OF_TODAY, "now()")}
)
SELECT
    nullIf(number, '') AS name, value, low, high, colour,
    {of_queue}
FROM
(
    SELECT
        calls.lines AS lines,
        {made},
        greatest(length(names), length(lines)) AS height
    FROM calls CROSS JOIN agents CROSS JOIN sites CROSS JOIN gaps
)
ARRAY JOIN
    arrayResize(names, height) AS number,
    {resized},
    arrayResize(lines, height) AS line"""


WAITING_CALLS = f"""SELECT
    multiIf(wait_ms > 1000 * longest_wait_limit_s, 'now', wait_ms > 1000 * answer_limit_s,
        'soon', 'fine') AS need,
    place, display_name, caller, channel, {seconds("wait_ms")} AS wait_s,
    {chosen_as("calls.queue")} AS queue
FROM (SELECT tenant_id, queue, place, caller, channel, wait_ms FROM callcentre.v_waiting_calls
    WHERE {QUEUE} AND {CHANNEL}) AS calls
INNER JOIN callcentre.v_queue_settings AS settings
    ON settings.tenant_id = calls.tenant_id AND settings.queue = calls.queue
ORDER BY wait_s DESC
LIMIT {WAITING_CALLS_SHOWN}"""

AGENTS = f"""SELECT
    state, person, team, {seconds("lasts_ms")} AS lasts_s, pause_reason, pause_limit_s,
    display_name,
    ifNull(calls, 0) AS calls_today, {whole("mean_handle_s")} AS mean_handle_s,
    {chosen_as("person")} AS agent
FROM
(
    SELECT
        tenant_id, site, agent_key, state, person, team, lasts_ms, pause_reason, pause_limit_s,
        queue
    FROM callcentre.v_agents_board
    WHERE {_AGENTS_OF_TODAY} AND {CHANNEL} AND {TEAM} AND {QUEUE_OF_AGENT}
) AS agents
LEFT JOIN (SELECT tenant_id, queue, display_name FROM callcentre.v_queue_settings) AS settings
    ON settings.tenant_id = agents.tenant_id AND settings.queue = agents.queue
LEFT JOIN
(
    SELECT
        tenant_id, site, agent_key, count() AS calls,
        kpi_mean_handle_time(
            sumIf(talk_ms, status = 'ended'), sumIf(hold_ms, status = 'ended'),
            sumIf(wrap_up_ms, status = 'ended'), countIf(status = 'ended')) AS mean_handle_s
    FROM callcentre.v_queue_calls
    WHERE {is_today("entered_at")} AND outcome = 'answered' AND {QUEUE} AND {CHANNEL}
    GROUP BY tenant_id, site, agent_key
) AS handled
    ON handled.tenant_id = agents.tenant_id AND handled.site = agents.site
        AND handled.agent_key = agents.agent_key
ORDER BY
    indexOf(['paused_over_limit', 'unreachable', 'available', 'ringing', 'talking', 'hold',
        'busy_other', 'wrap_up', 'paused', 'logged_out'], state),
    lasts_s DESC, person"""

TODAY_BY_HALF_HOUR = by_time(
    """sum(results.answered) AS answered,
    sum(results.abandoned) AS abandoned,
    sum(results.flowed_out) AS flowed_out,
    sum(results.open) AS open,
    sum(results.bot_only) AS bot_only,
    sum(results.unknown) AS unknown,
    kpi_service_level_of(sum(results.met), sum(results.counted)) AS service_level""",
    "results",
    f"""SELECT
        toDateTime(window_start) AS quarter, answered, abandoned, flowed_out, open, bot_only,
            unknown,
        service_level_met AS met, service_level_counted AS counted
    FROM callcentre.v_queue_results
    WHERE {is_today("window_start")} AND {QUEUE} AND {CHANNEL}""",
    start=START_OF_TODAY,
    end="now()",
    width="30 MINUTE",
)
