"""The axis of time of the charts: every interval of a range has a row, empty ones too."""

# ruff: noqa: S608 - statements are put together of constants of our own alone

from grafana.queries.filters import ZONE


def quarter_of(moment: str) -> str:
    """The quarter of an hour in which a moment lies; quarters begin alike in every zone."""
    return f"toStartOfInterval(toDateTime({moment}, 'UTC'), INTERVAL 15 MINUTE, 'UTC')"


def by_time(
    columns: str,
    name: str,
    rows: str,
    *,
    start: str = "$__fromTime",
    end: str = "$__toTime",
    width: str = "${granularity}",
) -> str:
    """One row per interval of the range, `time` its start, cut as in the customer's zone.

    `rows` is a statement whose every row has its `quarter`; `columns` are sums over them by the
    name `name`.
    """
    return f"""SELECT
    toStartOfInterval(quarters.quarter, INTERVAL {width}, {ZONE}) AS time,
    {columns}
FROM {_quarters(start, end)} AS quarters
LEFT JOIN
(
    {rows}
) AS {name} ON {name}.quarter = quarters.quarter
GROUP BY time
ORDER BY time"""


def _quarters(start: str, end: str) -> str:
    # Every quarter of an hour that begins from the start on and before the end.
    first = f"toStartOfInterval({start} + INTERVAL 899 SECOND, INTERVAL 15 MINUTE, 'UTC')"
    return (
        f"(SELECT toDateTime(arrayJoin(range(toUInt32({first}), toUInt32({end}), 900)), 'UTC')"
        " AS quarter)"
    )
