"""The stream worker as it is run, but messages are lost and repeated on their way into it.

`python -m tests.chaos.lossy_worker FILE ONE_IN`: of ONE_IN messages from the broker one is lost
and another delivered twice, between Faust's consumer and its streams. Each is told to FILE as a
letter, `l` or `r`, so that they can be counted though the process is killed.
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
from streams.metrics import InsertMetrics
from streams.storage.connection import connect
from streams.storage.writer import ClickHouseFactWriter
from streams.worker import run_app

Deliver = Callable[[Message], Awaitable[None]]

LOST = "l"
REPEATED = "r"


def make_lossy(app: faust.App, one_in: int, told: Path) -> None:
    """Lose and repeat messages of the source topic."""
    chance = random.Random(os.getpid())
    deliver: Deliver = app.topics.on_message

    def tell(what: str) -> None:
        with told.open("a") as file:
            file.write(what)

    async def deliver_or_not(message: Message) -> None:
        if message.topic == PBX_EVENTS:
            if chance.randrange(one_in) == 0:
                tell(LOST)
                return
            if chance.randrange(one_in) == 0:
                tell(REPEATED)
                await deliver(message)
        await deliver(message)

    app.topics.on_message = deliver_or_not


def main(arguments: list[str]) -> None:
    told, one_in = arguments
    config = config_from(os.environ)
    writer = ClickHouseFactWriter(lambda: connect(config.clickhouse_url), InsertMetrics())
    app = create_app(config, writer)
    make_lossy(app, int(one_in), Path(told))
    run_app(app, config)


if __name__ == "__main__":
    main(sys.argv[1:])
