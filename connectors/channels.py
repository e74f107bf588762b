"""How accounts of the platforms are connected, by the same word as in `doors.py`."""

from connectors.channel import Channel
from connectors.chatwoot import channel as chatwoot
from connectors.helena import channel as helena

CHANNELS: dict[str, Channel] = {
    "helena": helena.CHANNEL,
    "chatwoot": chatwoot.CHANNEL,
}
