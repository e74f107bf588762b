"""The stream worker with a recording writer, as a process of its own to be killed.

    python -m tests.integration.recording_worker ROWS [FAULTS]

Configured like the real one; facts go to the SQLite file ROWS. Of every FAULTS messages that come
from the broker one is lost on the way to the fold, and one comes twice.
"""

import os
import random
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import faust
from faust.types.tuples import Message

from ingest_api.contract.topics import PBX_EVENTS
from streams.app import create_app
from streams.config import config_from
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


def main(rows: Path, faults: int) -> None:
    config = config_from(os.environ)
    app = create_app(config, RowRecorder(rows))
    if faults:
        make_lossy(app, faults)
    run_app(app, config)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
