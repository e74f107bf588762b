"""The one state record of a site: everything the fold needs to go on.

Bounded: queue calls and agents leave it when nothing about them can change any more, and each kind
has a most of which there are; what is beyond is told as a coverage gap. Encoded whole, as msgpack
arrays.
"""

import msgspec

from streams.domain.events import DeviceState, ListName
from streams.domain.facts import AgentStateName, CallStatus, EndedBy, Outcome, Transfer
from streams.domain.packing import packed, unpacked

MAX_CALLERS = 5_000
"""Callers of one site at a time; those who hung up make room first."""

MAX_AGENTS = 5_000
MAX_QUEUES = 2_000
MAX_WINDOWS = 10_000
MAX_LISTED = 50_000
"""More agents and queues of a site are not followed, and longer lists prove nothing."""

COMPRESSED_FROM_BYTES = 64 * 1024

STATE_FORM = 3
"""Rises when the record's form changes; a record of another form is not read."""


class Visit(msgspec.Struct, array_like=True):
    """One queue call that can still change."""

    call_id: str
    uniqueid: str
    contact_id: str
    queue: str
    entered_at: int
    position: int = 0
    caller: str = ""
    caller_hash: str = ""
    status: CallStatus = "waiting"
    outcome: Outcome = "open"
    answered_at: int | None = None
    ended_at: int | None = None
    wait_ms: int | None = None
    talk_ms: int = 0
    hold_ms: int = 0
    wrap_up_ms: int = 0
    agent: str = ""
    agent_name: str = ""
    agent_uniqueid: str = ""
    phone_uniqueid: str = ""  # the phone behind an agent's Local channel
    is_leg_lasting: bool = False
    is_caller_lasting: bool = True
    ended_by: EndedBy = ""
    is_end_told: bool = False
    transfer: Transfer = "none"
    missed_offers: int = 0
    is_estimated: bool = False
    version: int = 0
    # Evidence of how the wait ended (streams/domain/endings.py).
    gave_up_at: int | None = None
    left_at: int | None = None
    hung_up_at: int | None = None
    is_hangup_requested: bool = False
    is_requested_before_giving_up: bool = False
    is_give_up_marked: bool = False
    is_queue_emptied: bool = False  # it had lost its last agent when this caller gave up
    is_pickup_seen: bool = False
    is_cut: bool = False  # sight was lost before the evidence was complete
    told_outcome: Outcome | None = None
    told_wait_ms: int | None = None
    missing_since: int | None = None
    # Talk.
    hold_since: int | None = None
    agent_idle_at: int | None = None
    is_wrapping_up: bool = False
    deadline: int | None = None
    # What the window of this visit holds of it already.
    counted_outcome: Outcome | None = None
    is_wait_counted: bool = False
    is_handled_counted: bool = False
    counted_talk_ms: int = 0
    counted_hold_ms: int = 0
    counted_wrap_up_ms: int = 0
    # Something of it may have happened while nothing was heard.
    is_through_gap: bool = False


class Caller(msgspec.Struct, array_like=True):
    """A channel that is or was in a queue; `visits` are those that can still change.

    Kept for a while after its hang-up, so that a late event does not make it a new caller.
    """

    visit_count: int = 0
    visits: list[Visit] = []
    is_hung_up: bool = False
    last_at: int = 0
    entries: list[tuple[str, int]] = []  # queue and moment of the latest visits, settled or not


class Membership(msgspec.Struct, array_like=True):
    """An agent in a queue."""

    started_at: int
    is_paused: bool = False
    pause_reason: str = ""
    pause_since: int = 0
    penalty: int = 0
    device: DeviceState = "idle"
    is_in_call: bool = False
    last_call: int = 0
    login_at: int = 0
    wrap_up_limit_ms: int = 0
    is_estimated: bool = False


class Offer(msgspec.Struct, array_like=True):
    """An agent's phone ringing for a queue call."""

    queue: str
    call_id: str
    started_at: int
    agent_uniqueid: str = ""


class Agent(msgspec.Struct, array_like=True):
    """A person known by an interface, with the state that is running."""

    interface: str
    name: str = ""
    memberships: dict[str, Membership] = {}
    device: DeviceState = "idle"
    was_in_use: bool = False
    offers: dict[str, Offer] = {}  # uniqueid of the caller → offer
    calls: dict[str, str] = {}  # call_id → uniqueid of the caller, in order of answer
    busy_since: int | None = None
    is_busy_other: bool = False
    wrap_up_since: int | None = None
    wrap_up_until: int = 0
    wrap_up_call: tuple[str, str] = ("", "")  # call_id, uniqueid
    # The running state; None before anything is known.
    state: AgentStateName | None = None
    pause_reason: str = ""
    queue: str = ""
    call_id: str = ""
    started_at: int = 0
    state_since: int = 0
    is_estimated: bool = False


class Window(msgspec.Struct, array_like=True):
    """Counts of one arrival window that can still change; outcomes in the order of OUTCOMES."""

    queue: str
    start: int
    counts: list[int]
    unsettled: int = 0
    handled: int = 0
    answered_wait_ms: int = 0
    answered_wait_max_ms: int = 0
    answered_waits: dict[int, int] = {}
    abandoned_wait_ms: int = 0
    abandoned_wait_max_ms: int = 0
    abandoned_waits: dict[int, int] = {}
    flowed_out_wait_ms: int = 0
    flowed_out_wait_max_ms: int = 0
    flowed_out_waits: dict[int, int] = {}
    talk_ms: int = 0
    hold_ms: int = 0
    wrap_up_ms: int = 0
    version: int = 0
    # It had left the state before: these are not all of its calls.
    is_stale: bool = False


class Outbound(msgspec.Struct, array_like=True):
    """A call an agent placed outside the queues."""

    agent: str
    agent_name: str
    uniqueid: str
    callee: str
    callee_hash: str
    started_at: int
    answered_at: int | None = None


class Queue(msgspec.Struct, array_like=True):
    """What is known of a queue itself."""

    wrap_up_limit_ms: int = 0
    empty_since: int | None = None  # when it lost its last usable agent; None while it has one


class ListedChannel(msgspec.Struct, array_like=True):
    """A channel of a list; `queue` is set if it runs the Queue application."""

    contact_id: str
    interface: str
    queue: str
    bridge: str
    duration_ms: int
    caller: str
    caller_hash: str


class Listing(msgspec.Struct, array_like=True):
    """A list that is being received."""

    name: ListName
    began_at: int
    entries: list[tuple[str, str]] = []
    members: list[tuple[str, str]] = []
    channels: dict[str, ListedChannel] = {}


class SiteState(msgspec.Struct, array_like=True):
    """Everything the fold knows of one site."""

    form: int
    tenant_id: str
    site: str
    spool: str = ""
    generation: int = 0
    last_sequence: int = 0
    now: int = 0
    last_received_at: int = 0
    skew_ms: int = 0
    # The connection to Asterisk.
    is_connected: bool = False
    lost_at: int | None = None
    gap_from: int = 0
    asterisk: str = ""
    collector_version: str = ""
    spool_events: int = 0
    spool_bytes: int = 0
    reconnects: int = 0
    refused: int = 0
    # Spools that owned the site before, or tried to: the last sequence seen of each.
    former_spools: dict[str, int] = {}
    rival_at: int = 0
    duplicates: int = 0
    callers: dict[str, Caller] = {}
    legs: dict[str, str] = {}  # agent's channel → caller's channel
    agents: dict[str, Agent] = {}
    queues: dict[str, Queue] = {}
    windows: dict[str, Window] = {}
    windows_kept_from: int = 0  # older ones may have left, and are not all of their calls
    outbound: dict[str, Outbound] = {}
    listing: Listing | None = None
    blind_until: int = 0
    due_callers: dict[str, int] = {}  # uniqueid → moment by which something is settled
    due_agents: dict[str, int] = {}  # the same, by interface
    next_due: int | None = None
    next_sweep: int = 0


class _Head(msgspec.Struct, array_like=True):
    """What a record of any form begins with."""

    form: int


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(SiteState)
_head_decoder = msgspec.msgpack.Decoder(_Head)


def new_site_state(tenant_id: str, site: str) -> SiteState:
    """The state of a site of which nothing was seen yet."""
    return SiteState(STATE_FORM, tenant_id, site)


def encode_state(state: SiteState) -> bytes:
    """The state as it is stored: a large one compressed, so that it fits one message.

    Raises OverflowError for a number of more than 64 bits, and UnicodeEncodeError for half of a
    surrogate pair: a batch that brought one in makes the site's state unstorable.
    """
    return packed(_encoder.encode(state), COMPRESSED_FROM_BYTES)


def decode_state(data: bytes) -> SiteState:
    """A stored state. Raises ValueError on another form, msgspec.DecodeError on anything else."""
    body = unpacked(data)
    form = _head_decoder.decode(body).form
    if form != STATE_FORM:
        raise ValueError(f"site state has form {form}, this program reads {STATE_FORM}")
    return _decoder.decode(body)


def find_visit(state: SiteState, uniqueid: str, call_id: str) -> Visit | None:
    """The visit with this id, if it can still change."""
    caller = state.callers.get(uniqueid)
    for visit in caller.visits if caller else ():
        if visit.call_id == call_id:
            return visit
    return None


def is_followed(state: SiteState, agent: Agent) -> bool:
    """Whether the state keeps this agent; one too many has no rows."""
    return state.agents.get(agent.interface) is agent


def queue_of(state: SiteState, name: str) -> Queue:
    """The queue, made known if needed; one beyond `MAX_QUEUES` is not kept."""
    queue = state.queues.get(name)
    if queue is None:
        queue = Queue()
        if len(state.queues) < MAX_QUEUES:
            state.queues[name] = queue
    return queue


def own_queue_name(state: SiteState, name: str) -> str:
    """A queue's own name, for channels and queue_log show how the dialplan spelt it.

    Names of queues are compared without case.
    """
    if name in state.queues:
        return name
    return next((own for own in state.queues if own.casefold() == name.casefold()), name)
