"""From what passed a platform's door to the event that is written, its number masked."""

from connectors.door import Passed
from ingest_api.auth import SiteIdentity
from ingest_api.contract.chat import PublishedChatEvent
from ingest_api.masking import Maskings


def chat_event(
    account: SiteIdentity, connector: str, passed: Passed, maskings: Maskings, received_at: int
) -> PublishedChatEvent:
    """The event of an account, received at `received_at` (milliseconds since the epoch)."""
    shown = maskings.shown(account.tenant, passed.number)
    return PublishedChatEvent(
        tenant=account.tenant,
        site=account.site,
        connector=connector,
        received_at=received_at,
        name=passed.name,
        fields=passed.fields,
        caller=shown.number,
        caller_hash=shown.hash,
    )
