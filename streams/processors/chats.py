"""The chat processor: the events of chat accounts, folded session by session."""

from collections.abc import Callable

from faust import App

from ingest_api.contract.topics import CHAT_EVENTS
from streams.names import CHAT_TABLE
from streams.processors.chat_carrier import ChatCarrier
from streams.processors.dead_letters import FloodGuard
from streams.processors.source_processor import Limits, Source, SourceProcessor, state_table
from streams.storage.writer import FactWriter


def register(app: App, writer: FactWriter, limits: Limits, source_id: Callable[[], bytes]) -> None:
    """Add the chat processor to the app, which has no other source.

    `source_id` asks the broker for the id of the source topic; it blocks, and raises TopicsError.
    """
    table = state_table(app, CHAT_TABLE)
    carrier = ChatCarrier(table, FloodGuard(limits.dead_letters_per_minute))
    source = Source(CHAT_EVENTS, "chat_processor", source_id)
    SourceProcessor(app, source, table, carrier, writer=writer, limits=limits)
