"""A panel's statement as it reaches ClickHouse: variables and macros replaced as Grafana and its
ClickHouse data source (version 4.20) do, first in the browser, then in the plugin's backend.

Written from what both do, not from what the boards need: a macro that is not here is not in the
plugin either, and a variable that the page does not have is an error, as it is on the screen.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

ALL = "$__all"

Values = Mapping[str, str | list[str]]
"""What is chosen in each variable of a page: one value, or the list of a multi-value one."""


class Range(NamedTuple):
    """The range of a page, seconds since the epoch, and the width of a point in seconds."""

    start_s: int
    end_s: int
    interval_s: int = 60


class UnknownNameError(Exception):
    """A variable or macro that does not exist where the statement runs."""


_CONDITIONAL = "$__conditionalAll("
_VARIABLE = re.compile(r"\$(?P<bare>[A-Za-z]\w*)|\$\{(?P<name>\w+)(?::(?P<format>\w+))?\}")
_MACRO = re.compile(r"\$__(?P<name>\w+)(?:\((?P<arguments>[^()]*(?:\([^()]*\)[^()]*)*)\))?")


def expanded(sql: str, values: Values, within: Range) -> str:
    """The statement that is sent."""
    return _backend_macros(_variables(_conditionals(sql, values), values), within)


def _conditionals(sql: str, values: Values) -> str:
    """`$__conditionalAll(condition, $variable)`: nothing is asked where "All" is chosen."""
    while (place := sql.rfind(_CONDITIONAL)) != -1:
        arguments, end = _arguments(sql, place + len(_CONDITIONAL))
        if len(arguments) != 2:
            raise UnknownNameError(f"conditionalAll with {len(arguments)} arguments")
        name = arguments[1].strip().removeprefix("$").strip("{}")
        if name not in values:
            raise UnknownNameError(name)
        chosen = values[name]
        text = chosen if isinstance(chosen, str) else ",".join(chosen)
        condition = "1=1" if text in ("", ALL) else arguments[0]
        sql = sql[:place] + condition + sql[end:]
    return sql


def _arguments(sql: str, start: int) -> tuple[list[str], int]:
    """The arguments that begin at `start`, and the place behind their closing bracket."""
    arguments, depth, begin = [], 1, start
    for place in range(start, len(sql)):
        if sql[place] == "(":
            depth += 1
        elif sql[place] == ")":
            depth -= 1
        if (sql[place] == "," and depth == 1) or depth == 0:
            arguments.append(sql[begin:place])
            begin = place + 1
        if depth == 0:
            return arguments, place + 1
    raise UnknownNameError("a bracket is not closed")


def _variables(sql: str, values: Values) -> str:
    def replaced(found: re.Match[str]) -> str:
        name = found["bare"] or found["name"]
        if name not in values:
            raise UnknownNameError(name)
        value = values[name]
        if found["format"] == "singlequote":
            several = [value] if isinstance(value, str) else value
            return ",".join("'" + each.replace("'", "\\'") + "'" for each in several)
        if found["format"] not in (None, "raw"):
            raise UnknownNameError(f"format {found['format']}")
        return value if isinstance(value, str) else "'" + "','".join(value) + "'"

    # Built-in names begin with two underscores; the backend replaces those.
    return _VARIABLE.sub(replaced, sql)


def _backend_macros(sql: str, within: Range) -> str:
    start, end, step = within
    first, last = (f"toDateTime({moment})" for moment in (start, end))
    first_ms, last_ms = (f"fromUnixTimestamp64Milli({s * 1000})" for s in (start, end))
    first_day, last_day = (f"toDate('{datetime.fromtimestamp(s, UTC):%F}')" for s in (start, end))

    moments = {
        "fromTime": first,
        "toTime": last,
        "fromTime_ms": first_ms,
        "toTime_ms": last_ms,
        "interval_s": str(step),
    }

    def replaced(found: re.Match[str]) -> str:
        name, arguments = found["name"], found["arguments"]
        if name in moments:
            # They take nothing: brackets that follow are the statement's.
            return moments[name] + ("" if arguments is None else f"({arguments})")
        of = (arguments or "").strip()
        of_columns = {
            "timeFilter": f"{of} >= {first} AND {of} <= {last}",
            "timeFilter_ms": f"{of} >= {first_ms} AND {of} <= {last_ms}",
            "dateFilter": f"{of} >= {first_day} AND {of} <= {last_day}",
            "timeInterval": f"toStartOfInterval(toDateTime({of}), INTERVAL {step} second)",
            "timeInterval_ms": (
                f"toStartOfInterval(toDateTime64({of}, 3), INTERVAL {step * 1000} millisecond)"
            ),
        }
        if name not in of_columns:
            raise UnknownNameError(f"$__{name}")
        return of_columns[name]

    return _MACRO.sub(replaced, sql)
