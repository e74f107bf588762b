"""Filas: what became of the calls that arrived in the range of the page, and a week before."""

# ruff: noqa: S608 - statements are put together of constants of our own alone

from grafana.language import Language
from grafana.queries import numbers
from grafana.queries.axis import by_time
from grafana.queries.bins import Bins
from grafana.queries.filters import (
    CHANNEL,
    QUEUE,
    ZONE,
    a_week_later,
    chosen_as,
    exact,
    in_range,
    in_range_a_week_before,
    whole,
)
from grafana.queries.numbers import Number
from grafana.queries.variables import criterion_of_queue

_SUMS = """
        sum(each.offered) AS offered,
        sum(each.answered) AS answered,
        sum(each.abandoned) AS abandoned,
        sum(each.flowed_out) AS flowed_out,
        sum(each.open) AS open,
        sum(each.bot_only) AS bot_only,
        sum(each.unknown) AS unknown,
        kpi_service_level_of(sum(each.service_level_met),
            sum(each.service_level_counted)) AS service_level,
        kpi_service_level_of(sum(each.service_level_wanted),
            sum(each.service_level_counted)) AS service_level_target,
        kpi_abandonment_rate(sum(each.abandoned), sum(each.offered)) AS abandonment_rate,
        kpi_abandonment_rate_without_short(
            sum(each.abandoned), sum(each.abandoned_short),
                sum(each.offered)) AS abandonment_rate_without_short,
        kpi_mean_wait_answered(sum(each.answered_wait_ms),
            sum(each.answered)) AS mean_wait_answered_s,
        kpi_mean_wait_all(
            sum(each.answered_wait_ms), sum(each.abandoned_wait_ms), sum(each.flowed_out_wait_ms),
            sum(each.answered), sum(each.abandoned), sum(each.flowed_out)) AS mean_wait_all_s,
        kpi_mean_abandon_time(sum(each.abandoned_wait_ms), sum(each.abandoned)) AS mean_abandon_s,
        intDiv(max(each.wait_max_ms), 1000) AS longest_wait_s,
        kpi_mean_handle_time(
            sum(each.talk_ms), sum(each.hold_ms), sum(each.wrap_up_ms),
                sum(each.handled)) AS mean_handle_s,
        kpi_mean_handle_time_without_wrap_up(
            sum(each.talk_ms), sum(each.hold_ms),
                sum(each.handled)) AS mean_handle_without_wrap_up_s"""
"""Every number of a set of rows of `v_queue_results`, each formed once over all of them."""


def _of(when: str) -> str:
    return f"""SELECT{_SUMS}
    FROM callcentre.v_queue_results AS each
    WHERE {when} AND {QUEUE} AND {CHANNEL}"""


_COMPARED = (
    "offered",
    "answered",
    "abandoned",
    "service_level",
    "abandonment_rate",
    "mean_wait_answered_s",
    "mean_handle_s",
)
_ALONE = (
    "abandonment_rate_without_short",
    "mean_wait_all_s",
    "mean_abandon_s",
    "longest_wait_s",
    "mean_handle_without_wrap_up_s",
)


def _shown(name: str, part: str) -> str:
    if name == "service_level":
        return exact(f"{part}.{name}")
    return whole(f"{part}.{name}") if name.startswith("mean_") else f"{part}.{name}"


def _cards() -> list[Number]:
    lines = []
    for name in _COMPARED:
        for part, suffix in (("period", ""), ("before", "_before")):
            number = Number(name + suffix, _shown(name, part))
            if name == "service_level":
                target = f"{part}.service_level_target"
                number = number._replace(low=exact(f"{target} - 0.1"), high=exact(target))
            lines.append(number)
    return [*lines, *(Number(name, _shown(name, "period")) for name in _ALONE)]


CARDS = numbers.scaled(
    {
        "period": _of(in_range("window_start")),
        "before": _of(in_range_a_week_before("window_start")),
    },
    _cards(),
)
"""One row per number over the range, and the same a week before."""

BY_TIME = by_time(
    """sum(results.answered) AS answered,
    sum(results.abandoned) AS abandoned,
    sum(results.flowed_out) AS flowed_out,
    sum(results.open) AS open,
    sum(results.bot_only) AS bot_only,
    sum(results.unknown) AS unknown,
    sum(results.offered_before) AS offered_before""",
    "results",
    f"""SELECT
        toDateTime(window_start, 'UTC') AS quarter, answered, abandoned, flowed_out, open, bot_only,
        unknown, 0 AS offered_before
    FROM callcentre.v_queue_results
    WHERE {in_range("window_start")} AND {QUEUE} AND {CHANNEL}
    UNION ALL
    SELECT toDateTime({a_week_later("toDateTime(window_start)")}, 'UTC'), 0, 0, 0, 0, 0, 0, offered
    FROM callcentre.v_queue_results
    WHERE {in_range_a_week_before("window_start")} AND {QUEUE} AND {CHANNEL}""",
)
"""Every bar of the range, empty ones too; what was offered a week before beside it."""

LEVEL_BY_TIME = by_time(
    """kpi_service_level_of(sum(results.met), sum(results.counted)) AS service_level,
    kpi_service_level_of(sum(results.wanted), sum(results.counted)) AS service_level_target,
    kpi_abandonment_rate(sum(results.abandoned), sum(results.offered)) AS abandonment_rate""",
    "results",
    f"""SELECT
        toDateTime(window_start, 'UTC') AS quarter, offered, abandoned, service_level_met AS met,
        service_level_counted AS counted, service_level_wanted AS wanted
    FROM callcentre.v_queue_results
    WHERE {in_range("window_start")} AND {QUEUE} AND {CHANNEL}""",
)

WAITS_BY_TIME = by_time(
    ",\n    ".join(
        f"if(sum(waits.calls) = 0, NULL, quantileExactWeighted({share})(waits.wait_s, waits.calls))"
        f" AS p{share * 100:.0f}_s"
        for share in (0.5, 0.9, 0.95)
    ),
    "waits",
    f"""SELECT toDateTime(window_start, 'UTC') AS quarter, wait_s, calls
    FROM callcentre.v_queue_windows
    ARRAY JOIN mapKeys(answered_waits) AS wait_s, mapValues(answered_waits) AS calls
    WHERE {in_range("window_start")} AND {QUEUE} AND {CHANNEL}""",
)
"""Of the answered calls, in whole seconds, from the waits themselves."""

_ABANDON_BINS = Bins((0, 5, 10, 20, 30, 60, 120), "s", 1)


def abandon_times(language: Language) -> str:
    """How long those waited who gave up: a row per bin, empty ones too."""
    return _ABANDON_BINS.counted(
        language,
        "sum(waits.calls)",
        "waits",
        f"""\
SELECT arrayMax(arrayFilter(start -> start <= wait_s, [{_ABANDON_BINS.starts}])) AS start, calls
    FROM callcentre.v_queue_windows
    ARRAY JOIN mapKeys(abandoned_waits) AS wait_s, mapValues(abandoned_waits) AS calls
    WHERE {in_range("window_start")} AND {QUEUE} AND {CHANNEL}""",
    )


HOURS = tuple(range(24))


def by_weekday_and_hour(language: Language) -> str:
    """What was offered, a row per day of the week and a column per hour, in the customer's zone."""
    days = (
        "['seg', 'ter', 'qua', 'qui', 'sex', 'sáb', 'dom']"
        if language is Language.PORTUGUESE
        else "['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']"
    )
    columns = ",\n    ".join(
        f"sumIf(calls.offered, calls.hour = {hour}) AS h{hour:02}" for hour in HOURS
    )
    return f"""SELECT
    arrayElement({days}, days.weekday) AS weekday,
    {columns}
FROM (SELECT arrayJoin([1, 2, 3, 4, 5, 6, 7]) AS weekday) AS days
LEFT JOIN
(
    SELECT toDayOfWeek(window_start, 0, {ZONE}) AS weekday, toHour(window_start, {ZONE}) AS hour,
        offered
    FROM callcentre.v_queue_results
    WHERE {in_range("window_start")} AND {QUEUE} AND {CHANNEL}
) AS calls ON calls.weekday = days.weekday
GROUP BY days.weekday
ORDER BY days.weekday"""


def by_queue(language: Language) -> str:
    """One row per queue, busiest first, and one of all of them together at the end."""
    return f"""SELECT
    if(is_total, 'Total', display_name) AS name, offered, answered, abandoned, flowed_out, open,
        unknown,
    service_level, {exact("service_level - service_level_target")} AS to_target,
    if(is_total, '', {criterion_of_queue(language)}) AS criterion,
    abandonment_rate, abandonment_rate_without_short,
    {whole("mean_wait_answered_s")} AS mean_wait_answered_s,
    {whole("mean_wait_all_s")} AS mean_wait_all_s,
    longest_wait_s, {whole("mean_handle_s")} AS mean_handle_s, offered_before, queue
FROM
(
    SELECT{_SUMS},
        sum(each.before) AS offered_before,
        any(each.service_level_variant) AS service_level_variant,
        any(each.answer_limit_s) AS answer_limit_s,
        any(if(each.channel = 'voice', each.display_name,
            concat(each.display_name, ' · WhatsApp'))) AS display_name,
        {chosen_as("each.queue")} AS queue,
        grouping(each.queue) = 1 AS is_total
    FROM
    (
        SELECT
            queue, channel, display_name, service_level_variant, answer_limit_s, offered, answered,
                abandoned, flowed_out,
            open, bot_only, unknown, handled, answered_wait_ms, abandoned_wait_ms,
                flowed_out_wait_ms, wait_max_ms,
            talk_ms, hold_ms, wrap_up_ms, abandoned_short, service_level_met, service_level_counted,
            service_level_wanted, 0 AS before
        FROM callcentre.v_queue_results
        WHERE {in_range("window_start")} AND {QUEUE} AND {CHANNEL}
        UNION ALL
        SELECT
            queue, channel, display_name, service_level_variant, answer_limit_s,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, offered
        FROM callcentre.v_queue_results
        WHERE {in_range_a_week_before("window_start")} AND {QUEUE} AND {CHANNEL}
    ) AS each
    GROUP BY GROUPING SETS ((each.queue), ())
)
WHERE offered + offered_before > 0
ORDER BY is_total, offered DESC, name"""


WAYS_OUT = f"""SELECT
    settings.display_name AS name, timed_out, left_empty, exited_by_key, withdrawn,
        transferred_away,
    blind, attended, missed_offers, estimated, {chosen_as("calls.queue")} AS queue
FROM
(
    SELECT
        tenant_id, queue,
        countIf(outcome = 'timed_out') AS timed_out,
        countIf(outcome = 'left_empty') AS left_empty,
        countIf(outcome = 'exited_by_key') AS exited_by_key,
        countIf(outcome = 'withdrawn') AS withdrawn,
        countIf(outcome = 'transferred_away') AS transferred_away,
        countIf(transfer = 'blind') AS blind,
        countIf(transfer = 'attended') AS attended,
        sum(each.missed_offers) AS missed_offers,
        countIf(is_estimated) AS estimated
    FROM callcentre.v_queue_calls AS each
    WHERE {in_range("entered_at")} AND {QUEUE} AND {CHANNEL}
    GROUP BY tenant_id, queue
) AS calls
INNER JOIN callcentre.v_queue_settings AS settings
    ON settings.tenant_id = calls.tenant_id AND settings.queue = calls.queue
ORDER BY timed_out + left_empty + exited_by_key + withdrawn + transferred_away DESC, name"""
