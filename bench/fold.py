"""`python -m bench.fold`: what one event costs in the fold, part by part, on one core.

Three days are folded, from the bytes of the topic's messages to the columns of the facts: a
recorded shift, an hour of the generated call centre, and the bench's own site. Beside it what the
state record of a site costs, which is written at each flush. Processor time, of each message in the
quickest of several rounds: other programs can only add to it.
"""

import argparse
import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from bench.generated_events import generated_hour, in_batches, published
from bench.site_events import TENANT, batches, open_calls
from ingest_api.contract.published import PublishedEvent, decode_batch, encode_batch
from streams.domain.facts import Fact
from streams.domain.site_state import decode_state, encode_state, new_site_state
from streams.interpreter import interpret
from streams.site_batches import fold_batch
from streams.storage.rows import fact_block, latest_facts
from tests.support.captures import events_of, scenario

SITE = "pbx-01"
BATCH_SIZES = (100, 1_000)
OPEN_CALLS = (5, 50, 500)
RECORDED = "22.10.1/shift_20261"
_SITE_EVENTS = 10_000
_FLUSH_EVENTS = 6_000
_ROUNDS = 15

_Piece = TypeVar("_Piece")


class FoldCost(NamedTuple):
    """CPU microseconds per event of one day: `fold_us` is all but reading and interpreting."""

    day: str
    events_per_batch: int
    events: int
    facts: int
    decode_us: float
    interpret_us: float
    fold_us: float
    rows_us: float
    total_us: float


class RecordCost(NamedTuple):
    """CPU microseconds per state record of a site with so many callers talking."""

    open_calls: int
    record_bytes: int
    encode_us: float
    decode_us: float


def measure(rounds: int = _ROUNDS) -> tuple[list[FoldCost], list[RecordCost]]:
    """All days at all batch sizes, and the records; each part the best of `rounds`."""
    costs = [
        fold_cost(name, events, size, rounds)
        for name, events in days().items()
        for size in BATCH_SIZES
    ]
    return costs, [record_cost(count, rounds) for count in OPEN_CALLS]


def days() -> dict[str, list[PublishedEvent]]:
    """The events of each day, numbered from 1."""
    made_up = [batch.events for batch in batches(SITE, _SITE_EVENTS, _SITE_EVENTS)]
    return {
        "recorded shift": published(events_of(scenario(RECORDED).connections)),
        "generated hour": generated_hour(1),
        "bench site": list(itertools.chain.from_iterable(made_up)),
    }


def fold_cost(day: str, events: list[PublishedEvent], size: int, rounds: int) -> FoldCost:
    """What the events cost when they come in batches of `size`."""
    messages = [encode_batch(batch) for batch in in_batches(SITE, events, size)]
    facts = list(map(_folding(), messages))
    per_flush = max(1, _FLUSH_EVENTS // size)
    flushes = [
        list(itertools.chain.from_iterable(facts[start : start + per_flush]))
        for start in range(0, len(facts), per_flush)
    ]

    # Each begins with the bytes, as in a worker: what was read a moment ago is still at hand.
    decode_us = _least_us(lambda: decode_batch, messages, rounds) / len(events)
    interpreted_us = _least_us(lambda: _interpret, messages, rounds) / len(events)
    folded_us = _least_us(_folding, messages, rounds) / len(events)
    rows_us = _least_us(lambda: _make_rows, flushes, rounds) / len(events)
    parts = (decode_us, interpreted_us - decode_us, folded_us - interpreted_us, rows_us)
    return FoldCost(
        day,
        size,
        len(events),
        sum(map(len, facts)),
        *(round(part, 2) for part in (*parts, sum(parts))),
    )


def record_cost(calls: int, rounds: int) -> RecordCost:
    """What the state record of a site with so many open calls costs."""
    state = new_site_state(TENANT, SITE)
    for batch in in_batches(SITE, open_calls(calls), 100):
        fold_batch(state, batch)
    data = encode_state(state)
    return RecordCost(
        calls,
        len(data),
        round(_least_us(lambda: encode_state, [state], rounds), 1),
        round(_least_us(lambda: decode_state, [data], rounds), 1),
    )


def _interpret(message: bytes) -> None:
    for event in decode_batch(message).events:
        interpret(event, event.at)


def _folding() -> Callable[[bytes], list[Fact]]:
    """Folds the messages of a new site, one after the other."""
    state = new_site_state(TENANT, SITE)
    return lambda message: fold_batch(state, decode_batch(message))


def _make_rows(facts: list[Fact]) -> None:
    """The columns of a flush."""
    for fact_type, latest in latest_facts(facts).items():
        fact_block(fact_type, latest)


def _least_us(
    begin: Callable[[], Callable[[_Piece], object]], pieces: Sequence[_Piece], rounds: int
) -> float:
    """Processor time of all pieces in microseconds, each as in the quickest of its rounds.

    Pieces take about a millisecond, so that on a busy machine most are left in peace at least once.
    """
    least = [float("inf")] * len(pieces)
    for _ in range(rounds):
        take = begin()
        for place, piece in enumerate(pieces):
            began = time.thread_time_ns()
            take(piece)
            least[place] = min(least[place], time.thread_time_ns() - began)
    return sum(least) / 1000


def main(arguments: list[str]) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.fold", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    options = parser.parse_args(arguments)
    costs, records = measure()
    load_average = round(os.getloadavg()[0], 2)
    if options.json:
        report = {
            "fold": [cost._asdict() for cost in costs],
            "state_record": [record._asdict() for record in records],
            "load_average": load_average,
        }
        print(json.dumps(report, indent=2))
        return 0
    for table in (costs, records):
        print("".join(f"{name:>18}" for name in table[0]._fields))
        for row in table:
            print("".join(f"{value:>18}" for value in row))
        print()
    print(f"load average {load_average:.2f} on {os.cpu_count()} cores")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
