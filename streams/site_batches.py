"""One published batch of one site through the interpreter and the fold.

The only way anything is folded: the Faust processor, `python -m local fold`, the bench and the
tests all come through here. The site's own sequence decides what is new, never a broker's
offset.
"""

import enum

from ingest_api.contract.published import PublishedBatch, PublishedEvent
from streams.domain import coverage, windows
from streams.domain.context import Context
from streams.domain.facts import Fact
from streams.domain.fold import apply
from streams.domain.site_state import SiteState
from streams.interpreter import first_named, interpret

FUTURE_MS = 10 * 60 * 1000
"""An event that claims to be later than its receipt by more than this is dated by the receipt."""

REWOUND_MS = 60 * 1000
"""Old sequences with times so much later than the last: the spool was restored from a copy."""


class Continuity(enum.Enum):
    """How a batch joins on to what a site's state has already seen."""

    CONTINUES = "continues"
    REPEATED = "repeated"
    JUMPED = "jumped"


def continuity(state: SiteState, batch: PublishedBatch) -> Continuity:
    """Whether the batch continues the site's sequence, only repeats it, or jumps over something.

    A jump that a `gap` event of the batch explains continues; so does the batch of a spool that
    takes the site over, or of a second collector, of which only the duplicates are counted. An
    empty batch repeats.
    """
    if not batch.events:
        return Continuity.REPEATED
    if batch.spool != state.spool:
        last = state.former_spools.get(batch.spool, 0)
        is_new = batch.events[-1].sequence > last or _takes_over(state, batch) is not None
        return Continuity.CONTINUES if is_new else Continuity.REPEATED
    if _is_rewound(state, batch):
        return Continuity.CONTINUES
    for event in batch.events:
        if event.sequence > state.last_sequence:
            follows = first_named(event) <= state.last_sequence + 1
            return Continuity.CONTINUES if follows else Continuity.JUMPED
    return Continuity.REPEATED


def takes_over(state: SiteState, batch: PublishedBatch) -> bool:
    """Whether folding the batch (one event or more) puts the site into a new generation."""
    if batch.spool != state.spool:
        return _takes_over(state, batch) is not None
    return _is_rewound(state, batch)


def is_past_unknown(state: SiteState, batch: PublishedBatch) -> bool:
    """Whether the site has no state yet, and its batch (one event or more) is not its first."""
    return not state.spool and first_named(batch.events[0]) > 1


def fold_batch(state: SiteState, batch: PublishedBatch) -> list[Fact]:
    """Applies what is new in the batch to the state (in place) and returns the changed facts.

    A jump is folded with a coverage gap of reason `not_delivered`; whoever can rewind asks
    `continuity` first. An exception leaves the state half changed: throw it away.
    """
    events = _owned_events(state, batch)
    if not events:
        return []
    context = _begin(state, batch)
    received_at = batch.received_at
    latest = received_at + FUTURE_MS
    for event in events:
        told_at = event.at
        at = told_at if 0 < told_at <= latest else received_at
        expected = state.last_sequence + 1
        context.advance(event.sequence, is_time_estimated=at != told_at)
        if event.sequence > expected:
            _note_jump(context, event, at, expected)
        if event.refused:
            state.refused += 1
            context.gap_found(state.now, state.now, "refused", event.sequence, event.sequence)
        else:
            apply(context, interpret(event, at))
    return _end(context)


def skip_batch(state: SiteState, batch: PublishedBatch, reason: str) -> list[Fact]:
    """Advances over a batch that cannot be folded; its time becomes a coverage gap."""
    events = _owned_events(state, batch)
    if not events:
        return []
    context = _begin(state, batch)
    first, last = events[0].sequence, events[-1].sequence
    context.advance(last, is_time_estimated=False)
    context.at = max(state.now, moment_of(batch, events[-1]))
    coverage.not_delivered(context, first, last, reason)
    if not state.now:
        windows.begin_anew(state, context.at)
    state.now = context.at
    return _end(context)


def _begin(state: SiteState, batch: PublishedBatch) -> Context:
    state.last_received_at = batch.received_at
    state.skew_ms = batch.received_at - batch.sent_at
    state.collector_version = batch.collector_version or state.collector_version
    return Context(state)


def _end(context: Context) -> list[Fact]:
    facts = context.take_facts()
    facts.append(coverage.status_fact(context.state, context.version))
    return facts


def _note_jump(context: Context, event: PublishedEvent, at: int, expected: int) -> None:
    """What lies between the last event and this one, unless this one names it as lost."""
    first = first_named(event)
    if first > expected:
        context.at = at
        coverage.not_delivered(context, expected, first - 1, "not_delivered")


def _owned_events(state: SiteState, batch: PublishedBatch) -> list[PublishedEvent]:
    """The events of the batch that are new and count; takes the site over if that is due."""
    events = batch.events
    if not events:
        return []
    if batch.spool != state.spool:
        start = _takes_over(state, batch)
        if start is None:
            sequences = [event.sequence for event in events]
            coverage.rival_sent(state, batch.spool, sequences, batch.received_at)
            return []
        coverage.take_over(state, batch.spool, events[start].sequence, batch.received_at)
    elif _is_rewound(state, batch):
        coverage.take_over(state, batch.spool, events[0].sequence, batch.received_at)
    last = state.last_sequence
    if events[0].sequence > last:
        return events
    return [event for event in events if event.sequence > last]


def _takes_over(state: SiteState, batch: PublishedBatch) -> int | None:
    """From which event of the batch on its spool owns the site; None: it does not.

    A spool never seen owns the site from its `started`. One seen before must start or connect while
    the owner has been silent for a minute; so must one whose start was not seen.
    """
    if not state.spool:
        return 0
    is_silent = coverage.is_owner_silent(state, batch.received_at)
    last = state.former_spools.get(batch.spool)
    if last is None:
        if is_silent:
            return 0
        names: tuple[str, ...] = ("started",)
    elif is_silent:
        names = ("started", "ami_connected")
    else:
        return None
    for place, event in enumerate(batch.events):
        if event.kind == "collector" and event.name in names and event.sequence > (last or 0):
            return place
    return None


def _is_rewound(state: SiteState, batch: PublishedBatch) -> bool:
    last = batch.events[-1]
    return last.sequence <= state.last_sequence and moment_of(batch, last) > state.now + REWOUND_MS


def moment_of(batch: PublishedBatch, event: PublishedEvent) -> int:
    """When the event happened: `at`, unless it is missing or lies in the future."""
    if event.at <= 0 or event.at > batch.received_at + FUTURE_MS:
        return batch.received_at
    return event.at
