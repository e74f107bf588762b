"""How a Chatwoot account is connected."""

from connectors.channel import Channel

CHANNEL = Channel(
    title="Chatwoot",
    steps=(
        "in Chatwoot open Settings > Integrations > Webhooks and add a webhook",
        "paste the address shown below as its URL; it is a secret, treat it as a password",
        "choose conversation created, updated and status changed, message created and updated",
    ),
)
