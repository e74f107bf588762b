"""How a Helena account is connected (its menus are in Portuguese)."""

from connectors.channel import Channel

CHANNEL = Channel(
    title="Helena CRM",
    steps=(
        "in Helena open Ajustes > Integrações > Webhooks and add a webhook",
        "paste the address shown below as its URL; it is a secret, treat it as a password",
        (
            "choose SESSION_NEW, SESSION_UPDATE, SESSION_COMPLETE, MESSAGE_RECEIVED, MESSAGE_SENT"
            " and MESSAGE_UPDATED, and save it enabled"
        ),
    ),
    base_url="https://api.wts.chat",
    token_steps=(
        (
            "in Helena open Ajustes > Integrações > Integração via API and make a permanent token"
            " (pn_…)"
        ),
    ),
)
