"""The facts in ClickHouse against what the simulated PBXs know to be true."""

import json
from dataclasses import dataclass
from typing import Any

from local.addresses import ask_clickhouse

_COUNTS = ("offered", "answered", "abandoned", "timed_out", "left_empty", "exited_by_key", "open")
_SUMS_MS = ("answered_wait_ms", "abandoned_wait_ms", "talk_ms", "hold_ms", "wrap_up_ms")
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
    """Where the windows differ from `totals` (`GET /totals` of the simulated PBXs); empty: nowhere.

    Counts must be equal; sums of times may be a second per offered call apart. Raises OSError if
    ClickHouse does not answer.
    """
    columns = ", ".join(f"sum({name}) AS {name}" for name in (*_COUNTS, *_SUMS_MS))
    query = (
        f"SELECT site, queue, {columns} FROM callcentre.v_queue_windows "  # noqa: S608 - constants
        f"WHERE tenant_id = '{tenant}' GROUP BY site, queue "
        "FORMAT JSONEachRow SETTINGS output_format_json_quote_64bit_integers = 0"
    )
    rows = [json.loads(line) for line in ask_clickhouse(clickhouse_url, query).splitlines()]
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
    return result
