"""Compares the tormented store with everything that knows better, and fills the verdict."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any, NamedTuple

from clickhouse_connect.driver.client import Client

from streams.storage.connection import connect
from tests.chaos.compare import compare_stores
from tests.chaos.folded import compare_with_fold
from tests.chaos.record import EventHead, EventKey, Record, head_of
from tests.chaos.reference import Delivered, reference_run
from tests.chaos.settle import wait_until_stored
from tests.chaos.truth import compare_with_truth
from tests.chaos.verdict import Verdict

_STORED_WITHIN_S = 180.0
_SHOWN = 5


class Said(NamedTuple):
    """What was said by the collectors and by the posting program, and what the PBXs know."""

    collectors: Record
    posted: Record
    truth: Any


def judge(verdict: Verdict, client: Client, clickhouse_url: str, said: Said) -> None:
    """Fills in what is equal and what is not. Nobody writes to the store any more.

    Raises ChildFailedError or ReferenceRefusedError if the run without faults fails.
    """
    plan = verdict.plan
    collectors, posted = said.collectors, said.posted
    stored = _stored_events(client)

    def was_stored(key: EventKey, event: EventHead) -> bool:
        return stored.get(key) == (event.kind, event.name)

    verdict.problems += collectors.conflicts[:_SHOWN] + posted.conflicts[:_SHOWN]
    verdict.problems += _missing(collectors, stored) + _missing(posted, stored)
    verdict.problems += _unequal_windows(client)
    if plan.fills_spool:
        verdict.problems += _spool_gap(verdict, client, plan.live[0])
    by_collectors = collectors.delivered(was_stored)
    by_program = posted.delivered(was_stored)
    verdict.events["never answered, but arrived"] = (
        sum(map(len, by_collectors.values()))
        + sum(map(len, by_program.values()))
        - collectors.accepted_count()
        - posted.accepted_count()
    )
    verdict.folded = compare_with_fold(client, by_program)
    verdict.truth = compare_with_truth(clickhouse_url, said.truth)
    _compare_with_reference(verdict, client, {**by_collectors, **by_program})


def _compare_with_reference(verdict: Verdict, client: Client, delivered: Delivered) -> None:
    directory = verdict.plan.directory / "reference"
    with (
        reference_run(directory, delivered, verdict.plan.seed) as stack,
        closing(connect(stack.clickhouse_url)) as expected,
    ):
        sequences = _last_sequences(delivered)
        missing = wait_until_stored(expected, sequences, _STORED_WITHIN_S)
        if missing:
            verdict.problems.append(f"the run without faults did not store everything: {missing}")
        verdict.tables = compare_stores(client, expected)


def _last_sequences(delivered: Delivered) -> dict[tuple[str, str], int]:
    return {
        (site, spool): head_of(event).sequence
        for site, events in delivered.items()
        for spool, event in events
    }


def _stored_events(client: Client) -> dict[EventKey, tuple[str, str]]:
    """Every stored event → its kind and name."""
    rows = client.query(
        "SELECT site, spool, sequence, kind, name FROM callcentre.events"
    ).result_rows
    return {EventKey(*row[:3]): (row[3], row[4]) for row in rows}


def _missing(record: Record, stored: Mapping[EventKey, object]) -> list[str]:
    missing = sorted(key for key, _ in record.accepted() if key not in stored)
    if not missing:
        return []
    return [f"{len(missing)} events answered 202 are not stored, the first: {missing[:_SHOWN]}"]


def _unequal_windows(client: Client) -> list[str]:
    rows = client.query("SELECT * FROM callcentre.v_window_differences LIMIT 5").result_rows
    return [f"a window is not the sum of its queue calls: {row}" for row in rows]


def _spool_gap(verdict: Verdict, client: Client, site: str) -> list[str]:
    gaps, events = client.query(
        "SELECT count(), sum(to_sequence - from_sequence + 1) FROM callcentre.v_coverage_gaps"
        " WHERE site = {site:String} AND reason = 'spool_full'",
        parameters={"site": site},
    ).result_rows[0]
    verdict.faults["spool full: gaps told"] = gaps
    verdict.faults["spool full: events dropped"] = events
    return [] if gaps else [f"the spool of {site} was to be filled, and no gap is told"]
