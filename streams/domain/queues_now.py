"""How the queues of one site stand at its own last event: who waits, how long, who is free."""

import msgspec

from streams.domain.site_state import SiteState


class QueueNow(msgspec.Struct):
    """One queue of one site. Without anybody waiting `longest_wait_ms` is 0."""

    waiting: int = 0
    longest_wait_ms: int = 0
    available_agents: int = 0


def queues_now(state: SiteState) -> dict[str, QueueNow]:
    """Every queue the site's state knows, by its name; empty before anything was seen.

    Waits last until the event time of the site, never longer than what was seen. An agent who is
    free for several queues counts in each, and not in those they are paused in: of all agents the
    sum over queues says nothing.
    """
    queues = {name: QueueNow() for name in state.queues}
    for caller in state.callers.values():
        for visit in caller.visits:
            if visit.status == "waiting":
                queue = queues.setdefault(visit.queue, QueueNow())
                queue.waiting += 1
                queue.longest_wait_ms = max(queue.longest_wait_ms, state.now - visit.entered_at)
    for agent in state.agents.values():
        if agent.state == "available":
            for name, membership in agent.memberships.items():
                if not membership.is_paused:
                    queues.setdefault(name, QueueNow()).available_agents += 1
    return queues
