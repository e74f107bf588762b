"""Business hours as people write them: `mon-fri=08:00-12:00,13:00-18:00 sat=08:00-12:00`.

Days and times are of the customer's zone. An interval that ends before it begins runs over midnight
and is kept as two. Nothing about holidays.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from tenants.errors import WrongInputError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60

_TIMES = re.compile(r"(\d\d):([0-5]\d)-(\d\d):([0-5]\d)", re.ASCII)


class Interval(NamedTuple):
    """A stretch of one day: weekday 1 is Monday; minutes since midnight, the end excluded."""

    weekday: int
    opens_minute: int
    closes_minute: int


def week_of(parts: Sequence[str]) -> tuple[Interval, ...]:
    """The intervals of a week in order; none means never open.

    Intervals that touch become one. Raises WrongInputError if a part cannot be read or intervals
    overlap.
    """
    found: list[Interval] = []
    for part in parts:
        days, equals, times = part.partition("=")
        if not equals:
            raise WrongInputError(f"hours {part!r}: write days=times, such as mon-fri=08:00-18:00")
        for weekday in _days(days):
            for text in times.split(","):
                found += _interval(weekday, text)
    return _joined(sorted(found))


def written_week(week: Iterable[Interval]) -> str:
    """The week as `week_of` reads it, days with the same hours together; `never` if empty."""
    times: dict[int, list[str]] = {}
    for weekday, opens, closes in week:
        times.setdefault(weekday, []).append(f"{_written(opens)}-{_written(closes)}")
    runs: list[list[int]] = []
    for weekday in sorted(times):
        if runs and runs[-1][-1] == weekday - 1 and times[runs[-1][-1]] == times[weekday]:
            runs[-1].append(weekday)
        else:
            runs.append([weekday])
    return " ".join(f"{_written_days(run)}={','.join(times[run[0]])}" for run in runs) or "never"


def _days(text: str) -> list[int]:
    days: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last and last not in DAYS):
            raise WrongInputError(f"day {part!r} is unknown: use {', '.join(DAYS)}, or mon-fri")
        start, end = DAYS.index(first), DAYS.index(last or first)
        length = (end - start) % len(DAYS) + 1
        days += [(start + n) % len(DAYS) + 1 for n in range(length)]
    return days


def _interval(weekday: int, text: str) -> list[Interval]:
    found = _TIMES.fullmatch(text)
    if not found:
        raise WrongInputError(f"hours {text!r}: write 08:00-18:00")
    hour, minute, end_hour, end_minute = map(int, found.groups())
    opens, closes = 60 * hour + minute, 60 * end_hour + end_minute
    if opens >= DAY_MINUTES or closes > DAY_MINUTES or opens == closes:
        raise WrongInputError(f"hours {text!r}: from 00:00 to 24:00, and not empty")
    if opens < closes:
        return [Interval(weekday, opens, closes)]
    parts = [Interval(weekday, opens, DAY_MINUTES)]
    return [*parts, Interval(weekday % len(DAYS) + 1, 0, closes)] if closes else parts


def _joined(intervals: list[Interval]) -> tuple[Interval, ...]:
    for earlier, later in pairwise(intervals):
        if earlier.weekday == later.weekday and later.opens_minute < earlier.closes_minute:
            day, start = DAYS[later.weekday - 1], _written(later.opens_minute)
            raise WrongInputError(f"the hours of {day} overlap at {start}")
    joined: list[Interval] = []
    for interval in intervals:
        last = joined[-1] if joined else None
        if last and (last.weekday, last.closes_minute) == interval[:2]:
            joined[-1] = last._replace(closes_minute=interval.closes_minute)
        else:
            joined.append(interval)
    return tuple(joined)


def _written(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _written_days(run: list[int]) -> str:
    first, last = DAYS[run[0] - 1], DAYS[run[-1] - 1]
    return first if first == last else f"{first}-{last}"
