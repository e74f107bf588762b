"""Events of chat accounts → what was seen, by the connector that understands them."""

from connectors.meaning import Understood
from connectors.meanings import MEANINGS
from ingest_api.contract.chat import PublishedChatEvent

UNKNOWN_CONNECTOR = Understood(None, ("connector",))


def understand(event: PublishedChatEvent) -> Understood:
    """What the event shows; nothing if no connector of this program understands it."""
    meaning = MEANINGS.get(event.connector)
    return UNKNOWN_CONNECTOR if meaning is None else meaning(event)
