"""`python -m bench.fold`: what one event costs in the fold, part by part, on one core.

Three days are folded, from the bytes of the topic's messages to the columns of the facts: a
recorded shift, an hour of the generated call centre, and the bench's own site. Beside it what the
state record of a site costs, which is written at each flush. Process time, the best of several
rounds: other programs can only add to it.
"""

import argparse
import itertools
import json
import os
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from bench.generated_events import generated_hour, in_batches, published
from bench.site_events import TENANT, batches, open_calls
from ingest_api.contract.published import PublishedEvent, decode_batch, encode_batch
from streams.domain.facts import Fact
from streams.domain.site_state import SiteState, decode_state, encode_state, new_site_state
from streams.interpreter import interpret
from streams.site_batches import fold_batch
from streams.storage.rows import fact_block, latest_facts
from tests.support.captures import events_of, scenario

SITE = "pbx-01"
BATCH_SIZES = (100, 1_000)
OPEN_CALLS = (5, 50, 500)
RECORDED = "22.10.1/shift_20261"
_SITE_EVENTS = 20_000
_ROUNDS = 7
_ROUND_S = 0.02


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
    facts = _fold(messages)

    def us(part: Callable[[], object]) -> float:
        return _best_us(part, rounds) / len(events)

    # Each begins with the bytes, as in a worker: what was read a moment ago is still at hand.
    decode_us = us(lambda: _decode(messages))
    interpreted_us = us(lambda: _interpret(messages))
    folded_us = us(lambda: _fold(messages))
    rows_us = us(lambda: _make_rows(facts))
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
    state = _new_site()
    for batch in in_batches(SITE, open_calls(calls), 100):
        fold_batch(state, batch)
    data = encode_state(state)
    return RecordCost(
        calls,
        len(data),
        round(_best_us(lambda: encode_state(state), rounds), 1),
        round(_best_us(lambda: decode_state(data), rounds), 1),
    )


def _new_site() -> SiteState:
    return new_site_state(TENANT, SITE)


def _decode(messages: list[bytes]) -> int:
    return sum(len(decode_batch(message).events) for message in messages)


def _interpret(messages: list[bytes]) -> int:
    read = 0
    for message in messages:
        for event in decode_batch(message).events:
            interpret(event, event.at)
            read += 1
    return read


def _fold(messages: list[bytes]) -> list[list[Fact]]:
    """The facts of each message."""
    state = _new_site()
    return [fold_batch(state, decode_batch(message)) for message in messages]


def _make_rows(facts: list[list[Fact]]) -> int:
    blocks = 0
    for made in facts:
        for fact_type, latest in latest_facts(made).items():
            fact_block(fact_type, latest)
            blocks += 1
    return blocks


def _best_us(part: Callable[[], object], rounds: int) -> float:
    """Process time of one call in microseconds, the least of `rounds` measurements."""
    part()
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        calls = 0
        while calls == 0 or time.process_time() - began < _ROUND_S:
            part()
            calls += 1
        best = min(best, (time.process_time() - began) / calls)
    return best * 1e6


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
