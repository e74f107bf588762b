"""Row for row: what one store shows against what another one does.

Every table and every view of the schema is read whole, found in the store itself, so that one added
tomorrow is compared too. What may differ is named here with its reason, and nothing else may.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from clickhouse_connect.driver.client import Client

from tests.chaos.versions import Ranks, generation_ranks, normalised

NOT_COMPARED = {
    "schema_changes": "when the schema was applied",
    "event_batches": "how posts were cut into batches; its events are compared in the view events",
    "site_snapshots": "states are kept where a batch ended, and hold when it was received",
}
UNEQUAL_COLUMNS = {
    "received_at": "when ingest received the batch",
    "last_received_at": "when ingest received the last batch",
    "skew_ms": "when it was received less when it was sent",
    "age_ms": "now less when it was received",
    "since_ms": "counts up to now",
}
UNEQUAL_IN = {
    ("v_waiting_calls", "wait_ms"): "counts up to now",
    ("v_queues_now", "waiting_ms"): "counts up to now",
    ("v_queues_now", "longest_wait_ms"): "counts up to now",
    ("v_queue_alarms_now", "longest_wait_ms"): "counts up to now",
    ("v_queue_alarms_now", "is_bottleneck"): "whether that is too long",
    ("v_sites_seen_now", "is_silent"): "whether it was received long ago",
    ("v_chats_now", "open_ms"): "counts up to now",
    ("v_agents_now", "state_ms"): "counts up to now",
    ("v_agents_board", "lasts_ms"): "counts up to now",
}
UNEQUAL_WHILE_LASTING = {
    ("v_agent_states", "state_ms"): "counts up to now",
    ("v_coverage_gaps", "gap_ms"): "counts up to now",
}
"""Compared in rows that have an `ended_at`."""

QUARTERS_OVER = {
    "v_people_load": "what lasts counts up to now",
}
"""Compared in the quarters of an hour that are over when the comparison begins."""

_IS_OVER = "window_start + INTERVAL 15 MINUTE <= fromUnixTimestamp64Milli({began:Int64})"

NORMALISED = {
    "version": "its generation, made of the hour of receipt, as its place in order within the site",
    "generation": "the same",
}


@dataclass
class TableResult:
    """One table or view: how many rows the expected one has, and the rows only one of them has."""

    name: str
    rows: int
    missing: list[str] = field(default_factory=list)
    surplus: list[str] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        """Whether both have the same rows."""
        return not self.missing and not self.surplus


def compare_stores(found: Client, expected: Client) -> list[TableResult]:
    """Every table and view but those not to be compared. The stores are at rest."""
    found_ranks, expected_ranks = generation_ranks(found), generation_ranks(expected)
    names = sources(expected)
    began = time.time_ns() // 1_000_000
    absent = set(names) ^ set(sources(found))
    if absent:
        raise ValueError(f"the stores have different schemas: {sorted(absent)}")
    return [
        compare_rows(
            name,
            read_rows(found, name, names[name], found_ranks, began),
            read_rows(expected, name, names[name], expected_ranks, began),
        )
        for name in sorted(names)
    ]


def compare_rows(name: str, found: Iterable[str], expected: Iterable[str]) -> TableResult:
    """The rows as texts, in any order; a row that is there twice must be there twice."""
    left, right = Counter(found), Counter(expected)
    return TableResult(
        name, right.total(), sorted((right - left).elements()), sorted((left - right).elements())
    )


def sources(client: Client) -> dict[str, str]:
    """Table or view → what stands behind FROM to read it."""
    rows = client.query(
        "SELECT name, engine FROM system.tables WHERE database = 'callcentre'"
        " AND (engine LIKE '%MergeTree' OR engine = 'View')"
    ).result_rows
    return {
        name: f"callcentre.{name}" + (" FINAL" if engine != "View" else "")
        for name, engine in rows
        if name not in NOT_COMPARED
    }


def read_rows(client: Client, name: str, source: str, ranks: Ranks, began: int) -> Iterator[str]:
    """The rows as texts that can be compared and read; `began` in milliseconds since the epoch."""
    answer = client.query(
        f"SELECT * FROM {source} WHERE {_IS_OVER if name in QUARTERS_OVER else 'true'}",
        parameters={"began": began},
        query_formats={"DateTime64": "int"},
    )
    for row in answer.named_results():
        yield row_text(name, row, ranks)


def row_text(name: str, row: Mapping[str, Any], ranks: Ranks) -> str:
    """A row of this table without what may differ, in the order of its columns."""
    kept = {
        column: normalised(column, value, str(row.get("site", "")), ranks)
        for column, value in row.items()
        if column not in UNEQUAL_COLUMNS
        and (name, column) not in UNEQUAL_IN
        and ((name, column) not in UNEQUAL_WHILE_LASTING or row["ended_at"] is not None)
    }
    return ", ".join(f"{column}={value!r}" for column, value in kept.items())
