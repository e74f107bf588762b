"""The facts in ClickHouse against what the simulated PBXs know to be true."""

import json
from dataclasses import dataclass
from typing import Any

from local.addresses import ask_clickhouse

_COUNTS = ("offered", "answered", "abandoned", "timed_out", "left_empty", "exited_by_key", "open")
_SUMS_MS = ("answered_wait_ms", "abandoned_wait_ms", "talk_ms", "hold_ms", "wrap_up_ms")
_COLUMNS = ", ".join(
    (
        "count() AS offered",
        *(f"countIf(outcome = '{name}') AS {name}" for name in _COUNTS[1:]),
        "ifNull(sumIf(c.wait_ms, outcome = 'answered'), 0) AS answered_wait_ms",
        "ifNull(sumIf(c.wait_ms, outcome = 'abandoned'), 0) AS abandoned_wait_ms",
        *(f"sum(c.{name}) AS {name}" for name in _SUMS_MS[2:]),
    )
)
_TOLERANCE_MS = 1_000
"""Per call: durations may come from whole seconds."""


@dataclass(frozen=True)
class Difference:
    """One number of one queue that is not what it should be."""

    site: str
    queue: str
    name: str
    true: int
    found: int


def differences(clickhouse_url: str, tenant: str, totals: dict[str, Any]) -> list[Difference]:
    """Where the facts differ from `totals` (`GET /totals` of the simulated PBXs); empty: nowhere.

    Counts must be equal; sums of times may be a second per offered call apart. Calls from before
    the PBXs opened are another run's. The windows must be the sums of their calls. Raises OSError
    if ClickHouse does not answer.
    """
    since = min(site["opened_at_ms"] for site in totals["sites"])
    rows = _rows(
        clickhouse_url,
        f"SELECT site, queue, {_COLUMNS} FROM callcentre.v_queue_calls AS c "  # noqa: S608
        f"WHERE tenant_id = '{tenant}' AND entered_at >= fromUnixTimestamp64Milli({since}) "
        "GROUP BY site, queue",
    )
    found = {(row["site"], row["queue"]): row for row in rows}
    true = {
        (site["site"], queue): counts
        for site in totals["sites"]
        for queue, counts in site["totals"].items()
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
    wrong_windows = _rows(
        clickhouse_url,
        "SELECT site, queue, count() AS windows FROM callcentre.v_window_differences "  # noqa: S608
        f"WHERE tenant_id = '{tenant}' GROUP BY site, queue",
    )
    result += [
        Difference(row["site"], row["queue"], "windows that are no sums", 0, row["windows"])
        for row in wrong_windows
    ]
    return result


def _rows(url: str, query: str) -> list[dict[str, Any]]:
    text = ask_clickhouse(
        url, f"{query} FORMAT JSONEachRow SETTINGS output_format_json_quote_64bit_integers = 0"
    )
    return [json.loads(line) for line in text.splitlines()]
