"""The site processor: the events of telephone exchanges, folded site by site."""

from collections.abc import Callable

from faust import App

from ingest_api.contract.topics import PBX_EVENTS
from streams.names import SITE_TABLE
from streams.processors.dead_letters import FloodGuard
from streams.processors.ports import SiteFold
from streams.processors.queue_gauges import LOOK_EVERY_S, QueueLook
from streams.processors.site_carrier import SiteCarrier
from streams.processors.source_processor import Limits, Source, SourceProcessor, state_table
from streams.storage.writer import FactWriter


def register(
    app: App,
    writer: FactWriter,
    limits: Limits,
    source_id: Callable[[], bytes],
    fold: SiteFold | None = None,
) -> None:
    """Add the site processor to the app.

    `source_id` asks the broker for the id of the source topic; it blocks, and raises TopicsError.
    `fold` is the real one unless a test brings another.
    """
    table = state_table(app, SITE_TABLE)
    flood = FloodGuard(limits.dead_letters_per_minute)
    carrier = SiteCarrier(table, fold or SiteFold(), flood)
    queues = QueueLook(carrier)
    source = Source(PBX_EVENTS, "site_processor", source_id)
    SourceProcessor(
        app, source, table, carrier, writer=writer, limits=limits, on_drop=queues.forget
    )
    app.timer(LOOK_EVERY_S)(queues.look)
