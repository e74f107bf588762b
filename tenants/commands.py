"""What each command does with its arguments: checks them, calls the registry, tells what came.

Every function takes the surroundings and the parsed options and gives an Outcome.
"""

from argparse import Namespace
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from clickhouse_connect.driver.client import Client

from tenants import (
    grafana_sync,
    inventory,
    registration,
    settings,
    sync_access,
    verify_access,
)
from tenants.config import TenantsConfig
from tenants.errors import WrongInputError
from tenants.hours import week_of
from tenants.outcome import Outcome
from tenants.records import EVERY_QUEUE, OTHER_REASONS
from tenants.registry import Registry
from tenants.values import (
    LANGUAGES,
    SERVICE_LEVEL_VARIANTS,
    count_of,
    ingest_url_of,
    mail_addresses_of,
    name_of,
    one_of,
    seconds_of,
    share_of,
    text_of,
    time_zone_of,
    webhook_url_of,
)

DEFAULT = "default"
"""Written for a queue's setting: what the tenant has."""

NONE = "none"

_QUEUE_OPTIONS = (
    "--name, --answer-limit, --short-abandon, --sl-variant, --sl-target, --waiting-limit or"
    " --wait-limit"
)


class Surroundings(NamedTuple):
    """What commands work on."""

    config: TenantsConfig
    client: Client
    registry: Registry


def add(around: Surroundings, options: Namespace) -> Outcome:
    """`add TENANT`."""
    tenant_id = name_of(options.tenant, "tenant")
    given = _targets(options)
    if options.name is not None:
        given["display_name"] = text_of(options.name, "--name")
    if options.time_zone is not None:
        given["time_zone"] = time_zone_of(options.time_zone, around.registry.time_zones())
    if options.language is not None:
        given["language"] = one_of(options.language, LANGUAGES, "--language")
    site = None if options.site is None else name_of(options.site, "--site")
    addition = registration.Addition(tenant_id, given, site, _ingest_url(around, options))
    return registration.add(around.registry, addition)


def list_tenants(around: Surroundings, _: Namespace) -> Outcome:
    """`list`."""
    return inventory.list_tenants(around.registry)


def show(around: Surroundings, options: Namespace) -> Outcome:
    """`show TENANT`."""
    return inventory.show_tenant(around.registry, options.tenant)


def disable(around: Surroundings, options: Namespace) -> Outcome:
    """`disable TENANT [--site SITE]`."""
    registry = around.registry
    return registration.set_enabled(registry, options.tenant, options.site, is_enabled=False)


def enable(around: Surroundings, options: Namespace) -> Outcome:
    """`enable TENANT [--site SITE]`."""
    registry = around.registry
    return registration.set_enabled(registry, options.tenant, options.site, is_enabled=True)


def site_add(around: Surroundings, options: Namespace) -> Outcome:
    """`site add TENANT SITE`."""
    site = name_of(options.site, "site")
    url = _ingest_url(around, options)
    return registration.add_site(around.registry, options.tenant, site, url)


def token_rotate(around: Surroundings, options: Namespace) -> Outcome:
    """`token rotate TENANT SITE`."""
    overlap_s = seconds_of(options.overlap, "--overlap", least=0)
    return registration.rotate_token(
        around.registry, options.tenant, options.site, overlap_s, is_again=options.again
    )


def reader_rotate(around: Surroundings, options: Namespace) -> Outcome:
    """`reader rotate TENANT`."""
    return registration.rotate_reader(around.registry, options.tenant)


def queue_set(around: Surroundings, options: Namespace) -> Outcome:
    """`queue set TENANT QUEUE`."""
    queue = text_of(options.queue, "queue")
    given = _targets(options, is_default_allowed=True)
    if options.name is not None:
        is_own = options.name not in (DEFAULT, "")
        given["display_name"] = text_of(options.name, "--name") if is_own else ""
    _require(given, _QUEUE_OPTIONS)
    return settings.set_queue(around.registry, options.tenant, queue, given)


def agent_set(around: Surroundings, options: Namespace) -> Outcome:
    """`agent set TENANT SITE AGENT`."""
    agent = text_of(options.agent, "agent")
    given = {
        name: text and text_of(text, f"--{name}")
        for name, text in (("person", options.person), ("team", options.team))
        if text is not None
    }
    _require(given, "--person or --team")
    return settings.set_agent(around.registry, options.tenant, options.site, agent, given)


def pause_limit_set(around: Surroundings, options: Namespace) -> Outcome:
    """`pause-limit set TENANT REASON LIMIT`."""
    reason = options.reason
    if reason != OTHER_REASONS:
        reason = text_of(reason, "reason")
    limit_s = None if options.limit == NONE else seconds_of(options.limit, "limit")
    return settings.set_pause_limit(around.registry, options.tenant, reason, limit_s)


def hours_set(around: Surroundings, options: Namespace) -> Outcome:
    """`hours set TENANT WEEK…`."""
    queue = EVERY_QUEUE if options.queue is None else text_of(options.queue, "--queue")
    if options.week == [NONE]:
        return settings.set_hours(around.registry, options.tenant, queue, None)
    week = () if options.week == ["never"] else week_of(options.week)
    return settings.set_hours(around.registry, options.tenant, queue, week)


def contact_set(around: Surroundings, options: Namespace) -> Outcome:
    """`contact set TENANT`."""
    webhooks = (webhook_url_of(options.webhook),) if options.webhook else ()
    contacts = {"email": mail_addresses_of(options.email), "webhook": webhooks}
    return settings.set_contacts(around.registry, options.tenant, contacts)


def sync(around: Surroundings, _: Namespace) -> Outcome:
    """`sync`."""
    config = around.config
    if config.grafana is None:
        return sync_access.sync(around.client, around.registry, config)
    return grafana_sync.sync_with_grafana(around.client, around.registry, config, config.grafana)


def verify(around: Surroundings, options: Namespace) -> Outcome:
    """`verify`."""
    return verify_access.verify(around.client, around.registry, around.config, options.passwords)


def _targets(options: Namespace, *, is_default_allowed: bool = False) -> dict[str, Any]:
    """The fields of Tenant or QueueSettings that were given on the command line."""
    readers: Mapping[str, tuple[str | None, Callable[[str], Any], Any]] = {
        "answer_limit_s": (
            options.answer_limit,
            lambda text: seconds_of(text, "--answer-limit"),
            None,
        ),
        "short_abandon_s": (
            options.short_abandon,
            lambda text: seconds_of(text, "--short-abandon", least=0),
            None,
        ),
        "service_level_variant": (
            options.sl_variant,
            lambda text: one_of(text, SERVICE_LEVEL_VARIANTS, "--sl-variant"),
            "",
        ),
        "service_level_target": (
            options.sl_target,
            lambda text: share_of(text, "--sl-target"),
            None,
        ),
        "waiting_limit": (
            options.waiting_limit,
            lambda text: count_of(text, "--waiting-limit"),
            None,
        ),
        "longest_wait_limit_s": (
            options.wait_limit,
            lambda text: seconds_of(text, "--wait-limit"),
            None,
        ),
    }
    return {
        name: default if is_default_allowed and text == DEFAULT else read(text)
        for name, (text, read, default) in readers.items()
        if text is not None
    }


def _require(given: Mapping[str, Any], options: str) -> None:
    if not given:
        raise WrongInputError(f"nothing to set: give {options}")


def _ingest_url(around: Surroundings, options: Namespace) -> str:
    url = options.ingest_url or around.config.ingest_url
    return ingest_url_of(url) if url else ""
