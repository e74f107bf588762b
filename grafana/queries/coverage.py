"""How fresh the data is and what was not seen, as every live page tells it."""

# ruff: noqa: S608 - statements are put together of constants of our own alone

from grafana.language import Language, Text
from grafana.queries.filters import SITES_IN_USE, ZONE, seconds


def data_age() -> str:
    """One row `age_s`: how long ago the most delayed site in use was heard; NULL if none was."""
    return f"""SELECT maxOrNull({seconds("age_ms")}) AS age_s
    FROM callcentre.v_site_status
    WHERE {SITES_IN_USE}"""


def _gap_touches(start: str, end: str) -> str:
    return f"started_at < {end} AND ifNull(ended_at, now64(3)) > {start}"


_IN_RANGE = _gap_touches("$__fromTime", "$__toTime")


def unseen(start: str, end: str) -> str:
    """One row `unseen_s`: time not seen at the site with the largest gap; overlaps count once."""
    return f"""SELECT max(unseen_s) AS unseen_s
    FROM
    (
        SELECT intervalLengthSum(
            toUnixTimestamp(greatest(started_at, toDateTime64({start}, 3))),
            toUnixTimestamp(least(ifNull(ended_at, now64(3)), toDateTime64({end}, 3)))) AS unseen_s
        FROM callcentre.v_coverage_gaps
        WHERE {_gap_touches(start, end)} AND {SITES_IN_USE}
        GROUP BY tenant_id, site
    )"""


SITES = f"""SELECT
    toString(is_ami_connected) AS connection, site, {seconds("age_ms")} AS age_s, spool_events,
    intDiv(skew_ms, 1000) AS skew_s, collector_version, asterisk_version
FROM callcentre.v_site_status
WHERE {SITES_IN_USE}
ORDER BY is_ami_connected, age_s DESC, site"""

GAPS = f"""SELECT
    started_at, ended_at, site, reason, {seconds("gap_ms")} AS lasted_s
FROM callcentre.v_coverage_gaps
WHERE {_IN_RANGE} AND {SITES_IN_USE}
ORDER BY started_at DESC
LIMIT 100"""

ANNOTATION = f"""SELECT
    started_at AS time, ifNull(ended_at, now64(3)) AS timeEnd, concat(site, ': ', reason) AS text
FROM callcentre.v_coverage_gaps
WHERE {_IN_RANGE} AND {SITES_IN_USE}
ORDER BY time
LIMIT 500"""
"""When something may not have been seen, for the charts to shade."""

_CLOSED = Text("Fora do expediente", "Outside business hours")


def _moment(minute: str) -> str:
    # By the clock on the wall: on the day the clocks are changed, noon is not 720 minutes old.
    day = f"addDays(day, intDiv({minute}, 1440))"
    return (
        f"makeDateTime(toYear({day}), toMonth({day}), toDayOfMonth({day}),"
        f" intDiv({minute} % 1440, 60), {minute} % 60, 0, {ZONE})"
    )


def closed_hours(language: Language) -> str:
    """When the customer is closed, by its general hours; nothing if it has set none.

    At most 62 days are shaded.
    """
    return f"""SELECT {_moment("span.1")} AS time, {_moment("span.2")} AS timeEnd,
    '{_CLOSED.in_(language)}' AS text
FROM
(
    SELECT
        days.day AS day,
        arraySort(groupArrayIf((hours.opens, hours.closes), hours.closes > 0)) AS open,
        arrayJoin(arrayFilter(
            span -> span.1 < span.2,
            arrayZip(
                arrayConcat([toUInt16(0)], arrayMap(each -> each.2, open)),
                arrayConcat(arrayMap(each -> each.1, open), [toUInt16(1440)])))) AS span
    FROM
    (
        SELECT arrayJoin(arrayMap(
            number -> addDays(toDate($__fromTime, {ZONE}), number),
            range(toUInt32(least(62, 1 + dateDiff('day', $__fromTime, $__toTime, {ZONE})))))) AS day
    ) AS days
    LEFT JOIN
    (
        SELECT weekday, opens_minute AS opens, closes_minute AS closes
        FROM callcentre.v_business_hours
        WHERE queue = ''
    ) AS hours ON hours.weekday = toDayOfWeek(days.day)
    WHERE (SELECT count() FROM callcentre.v_business_hours WHERE queue = '') > 0
    GROUP BY days.day
)
ORDER BY time"""
