"""The registry's rows: one frozen class a table, its fields the columns, in order.

`KEY` are the columns that name a row; the rest is what is told of it. Version and removal are the
registry's business, not the record's.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from tenants.hours import Interval

EVERY_QUEUE = ""
"""Hours of all queues that have none of their own."""

OTHER_REASONS = "*"
"""The limit of all pauses whose reason has none of its own."""


@dataclass(frozen=True)
class Record:
    """Base: where a row lies."""

    TABLE: ClassVar[str]
    KEY: ClassVar[tuple[str, ...]]

    tenant_id: str


@dataclass(frozen=True)
class Tenant(Record):
    """A customer, and what holds for its queues by default (docs/kpi.md)."""

    TABLE: ClassVar[str] = "tenants"
    KEY: ClassVar[tuple[str, ...]] = ("tenant_id",)

    display_name: str
    time_zone: str
    language: str
    answer_limit_s: int = 20
    short_abandon_s: int = 5
    service_level_variant: str = "excluding_short"
    service_level_target: float = 0.8
    waiting_limit: int = 10
    longest_wait_limit_s: int = 120
    is_enabled: bool = True


@dataclass(frozen=True)
class Site(Record):
    """A telephone exchange or chat account of a customer."""

    TABLE: ClassVar[str] = "sites"
    KEY: ClassVar[tuple[str, ...]] = ("tenant_id", "site")

    site: str
    is_enabled: bool = True


@dataclass(frozen=True)
class SiteToken(Record):
    """A token of a site, as its digest; `valid_until` is None unless another is to replace it."""

    TABLE: ClassVar[str] = "site_tokens"
    KEY: ClassVar[tuple[str, ...]] = ("tenant_id", "site", "sha256")

    site: str
    sha256: str
    issued_at: datetime
    valid_until: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether it is accepted at this moment, its site and customer being enabled."""
        return self.valid_until is None or self.valid_until > now


@dataclass(frozen=True)
class ChatAccount(Record):
    """A site that is an account of a chat platform; `base_url` is empty if it is never asked."""

    TABLE: ClassVar[str] = "chat_accounts"
    KEY: ClassVar[tuple[str, ...]] = ("tenant_id", "site")

    site: str
    connector: str
    base_url: str


@dataclass(frozen=True)
class WebhookSecret(Record):
    """The secret of a webhook's address, as its digest; `valid_until` as of a SiteToken."""

    TABLE: ClassVar[str] = "webhook_secrets"
    KEY: ClassVar[tuple[str, ...]] = ("tenant_id", "site", "sha256")

    site: str
    sha256: str
    issued_at: datetime
    valid_until: datetime | None = None


@dataclass(frozen=True)
class ReaderCredential(Record):
    """The digest of the reader's password, and the one that the server was last given."""

    TABLE: ClassVar[str] = "reader_credentials"
    KEY: ClassVar[tuple[str, ...]] = ("tenant_id",)

    sha256: str
    applied_sha256: str = ""


@dataclass(frozen=True)
class QueueSettings(Record):
    """What a queue has of its own; None and "" mean the customer's."""

    TABLE: ClassVar[str] = "queue_settings"
    KEY: ClassVar[tuple[str, ...]] = ("tenant_id", "queue")

    queue: str
    display_name: str = ""
    answer_limit_s: int | None = None
    short_abandon_s: int | None = None
    service_level_variant: str = ""
    service_level_target: float | None = None
    waiting_limit: int | None = None
    longest_wait_limit_s: int | None = None


@dataclass(frozen=True)
class Agent(Record):
    """Who an agent is; "" if not told."""

    TABLE: ClassVar[str] = "agents_registry"
    KEY: ClassVar[tuple[str, ...]] = ("tenant_id", "site", "agent_key")

    site: str
    agent_key: str
    person: str = ""
    team: str = ""


@dataclass(frozen=True)
class PauseLimit(Record):
    """How long a pause for this reason may last."""

    TABLE: ClassVar[str] = "pause_limits"
    KEY: ClassVar[tuple[str, ...]] = ("tenant_id", "pause_reason")

    pause_reason: str
    limit_s: int


@dataclass(frozen=True)
class BusinessHours(Record):
    """When a queue is open; no interval means never."""

    TABLE: ClassVar[str] = "business_hours"
    KEY: ClassVar[tuple[str, ...]] = ("tenant_id", "queue")

    queue: str
    intervals: tuple[Interval, ...]


@dataclass(frozen=True)
class AlertContacts(Record):
    """Whom alerts are told; `kind` is email or webhook."""

    TABLE: ClassVar[str] = "alert_contacts"
    KEY: ClassVar[tuple[str, ...]] = ("tenant_id", "kind")

    kind: str
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class GrafanaOrganisation(Record):
    """The customer's organisation in Grafana, 0 if not made yet, and how its boards log in.

    The digest is of the password that Grafana has; `applied_sha256` the one that the server's user
    was last given.
    """

    TABLE: ClassVar[str] = "grafana_organisations"
    KEY: ClassVar[tuple[str, ...]] = ("tenant_id",)

    organisation_id: int = 0
    name: str = ""
    sha256: str = ""
    applied_sha256: str = ""
