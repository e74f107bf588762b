"""Customers, their sites, tokens and readers: added, renewed, ended.

Each step looks first whether it is done, so a command that was cut short is simply run again. A
secret is stored (as its digest) before it is shown: one that was not shown is replaced, not found.
"""

import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from tenants.collector_ini import CollectorSettings, collector_ini
from tenants.credentials import digest, new_secret
from tenants.errors import WrongInputError
from tenants.outcome import Outcome, told_change
from tenants.reader_access import reader_name
from tenants.records import ReaderCredential, Record, Site, SiteToken, Tenant
from tenants.registry import Registry
from tenants.values import written_seconds

FIRST_SITE = "pbx-01"
"""The site a new customer gets if none is named."""

_SHOWN_BEFORE = (
    "secrets that are not shown here were shown when they were made, and are stored nowhere;"
    " `reader rotate`, `token rotate --again` and `key rotate` make others"
)
_SYNC = "run `python -m tenants sync` to bring the server's readers in line"


class Addition(NamedTuple):
    """What `add` was told. `settings` are fields of Tenant by name, only those that were given.

    `ingest_url` may be empty if no token is to be made.
    """

    tenant_id: str
    settings: Mapping[str, Any]
    site: str | None
    ingest_url: str


def add(registry: Registry, wanted: Addition) -> Outcome:
    """Adds the customer with its first site, or changes what was given of one that is there.

    Raises WrongInputError if a new customer lacks its zone or language, or a new token its address;
    nothing is written then.
    """
    tenant_id = wanted.tenant_id
    old = registry.find(Tenant, tenant_id)
    if old is None:
        missing = [name for name in ("time_zone", "language") if name not in wanted.settings]
        if missing:
            options = " and ".join(f"--{name.replace('_', '-')}" for name in missing)
            raise WrongInputError(f"{tenant_id} is a new tenant: {options} must be given")
        settings = {"display_name": tenant_id, **wanted.settings}
        new = Tenant(tenant_id, **settings)
    else:
        new = dataclasses.replace(old, **wanted.settings)
    site = wanted.site or (None if registry.records(Site, tenant_id) else FIRST_SITE)
    if site is not None:
        _check_address(registry, wanted, site)
    # The customer's key was shown with its first token.
    is_key_known = bool(registry.records(SiteToken, tenant_id))
    changes = _put(registry, f"tenant {tenant_id}", old, new)
    secrets: dict[str, str] = {}
    is_reader_known = registry.find(ReaderCredential, tenant_id) is not None
    if not is_reader_known:
        changes.append(f"reader {reader_name(tenant_id)}: added")
        secrets |= _new_password(registry, tenant_id)
    ini = ""
    if site is not None:
        made = _add_site(registry, wanted, site, "" if is_key_known else new_secret())
        changes += made.changes
        secrets |= made.secrets
        ini = made.collector_ini
    notes = [_SYNC] if changes else []
    # Nothing is new, or an earlier run was cut short: somebody may look for what was shown then.
    if (is_reader_known or is_key_known) and (secrets or not changes):
        notes.append(_SHOWN_BEFORE)
    return Outcome(tuple(changes), tuple(notes), secrets, ini)


def add_site(registry: Registry, tenant_id: str, site: str, ingest_url: str) -> Outcome:
    """Adds a site with its token.

    Raises NotPossibleError if there is no such customer, WrongInputError without an address.
    """
    registry.tenant(tenant_id)
    wanted = Addition(tenant_id, {}, site, ingest_url)
    _check_address(registry, wanted, site)
    return _add_site(registry, wanted, site, "")


def rotate_token(
    registry: Registry, tenant_id: str, site: str, overlap_s: int, *, is_again: bool
) -> Outcome:
    """Makes a new token; those before it end after `overlap_s` seconds, unless they end sooner.

    While an older one has yet to end nothing changes, unless `is_again`: so running it twice does
    not strand the collector that was just given the new one.
    """
    registry.site(tenant_id, site)
    now = registry.now()
    valid = [
        token
        for token in registry.records(SiteToken, tenant_id)
        if token.site == site and token.is_valid(now)
    ]
    ending = [token.valid_until for token in valid if token.valid_until]
    if ending and not is_again:
        until = max(ending).isoformat(timespec="seconds")
        told = f"a token of {site} was replaced already, the old one ends {until}"
        return Outcome(notes=(f"{told}; --again makes yet another",))
    new = new_secret()
    registry.put(SiteToken(tenant_id, site, digest(new), now))
    end = now + timedelta(seconds=overlap_s)
    for token in valid:
        if token.valid_until is None or token.valid_until > end:
            registry.put(dataclasses.replace(token, valid_until=end))
    return Outcome(
        changes=(
            f"site {tenant_id}/{site}: new token; older ones end in {written_seconds(overlap_s)}",
        ),
        notes=("put it into the collector's settings, [ingest] token, and restart the collector",),
        secrets={"token": new},
    )


def rotate_reader(registry: Registry, tenant_id: str) -> Outcome:
    """Makes a new password for the customer's reader; the old one ends with the next sync."""
    registry.tenant(tenant_id)
    secrets = _new_password(registry, tenant_id)
    return Outcome((f"reader {reader_name(tenant_id)}: new password",), (_SYNC,), secrets)


def set_enabled(
    registry: Registry, tenant_id: str, site: str | None, *, is_enabled: bool
) -> Outcome:
    """Lets a customer, or one of its sites, in or out. Tokens follow within seconds."""
    old: Tenant | Site
    if site is None:
        old, what = registry.tenant(tenant_id), f"tenant {tenant_id}"
    else:
        old, what = registry.site(tenant_id, site), f"site {tenant_id}/{site}"
    if old.is_enabled == is_enabled:
        return Outcome()
    registry.put(dataclasses.replace(old, is_enabled=is_enabled))
    notes = (_SYNC,) if site is None else ()
    return Outcome((f"{what}: {'enabled' if is_enabled else 'disabled'}",), notes)


def _add_site(registry: Registry, wanted: Addition, site: str, privacy_key: str) -> Outcome:
    tenant_id = wanted.tenant_id
    changes: list[str] = []
    if registry.find(Site, tenant_id, site) is None:
        registry.put(Site(tenant_id, site))
        changes.append(f"site {tenant_id}/{site}: added")
    if _has_token(registry, tenant_id, site):
        return Outcome(tuple(changes))
    token = new_secret()
    registry.put(SiteToken(tenant_id, site, digest(token), registry.now()))
    changes.append(f"site {tenant_id}/{site}: token made")
    settings = CollectorSettings(tenant_id, site, wanted.ingest_url, token, privacy_key)
    secrets = {"token": token} | ({"privacy_key": privacy_key} if privacy_key else {})
    return Outcome(tuple(changes), (), secrets, collector_ini(settings))


def _check_address(registry: Registry, wanted: Addition, site: str) -> None:
    if not wanted.ingest_url and not _has_token(registry, wanted.tenant_id, site):
        raise WrongInputError("where do collectors post to? Give --ingest-url or INGEST_PUBLIC_URL")


def _has_token(registry: Registry, tenant_id: str, site: str) -> bool:
    return any(token.site == site for token in registry.records(SiteToken, tenant_id))


def _new_password(registry: Registry, tenant_id: str) -> dict[str, str]:
    password = new_secret()
    old = registry.find(ReaderCredential, tenant_id)
    applied = old.applied_sha256 if old else ""
    registry.put(ReaderCredential(tenant_id, digest(password), applied))
    return {"reader": reader_name(tenant_id), "reader_password": password}


def _put(registry: Registry, what: str, old: Record | None, new: Record) -> list[str]:
    return [told_change(what, old, new)] if registry.put(new) else []
