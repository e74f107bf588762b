"""Compares what is in ClickHouse with what the simulated PBXs know to be true.

Three looks, of which each sees what the others cannot: the sums per queue (also over calls the
truth keeps no longer), each queue call by itself, and the windows against the queue calls.

What nobody could see is no fault, as long as it is not told as if it had been seen. A coverage gap
of the site says when that was: a queue call that lay in one may be missing, and one that reached
into one may have other values if its row says so (`unknown`, or estimated). Such differences are
`not seen`; the sums are then those of the calls that were seen.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

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
    for name in ("site", "queue", "uniqueid", *_SAME, *_NEAR_MS, "is_estimated")
)
_TOLERANCE_MS = 1_000
"""Per call: a moment or duration may come from whole seconds."""
_FOR_EVER = 1 << 62


@dataclass(frozen=True)
class Difference:
    """One value that is not what it should be: of a queue, or of one call if `uniqueid` names it.

    None stands for a value, or a whole queue call, that is not there. `is_unseen`: nobody could
    know better, and the tables say so.
    """

    site: str
    queue: str
    name: str
    true: int | str | None
    found: int | str | None
    uniqueid: str = ""
    is_unseen: bool = False


class Gap(NamedTuple):
    """From when to when something of a site may not have been seen, ms since the epoch."""

    started_at: int
    ended_at: int


class Pair(NamedTuple):
    """A visit as it truly was, and as it was found; one of the two may be missing."""

    true: Row | None
    found: Row | None
    gaps: Sequence[Gap]


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
    gaps = _gaps(clickhouse_url, tenant)
    wrong_windows = _rows(
        clickhouse_url,
        "SELECT site, queue, count() AS windows FROM callcentre.v_window_differences "  # noqa: S608
        f"WHERE tenant_id = '{tenant}' GROUP BY site, queue",
    )
    pairs = [pair for site in truth["sites"] for pair in paired(calls, site, gaps[site["site"]])]
    return [
        *sum_differences(sums, truth["sites"], pairs),
        *call_differences(pairs),
        *(
            Difference(row["site"], row["queue"], "windows that are no sums", 0, row["windows"])
            for row in wrong_windows
        ),
    ]


def paired(rows: Iterable[Row], site: Row, gaps: Sequence[Gap] = ()) -> list[Pair]:
    """Each true visit of a site with the row found for it, and the gaps it reached into.

    Several visits of one caller to one queue are told apart by when they began. Calls older than
    the oldest one the truth has kept are left out: they are compared in the sums only.
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
        Pair(true_row, found_row, [gap for gap in gaps if _reaches_into(true_row, gap)])
        for key in sorted(set(found) | set(true))
        for true_row, found_row in _matched(true[key], found[key])
    ]


def call_differences(pairs: Iterable[Pair]) -> list[Difference]:
    """Queue calls that are missing, never happened, or have a wrong value."""
    return [
        Difference(row["site"], row["queue"], name, true, found, row["uniqueid"], _is_unseen(pair))
        for pair in pairs
        if (row := pair.true or pair.found) is not None
        for name, true, found in _wrong_values(pair.true, pair.found)
    ]


def sum_differences(
    rows: Iterable[Row], sites: Iterable[Row], pairs: Iterable[Pair] = ()
) -> list[Difference]:
    """Counts and sums per queue that are not the true ones.

    `pairs` are all of these sites; what of them was not seen counts as it was found.
    """
    found = {(row["site"], row["queue"]): row for row in rows}
    true = {
        (site["site"], queue): dict(counts)
        for site in sites
        for queue, counts in site["totals"].items()
    }
    for pair in pairs:
        if pair.true is not None and _is_unseen(pair):
            sums = true[pair.true["site"], pair.true["queue"]]
            for name in (*_COUNTS, *_SUMS_MS):
                sums[name] += _share(pair.found, name) - _share(pair.true, name)
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


def _gaps(clickhouse_url: str, tenant: str) -> defaultdict[str, list[Gap]]:
    """The coverage gaps of each site; one that lasts has no end."""
    gaps: defaultdict[str, list[Gap]] = defaultdict(list)
    for row in _rows(
        clickhouse_url,
        "SELECT site, toUnixTimestamp64Milli(started_at) AS started_at, "  # noqa: S608
        f"ifNull(toUnixTimestamp64Milli(ended_at), {_FOR_EVER}) AS ended_at "
        f"FROM callcentre.v_coverage_gaps WHERE tenant_id = '{tenant}'",
    ):
        gaps[row["site"]].append(Gap(row["started_at"], row["ended_at"]))
    return gaps


def _reaches_into(call: Row | None, gap: Gap) -> bool:
    """Whether some of the call, its wrap-up included, may have happened in the gap."""
    if call is None:
        return False
    ended_at = call["ended_at"] or _FOR_EVER
    return bool(
        call["entered_at"] <= gap.ended_at + _TOLERANCE_MS
        and ended_at + call["wrap_up_ms"] >= gap.started_at - _TOLERANCE_MS
    )


def _is_unseen(pair: Pair) -> bool:
    """Whether what differs could not be seen, and the tables do not pretend it was."""
    if pair.true is None:
        return False
    if pair.found is None:
        entered_at = pair.true["entered_at"]
        return any(
            gap.started_at - _TOLERANCE_MS <= entered_at <= gap.ended_at + _TOLERANCE_MS
            for gap in pair.gaps
        )
    is_told = bool(pair.found["is_estimated"]) or pair.found["outcome"] == "unknown"
    return is_told and bool(pair.gaps)


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


def _share(call: Row | None, name: str) -> int:
    """What a call adds to a count or sum of its queue."""
    if call is None:
        return 0
    if name == "offered":
        return 1
    if name.endswith("_wait_ms"):
        return (call["wait_ms"] or 0) if call["outcome"] == name.removesuffix("_wait_ms") else 0
    return int(call[name] if name in _SUMS_MS else call["outcome"] == name)


def _visits(calls: Iterable[Row]) -> defaultdict[tuple[str, str], list[Row]]:
    """The visits of each caller to each queue, in order."""
    visits: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for call in sorted(calls, key=lambda call: call["entered_at"]):
        visits[call["queue"], call["uniqueid"]].append(call)
    return visits


def _matched(true: list[Row], found: list[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    """Visits of one caller to one queue side by side, in order; of too few, the nearest ones."""
    while true and found:
        if len(true) > len(found) and not _is_nearest(true, found[0]):
            yield true[0], None
            true = true[1:]
        elif len(true) < len(found) and not _is_nearest(found, true[0]):
            yield None, found[0]
            found = found[1:]
        else:
            yield true[0], found[0]
            true, found = true[1:], found[1:]
    yield from ((row, None) for row in true)
    yield from ((None, row) for row in found)


def _is_nearest(visits: list[Row], other: Row) -> bool:
    """Whether the first of `visits` is the one that began nearest to the other."""
    return visits[0] is min(visits, key=lambda row: abs(row["entered_at"] - other["entered_at"]))


def _rows(url: str, query: str) -> list[Row]:
    text = ask_clickhouse(
        url, f"{query} FORMAT JSONEachRow SETTINGS output_format_json_quote_64bit_integers = 0"
    )
    return [json.loads(line) for line in text.splitlines()]
