"""The platforms that may post, by the word in the address: `/v1/webhooks/<word>/…`."""

from connectors.chatwoot import door as chatwoot
from connectors.door import Door
from connectors.helena import door as helena

DOORS: dict[str, Door] = {
    "helena": helena.DOOR,
    "chatwoot": chatwoot.DOOR,
}
