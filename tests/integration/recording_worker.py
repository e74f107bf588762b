"""The stream worker with a recording writer, as a process of its own to be killed.

Configured like the real one; facts go to the SQLite file ROWS.
"""

import argparse
import os
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import faust
from faust.types.tuples import Message

from ingest_api.contract.published import PublishedBatch
from ingest_api.contract.topics import PBX_EVENTS
from streams.app import create_app
from streams.config import config_from
from streams.domain.facts import Fact
from streams.domain.site_state import SiteState
from streams.processors.ports import SiteFold
from streams.site_batches import fold_batch
from streams.worker import run_app
from tests.integration.recorded_rows import RowRecorder

Deliver = Callable[[Message], Awaitable[None]]


def make_lossy(app: faust.App, faults: int) -> None:
    """Lose and repeat messages between Faust's consumer and its streams."""
    chance = random.Random(os.getpid())
    deliver: Deliver = app.topics.on_message

    async def deliver_or_not(message: Message) -> None:
        if message.topic == PBX_EVENTS:
            if chance.randrange(faults) == 0:
                return
            if chance.randrange(faults) == 0:
                await deliver(message)
        await deliver(message)

    app.topics.on_message = deliver_or_not


def breaking_at(sequence: int) -> SiteFold:
    """The real rules, which break when they have applied a batch with this sequence."""

    def fold(state: SiteState, batch: PublishedBatch) -> list[Fact]:
        facts = fold_batch(state, batch)
        if any(event.sequence == sequence for event in batch.events):
            raise KeyError("what the rules did not think of")
        return facts

    return SiteFold(fold_batch=fold)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path)
    parser.add_argument("--faults", type=int, help="lose one of so many messages, repeat another")
    parser.add_argument("--break-at", type=int, help="sequence of every site that breaks the fold")
    options = parser.parse_args()
    config = config_from(os.environ)
    fold = None if options.break_at is None else breaking_at(options.break_at)
    app = create_app(config, RowRecorder(options.rows), fold)
    if options.faults:
        make_lossy(app, options.faults)
    run_app(app, config)


if __name__ == "__main__":
    main()
