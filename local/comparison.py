"""The facts in ClickHouse against what the simulated PBXs know to be true.

Three looks, because each sees what the others cannot: the sums per queue (also over calls the truth
keeps no longer), each queue call by itself, and the windows against the queue calls.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from local.addresses import ask_clickhouse

Row = dict[str, Any]

_COUNTS = (
    "offered",
    "answered",
    "abandoned",
    "timed_out",
    "left_empty",
    "exited_by_key",
    "open",
)
_SUMS_MS = ("answered_wait_ms", "abandoned_wait_ms", "talk_ms", "hold_ms", "wrap_up_ms")
_SUMS = ", ".join(
    (
        "count() AS offered",
        *(f"countIf(outcome = '{name}') AS {name}" for name in _COUNTS[1:]),
        "ifNull(sumIf(c.wait_ms, outcome = 'answered'), 0) AS answered_wait_ms",
        "ifNull(sumIf(c.wait_ms, outcome = 'abandoned'), 0) AS abandoned_wait_ms",
        *(f"sum(c.{name}) AS {name}" for name in _SUMS_MS[2:]),
    )
)
_SAME = ("outcome", "agent_name", "ended_by", "transfer", "missed_offers")
_NEAR_MS = ("entered_at", "answered_at", "ended_at", "wait_ms", "talk_ms", "hold_ms", "wrap_up_ms")
_CALL = ", ".join(
    f"toUnixTimestamp64Milli({name}) AS {name}" if name.endswith("_at") else name
    for name in ("site", "queue", "uniqueid", *_SAME, *_NEAR_MS)
)
_TOLERANCE_MS = 1_000
"""Per call: a moment or duration may come from whole seconds."""


@dataclass(frozen=True)
class Difference:
    """One value that is not what it should be: of a queue, or of one call if `uniqueid` names it.

    None stands for a value, or a whole queue call, that is not there.
    """

    site: str
    queue: str
    name: str
    true: int | str | None
    found: int | str | None
    uniqueid: str = ""


def differences(clickhouse_url: str, tenant: str, truth: Row) -> list[Difference]:
    """Where the facts differ from `truth` (`GET /truth` of the simulated PBXs); empty: nowhere.

    Words and counts must be equal, times within a second per call. Calls from before the PBXs
    opened are another run's. Raises OSError if ClickHouse does not answer.
    """
    since = min(site["opened_at_ms"] for site in truth["sites"])
    source = (
        f"FROM (SELECT * FROM callcentre.v_queue_calls WHERE tenant_id = '{tenant}'"  # noqa: S608
        f" AND entered_at >= fromUnixTimestamp64Milli({since})) AS c"
    )
    sums = _rows(clickhouse_url, f"SELECT site, queue, {_SUMS} {source} GROUP BY site, queue")
    calls = _rows(clickhouse_url, f"SELECT {_CALL} {source}")
    wrong_windows = _rows(
        clickhouse_url,
        "SELECT site, queue, count() AS windows FROM callcentre.v_window_differences "  # noqa: S608
        f"WHERE tenant_id = '{tenant}' GROUP BY site, queue",
    )
    return [
        *sum_differences(sums, truth["sites"]),
        *(one for site in truth["sites"] for one in call_differences(calls, site)),
        *(
            Difference(row["site"], row["queue"], "windows that are no sums", 0, row["windows"])
            for row in wrong_windows
        ),
    ]


def sum_differences(rows: Iterable[Row], sites: Iterable[Row]) -> list[Difference]:
    """Counts and sums per queue that are not the true ones."""
    found = {(row["site"], row["queue"]): row for row in rows}
    true = {
        (site["site"], queue): counts for site in sites for queue, counts in site["totals"].items()
    }
    result = []
    for key in sorted(set(found) | set(true)):
        for name in (*_COUNTS, *_SUMS_MS):
            expected, got = true.get(key, {}).get(name, 0), found.get(key, {}).get(name, 0)
            tolerance = 0
            if name in _SUMS_MS:
                tolerance = _TOLERANCE_MS * true.get(key, {}).get("offered", 0)
            if abs(expected - got) > tolerance:
                result.append(Difference(*key, name, expected, got))
    return result


def call_differences(rows: Iterable[Row], site: Row) -> list[Difference]:
    """Queue calls of a site that are missing, never happened, or have a wrong value.

    Several visits of one caller to one queue are told apart by their order. Calls older than the
    oldest one the truth has kept are compared in the sums only.
    """
    kept_from = min((call["entered_at"] for call in site["calls"]), default=0) - _TOLERANCE_MS
    found = _visits(
        row
        for row in rows
        if row["site"] == site["site"]
        and (not site["forgotten_calls"] or row["entered_at"] >= kept_from)
    )
    true = _visits(site["calls"])
    return [
        Difference(site["site"], queue, name, true_value, found_value, uniqueid)
        for queue, uniqueid in sorted(set(found) | set(true))
        for pair in zip_longest(true[queue, uniqueid], found[queue, uniqueid])
        for name, true_value, found_value in _wrong_values(*pair)
    ]


def _wrong_values(true: Row | None, found: Row | None) -> Iterator[tuple[str, Any, Any]]:
    if true is None or found is None:
        yield "queue call", true and true["outcome"], found and found["outcome"]
        return
    for name in _SAME:
        if true[name] != found[name]:
            yield name, true[name], found[name]
    for name in _NEAR_MS:
        if not _is_near(true[name], found[name]):
            yield name, true[name], found[name]


def _is_near(true: int | None, found: int | None) -> bool:
    if true is None or found is None:
        return true is found
    return abs(true - found) <= _TOLERANCE_MS


def _visits(calls: Iterable[Row]) -> defaultdict[tuple[str, str], list[Row]]:
    """The visits of each caller to each queue, in order."""
    visits: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for call in sorted(calls, key=lambda call: call["entered_at"]):
        visits[call["queue"], call["uniqueid"]].append(call)
    return visits


def _rows(url: str, query: str) -> list[Row]:
    text = ask_clickhouse(
        url, f"{query} FORMAT JSONEachRow SETTINGS output_format_json_quote_64bit_integers = 0"
    )
    return [json.loads(line) for line in text.splitlines()]
