"""Chat accounts: added, with the address of their webhook, and that address renewed.

The secret is the last part of the address, since platforms send no other. It is stored as its
digest before it is shown; one that was not shown is replaced, not found.
"""

import dataclasses
import json
from argparse import Namespace
from datetime import timedelta
from urllib.parse import urlsplit

from connectors.channels import CHANNELS
from tenants.commands import Surroundings
from tenants.credentials import digest, new_secret
from tenants.errors import NotPossibleError, WrongInputError
from tenants.outcome import Outcome
from tenants.records import ChatAccount, Site, SiteToken, WebhookSecret
from tenants.registry import Registry
from tenants.values import base_url_of, ingest_url_of, name_of, seconds_of, written_seconds

FIRST_ACCOUNT = "whatsapp-01"

_KEY_NOTE = (
    "so that numbers of its customers are hashed as those of its callers, put the tenant's key into"
    " the file INGEST_CHAT_KEYS_FILE of the ingest API: "
)


def add(around: Surroundings, options: Namespace) -> Outcome:
    """`channel add-PLATFORM TENANT [--account NAME] [--base-url URL] [--ingest-url URL]`."""
    connector: str = options.connector
    channel = CHANNELS[connector]
    registry = around.registry
    tenant_id = registry.tenant(options.tenant).tenant_id
    account = name_of(options.account, "--account")
    told = options.base_url or channel.base_url
    base_url = base_url_of(told, "--base-url") if told else ""
    address = _webhooks(around, options)
    changes = _put_account(registry, ChatAccount(tenant_id, account, connector, base_url))
    if any(each.site == account for each in registry.records(WebhookSecret, tenant_id)):
        note = "its address was shown when it was made; `channel rotate` makes another one"
        return Outcome(tuple(changes), (note,))
    secret = _new_secret(registry, tenant_id, account)
    changes.append(f"account {tenant_id}/{account}: address of the webhook made")
    notes = [*channel.steps, _KEY_NOTE + json.dumps({tenant_id: {"key": "…", "numbers": "last4"}})]
    if base_url:
        polled = {
            "tenant": tenant_id,
            "site": account,
            "connector": connector,
            "base_url": base_url,
            "token": "…",
        }
        notes += channel.token_steps
        notes.append(
            "put the token into the file INGEST_POLL_FILE of `python -m ingest_api poll`, which"
            f" finds what webhooks do not tell: {json.dumps(polled)}"
        )
    return Outcome(tuple(changes), tuple(notes), {"webhook_url": f"{address}/{connector}/{secret}"})


def rotate(around: Surroundings, options: Namespace) -> Outcome:
    """`channel rotate TENANT ACCOUNT [--overlap 24h] [--ingest-url URL]`."""
    registry = around.registry
    tenant_id = registry.tenant(options.tenant).tenant_id
    account = registry.find(ChatAccount, tenant_id, options.account)
    if account is None:
        known = ", ".join(each.site for each in registry.records(ChatAccount, tenant_id)) or "none"
        raise NotPossibleError(
            f"{tenant_id} has no chat account {options.account!r}; it has: {known}"
        )
    overlap_s = seconds_of(options.overlap, "--overlap", least=0)
    address = _webhooks(around, options)
    now = registry.now()
    end = now + timedelta(seconds=overlap_s)
    for old in registry.records(WebhookSecret, tenant_id):
        if old.site == account.site and (old.valid_until is None or old.valid_until > end):
            registry.put(dataclasses.replace(old, valid_until=end))
    secret = _new_secret(registry, tenant_id, account.site)
    return Outcome(
        (
            (
                f"account {tenant_id}/{account.site}: new address of the webhook;"
                f" older ones end in {written_seconds(overlap_s)}"
            ),
        ),
        CHANNELS[account.connector].steps[:2],
        {"webhook_url": f"{address}/{account.connector}/{secret}"},
    )


def _put_account(registry: Registry, account: ChatAccount) -> list[str]:
    place = f"account {account.tenant_id}/{account.site}"
    if any(each.site == account.site for each in registry.records(SiteToken, account.tenant_id)):
        raise WrongInputError(f"{account.site} is a telephone exchange: give another --account")
    known = registry.find(ChatAccount, account.tenant_id, account.site)
    if known is not None and known.connector != account.connector:
        raise WrongInputError(f"{account.site} is of {known.connector}: give another --account")
    changes = []
    if registry.find(Site, account.tenant_id, account.site) is None:
        registry.put(Site(account.tenant_id, account.site))
    if registry.put(account):
        title = CHANNELS[account.connector].title
        changes.append(f"{place}: {'added' if known is None else 'changed'}, {title}")
    return changes


def _new_secret(registry: Registry, tenant_id: str, account: str) -> str:
    secret = new_secret()
    registry.put(WebhookSecret(tenant_id, account, digest(secret), registry.now()))
    return secret


def _webhooks(around: Surroundings, options: Namespace) -> str:
    """The ingest API's address, up to the platform."""
    url = options.ingest_url or around.config.ingest_url
    if not url:
        raise WrongInputError("where do webhooks post to? Give --ingest-url or INGEST_PUBLIC_URL")
    parts = urlsplit(ingest_url_of(url))
    return f"{parts.scheme}://{parts.netloc}/v1/webhooks"
