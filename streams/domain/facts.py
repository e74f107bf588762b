"""Facts: the rows the fold makes. Field names and order are the columns of the ClickHouse tables.

Facts are upserts: of two facts with one key the higher `version` holds. Every time is integer
milliseconds since the Unix epoch, UTC; every duration integer milliseconds; None means "not (yet)
known" and becomes NULL. `KEY` names the columns that identify a fact; they never change once a fact
with them was made. Meaning of every column: docs/events.md and the comments in clickhouse/schema.
"""

from typing import ClassVar, Literal

import msgspec

Outcome = Literal[
    "open",
    "answered",
    "abandoned",
    "timed_out",
    "left_empty",
    "exited_by_key",
    "withdrawn",
    "transferred_away",
    "bot_only",
    "unknown",
]
CallStatus = Literal["waiting", "talking", "ended"]
EndedBy = Literal["", "caller", "agent", "transfer", "unknown"]
Transfer = Literal["none", "blind", "attended"]
AgentStateName = Literal[
    "logged_out",
    "unreachable",
    "available",
    "paused",
    "wrap_up",
    "busy_other",
    "ringing",
    "hold",
    "talking",
]
OfferResult = Literal["", "answered", "missed", "cancelled"]
Channel = Literal["voice", "whatsapp"]


class QueueCall(msgspec.Struct, frozen=True, gc=False):
    """One visit of one caller to one queue: the unit of every KPI."""

    TABLE: ClassVar[str] = "queue_calls"
    KEY: ClassVar[tuple[str, ...]] = ("tenant_id", "queue", "entered_at", "site", "call_id")

    tenant_id: str
    site: str
    channel: Channel
    queue: str
    call_id: str
    uniqueid: str
    contact_id: str
    entered_at: int
    status: CallStatus
    outcome: Outcome
    answered_at: int | None
    ended_at: int | None
    wait_ms: int | None
    talk_ms: int
    hold_ms: int
    wrap_up_ms: int
    agent_key: str
    agent_name: str
    ended_by: EndedBy
    transfer: Transfer
    missed_offers: int
    position_at_entry: int
    caller: str
    caller_hash: str
    is_estimated: bool
    version: int
    first_response_at: int | None = None
    messages_in: int = 0
    messages_out: int = 0
    messages_read: int = 0


class AgentState(msgspec.Struct, frozen=True, gc=False):
    """One uninterrupted state of one agent. States of an agent never overlap."""

    TABLE: ClassVar[str] = "agent_states"
    KEY: ClassVar[tuple[str, ...]] = ("tenant_id", "agent_key", "started_at", "site", "channel")

    tenant_id: str
    site: str
    channel: Channel
    agent_key: str
    agent_name: str
    state: AgentStateName
    pause_reason: str
    queue: str
    call_id: str
    started_at: int
    ended_at: int | None
    state_since: int
    offer_result: OfferResult
    is_estimated: bool
    version: int


class AgentMembership(msgspec.Struct, frozen=True, gc=False):
    """An agent in one queue, with one pause setting and penalty, from `started_at` on."""

    TABLE: ClassVar[str] = "agent_memberships"
    KEY: ClassVar[tuple[str, ...]] = ("tenant_id", "agent_key", "queue", "started_at", "site")

    tenant_id: str
    site: str
    agent_key: str
    agent_name: str
    queue: str
    started_at: int
    ended_at: int | None
    is_paused: bool
    pause_reason: str
    penalty: int
    is_estimated: bool
    version: int


class QueueWindow(msgspec.Struct, frozen=True, gc=False):
    """Counts and sums of the queue calls that arrived in one 15-minute window of one queue.

    `offered` is always the sum of all outcomes, open and unknown included; `handled` are the
    answered ones whose talk is over, to which talk, hold and wrap-up belong. The `*_waits` maps
    count queue calls per whole second of wait, so that any threshold can be applied later.
    """

    TABLE: ClassVar[str] = "queue_windows"
    KEY: ClassVar[tuple[str, ...]] = ("tenant_id", "queue", "window_start", "site", "channel")

    tenant_id: str
    site: str
    channel: Channel
    queue: str
    window_start: int
    offered: int
    answered: int
    abandoned: int
    timed_out: int
    left_empty: int
    exited_by_key: int
    withdrawn: int
    transferred_away: int
    bot_only: int
    unknown: int
    open: int
    handled: int
    answered_wait_ms: int
    answered_wait_max_ms: int
    answered_waits: dict[int, int]
    abandoned_wait_ms: int
    abandoned_wait_max_ms: int
    abandoned_waits: dict[int, int]
    flowed_out_wait_ms: int
    flowed_out_wait_max_ms: int
    flowed_out_waits: dict[int, int]
    talk_ms: int
    hold_ms: int
    wrap_up_ms: int
    version: int


class StaleWindow(msgspec.Struct, frozen=True, gc=False):
    """A window that changed after it had left the site's state: no row, but a row to be made anew.

    Whoever stores facts takes the sums over the stored queue calls of the window instead, with
    this version.
    """

    TABLE: ClassVar[str] = "stale_windows"
    KEY: ClassVar[tuple[str, ...]] = ("tenant_id", "queue", "window_start", "site", "channel")

    tenant_id: str
    site: str
    channel: Channel
    queue: str
    window_start: int
    version: int


class QueueCallGone(msgspec.Struct, frozen=True, gc=False):
    """A queue call that is none after all: its row is taken back, as of this version.

    Only chats make it. What is seen of a session late may show that it entered another queue, or
    entered earlier, than was concluded, and both are in the key.
    """

    TABLE: ClassVar[str] = "queue_calls"
    KEY: ClassVar[tuple[str, ...]] = QueueCall.KEY

    tenant_id: str
    site: str
    channel: Channel
    queue: str
    call_id: str
    entered_at: int
    version: int


class QueueName(msgspec.Struct, frozen=True, gc=False):
    """What people call a queue that its source knows by an id."""

    TABLE: ClassVar[str] = "queue_names"
    KEY: ClassVar[tuple[str, ...]] = ("tenant_id", "queue")

    tenant_id: str
    site: str
    queue: str
    name: str
    version: int


class OutboundCall(msgspec.Struct, frozen=True, gc=False):
    """A call an agent placed outside the queues."""

    TABLE: ClassVar[str] = "outbound_calls"
    KEY: ClassVar[tuple[str, ...]] = ("tenant_id", "agent_key", "started_at", "site", "uniqueid")

    tenant_id: str
    site: str
    agent_key: str
    agent_name: str
    uniqueid: str
    callee: str
    callee_hash: str
    started_at: int
    answered_at: int | None
    ended_at: int | None
    is_estimated: bool
    version: int


class SiteStatus(msgspec.Struct, frozen=True, gc=False):
    """What is known of a site's collector and its connection; one row per site."""

    TABLE: ClassVar[str] = "site_status"
    KEY: ClassVar[tuple[str, ...]] = ("tenant_id", "site")

    tenant_id: str
    site: str
    last_event_at: int
    last_received_at: int
    is_ami_connected: bool
    asterisk_version: str
    collector_version: str
    spool: str
    spool_events: int
    spool_bytes: int
    skew_ms: int
    reconnects: int
    duplicates: int
    refused: int
    has_two_collectors: bool
    version: int


class CoverageGap(msgspec.Struct, frozen=True, gc=False):
    """A stretch of time in which we may not have seen what happened at a site."""

    TABLE: ClassVar[str] = "coverage_gaps"
    KEY: ClassVar[tuple[str, ...]] = ("tenant_id", "site", "started_at", "reason")

    tenant_id: str
    site: str
    started_at: int
    reason: str
    ended_at: int | None
    from_sequence: int
    to_sequence: int
    version: int


Fact = (
    QueueCall
    | AgentState
    | AgentMembership
    | QueueWindow
    | StaleWindow
    | QueueCallGone
    | QueueName
    | OutboundCall
    | SiteStatus
    | CoverageGap
)

FACT_TYPES: tuple[type[Fact], ...] = (
    QueueCall,
    AgentState,
    AgentMembership,
    QueueWindow,
    OutboundCall,
    SiteStatus,
    CoverageGap,
)
"""Facts that are rows of a table of their own, and made of a site's events."""
