"""What Asterisk lists (queues with agents and callers; channels) against what the state holds.

A list is the truth about what is there now. What came into being before the list began and is not
in it is over; how it ended was not seen. Nothing is concluded from an incomplete list, and events
that crossed the list on the wire have two seconds to explain what is missing.
"""

from streams.domain import agents, memberships, outbound
from streams.domain.context import Context
from streams.domain.deadlines import PROVISIONAL_MS, await_caller
from streams.domain.events import (
    ChannelListed,
    EntryListed,
    ListBegan,
    ListEnded,
    MemberSeen,
    QueueConfigured,
    QueueListed,
)
from streams.domain.site_state import (
    MAX_LISTED,
    Agent,
    ListedChannel,
    Listing,
    SiteState,
    Visit,
    own_queue_name,
    queue_of,
)
from streams.domain.visits import answer_unseen, changed, enter


def list_began(context: Context, event: ListBegan) -> None:
    """Items of a list follow."""
    context.state.listing = Listing(event.name, event.at)


def queue_listed(context: Context, event: QueueListed) -> None:
    """The queue exists."""
    queue_of(context.state, event.queue)


def queue_configured(context: Context, event: QueueConfigured) -> None:
    """The queue's limit for wrap-up, which no event tells."""
    queue_of(context.state, event.queue).wrap_up_limit_ms = event.wrap_up_limit_ms


def entry_listed(context: Context, event: EntryListed) -> None:
    """A caller is waiting; one we do not know entered unseen."""
    listing = context.state.listing
    if listing is None:
        return
    if len(listing.entries) < MAX_LISTED:
        listing.entries.append((event.uniqueid, event.queue))
    caller = context.state.callers.get(event.uniqueid)
    for visit in caller.visits if caller else ():
        if visit.queue == event.queue and visit.outcome == "open":
            return
    enter(
        context,
        event.queue,
        event.uniqueid,
        event.at - (event.wait_ms or 0),
        caller=event.caller,
        caller_hash=event.caller_hash,
        position=event.position,
        is_estimated=True,
    )


def member_listed(context: Context, event: MemberSeen) -> None:
    """An agent is in a queue."""
    listing = context.state.listing
    if listing is not None and len(listing.members) < MAX_LISTED:
        listing.members.append((event.agent, event.queue))
    agent = memberships.member_seen(context, event)
    if agent.offers and event.device not in agents.RINGING:
        agents.offers_unlisted(context, agent, event.at)


def channel_listed(context: Context, event: ChannelListed) -> None:
    """A channel exists."""
    listing = context.state.listing
    if listing is not None and len(listing.channels) < MAX_LISTED:
        listing.channels[event.uniqueid] = ListedChannel(
            event.contact_id,
            event.interface,
            event.queue,
            event.bridge,
            event.duration_ms,
            event.caller,
            event.caller_hash,
        )


def list_ended(context: Context, event: ListEnded) -> None:
    """Draws the conclusions."""
    listing, context.state.listing = context.state.listing, None
    if listing is None or not event.is_complete or listing.name != event.name:
        return
    if max(len(listing.entries), len(listing.members), len(listing.channels)) >= MAX_LISTED:
        return
    if listing.name == "queues":
        _judge_waiting(context, listing)
        _judge_members(context, listing)
    elif listing.name == "channels":
        _judge_channels(context, listing)
        outbound.judge(context, listing)


def _judge_waiting(context: Context, listing: Listing) -> None:
    present = set(listing.entries)
    for visit in _visits(context.state):
        if visit.outcome == "open":
            if (visit.uniqueid, visit.queue) in present:
                _still_waiting(visit)
            elif visit.entered_at < listing.began_at:
                _missing(context, visit, context.at)
        elif visit.status == "ended" and not visit.is_wrapping_up:
            _settle_soon(context, visit)


def _judge_members(context: Context, listing: Listing) -> None:
    state = context.state
    present = set(listing.members)
    for agent in tuple(state.agents.values()):
        for queue, membership in tuple(agent.memberships.items()):
            if membership.started_at < listing.began_at and (agent.interface, queue) not in present:
                memberships.leave_queue(context, agent, queue, context.at, is_estimated=True)
    for visit in _visits(state):
        owner = state.agents.get(visit.agent)
        if visit.status != "talking" or owner is None or not _since_before(visit, listing):
            continue
        place = owner.memberships.get(visit.queue)
        if place is not None and not place.is_in_call and place.device == "idle":
            _missing(context, visit, _end_of_talk(state, owner, visit))


def _judge_channels(context: Context, listing: Listing) -> None:
    state = context.state
    for visit in _visits(state):
        channel = listing.channels.get(visit.uniqueid)
        is_in_queue = channel is not None and own_queue_name(state, channel.queue) == visit.queue
        if visit.status == "talking" and _since_before(visit, listing):
            if is_in_queue:
                visit.missing_since = None
            else:
                owner = state.agents.get(visit.agent)
                _missing(context, visit, _end_of_talk(state, owner, visit))
        elif visit.outcome == "open" and channel is not None and is_in_queue and channel.bridge:
            _answered_unseen(context, visit, channel, listing)
    for uniqueid, channel in listing.channels.items():
        if channel.queue and channel.bridge and uniqueid not in state.callers:
            visit = enter(
                context,
                own_queue_name(state, channel.queue),
                uniqueid,
                context.at - channel.duration_ms,
                contact_id=channel.contact_id,
                caller=channel.caller,
                caller_hash=channel.caller_hash,
                is_estimated=True,
            )
            _answered_unseen(context, visit, channel, listing)


def _answered_unseen(
    context: Context, visit: Visit, channel: ListedChannel, listing: Listing
) -> None:
    """The caller is bridged: an agent answered while we could not see it."""
    interface, agent_uniqueid = _other_end(channel, visit.uniqueid, listing)
    agent = agents.agent_of(context, interface, "") if interface else None
    visit.agent_uniqueid = agent_uniqueid
    if agent_uniqueid:
        context.state.legs[agent_uniqueid] = visit.uniqueid
    name = agent.name if agent else ""
    answer_unseen(context, visit, agent, name, answered_at=None, at=context.at)
    changed(context, visit)


def _other_end(channel: ListedChannel, uniqueid: str, listing: Listing) -> tuple[str, str]:
    """Interface and uniqueid of the channel in the same bridge; both empty if there is none."""
    for other_id, other in listing.channels.items():
        if other.bridge == channel.bridge and other_id != uniqueid:
            return other.interface, other_id
    return "", ""


def _still_waiting(visit: Visit) -> None:
    """Whatever seemed to have begun before sight was lost came to nothing."""
    visit.missing_since = None
    if visit.is_cut and visit.gave_up_at is None:
        visit.is_cut = False
        visit.status = "waiting"
        visit.left_at = visit.ended_at = visit.deadline = None


def _missing(context: Context, visit: Visit, since: int) -> None:
    visit.missing_since = since
    _settle_soon(context, visit)


def _settle_soon(context: Context, visit: Visit) -> None:
    due = context.at + PROVISIONAL_MS
    if visit.deadline is None or visit.deadline > due:
        visit.deadline = due
        await_caller(context.state, visit.uniqueid, due)


def _end_of_talk(state: SiteState, agent: Agent | None, visit: Visit) -> int:
    """When a talk ended that nobody saw end: the agent's LastCall if that is in the gap.

    Otherwise the last moment at which the talk was seen.
    """
    last_call = 0
    if agent is not None:
        last_call = max((m.last_call for m in agent.memberships.values()), default=0)
    # LastCall is a whole second: it may lie just before the gap's first millisecond.
    if last_call + 1_000 > max(state.gap_from, visit.answered_at or 0) and state.gap_from:
        return max(last_call, state.gap_from)
    return max(state.gap_from or state.now, visit.answered_at or visit.entered_at)


def _since_before(visit: Visit, listing: Listing) -> bool:
    return (visit.answered_at or visit.entered_at) < listing.began_at


def _visits(state: SiteState) -> list[Visit]:
    return [visit for caller in state.callers.values() for visit in caller.visits]
