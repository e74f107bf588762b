"""Macros and variables become what Grafana and version 4.20 of its data source make of them."""

import pytest

from tests.support.board_queries import ALL, Range, UnknownNameError, expanded

HOUR = Range(1_773_147_600, 1_773_151_200, 30)

MACROS = {
    "$__fromTime": "toDateTime(1773147600)",
    "$__toTime": "toDateTime(1773151200)",
    "$__fromTime_ms": "fromUnixTimestamp64Milli(1773147600000)",
    "$__timeFilter(at)": "at >= toDateTime(1773147600) AND at <= toDateTime(1773151200)",
    "$__timeFilter_ms(at)": (
        "at >= fromUnixTimestamp64Milli(1773147600000)"
        " AND at <= fromUnixTimestamp64Milli(1773151200000)"
    ),
    "$__dateFilter(day)": "day >= toDate('2026-03-10') AND day <= toDate('2026-03-10')",
    "$__timeInterval(at)": "toStartOfInterval(toDateTime(at), INTERVAL 30 second)",
    "$__interval_s": "30",
    "$__fromTime - INTERVAL 7 DAY": "toDateTime(1773147600) - INTERVAL 7 DAY",
    "(least(x, $__toTime))": "(least(x, toDateTime(1773151200)))",
}


@pytest.mark.parametrize("macro", MACROS)
def test_macros_of_the_backend(macro: str) -> None:
    assert expanded(macro, {}, HOUR) == MACROS[macro]


def test_a_condition_goes_where_all_is_chosen() -> None:
    sql = "WHERE $__conditionalAll(f(a, b) IN (${queue:singlequote}), $queue) AND 2"
    assert expanded(sql, {"queue": [ALL]}, HOUR) == "WHERE 1=1 AND 2"
    assert expanded(sql, {"queue": [""]}, HOUR) == "WHERE 1=1 AND 2"
    assert expanded(sql, {"queue": ["x", "it's"]}, HOUR) == "WHERE f(a, b) IN ('x','it\\'s') AND 2"


def test_conditions_may_stand_side_by_side() -> None:
    sql = "$__conditionalAll(a IN (${a:singlequote}), $a), $__conditionalAll(b = 1, $b)"
    assert expanded(sql, {"a": ["1"], "b": [ALL]}, HOUR) == "a IN ('1'), 1=1"


def test_a_hidden_value_stands_as_it_is() -> None:
    assert expanded("f('${tz}', INTERVAL ${g})", {"tz": "UTC", "g": "1 DAY"}, HOUR) == (
        "f('UTC', INTERVAL 1 DAY)"
    )


@pytest.mark.parametrize(
    "sql",
    [
        "${missing}",
        "$__timeFilters(at)",
        "$__conditionalAll(a, $missing)",
        "$__conditionalAll(a, b, $queue)",
        "$__conditionalAll(a",
        "${queue:unheard}",
    ],
)
def test_what_is_not_there_is_an_error(sql: str) -> None:
    with pytest.raises(UnknownNameError):
        expanded(sql, {"queue": [ALL]}, HOUR)
