"""What a connector makes of an event: at most one sighting, and what it did not understand."""

from collections.abc import Callable
from typing import NamedTuple

from ingest_api.contract.chat import PublishedChatEvent
from streams.domain.chat_events import ChatSighting


class Understood(NamedTuple):
    """`sighting` is None if the event is about something else, or about nothing that can be named.

    `unknown` are the kinds of words that were not known, for a count: a fixed set, never values.
    """

    sighting: ChatSighting | None
    unknown: tuple[str, ...] = ()


Meaning = Callable[[PublishedChatEvent], Understood]
"""Never raises for anything that passed the connector's door."""
