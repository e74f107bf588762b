"""Moments of event time by which something provisional is settled."""

from streams.domain.site_state import SiteState

PROVISIONAL_MS = 2_000
"""For so long the ending of a queue call may be provisional."""


def await_caller(state: SiteState, uniqueid: str, due: int) -> None:
    """A visit of this caller is settled at `due` if nothing else settles it before."""
    awaited = state.due_callers.get(uniqueid)
    if awaited is None or due < awaited:
        state.due_callers[uniqueid] = due
    _sooner(state, due)


def await_agent(state: SiteState, interface: str, due: int) -> None:
    """The agent's state is looked at again at `due`."""
    awaited = state.due_agents.get(interface)
    if awaited is None or due < awaited:
        state.due_agents[interface] = due
    _sooner(state, due)


def take_due(state: SiteState, now: int) -> tuple[list[str], list[str]]:
    """The callers and agents whose moment has come by `now`, which are no longer awaited."""
    callers, next_caller = _taken(state.due_callers, now)
    agents, next_agent = _taken(state.due_agents, now)
    if next_caller is None or (next_agent is not None and next_agent < next_caller):
        state.next_due = next_agent
    else:
        state.next_due = next_caller
    return callers, agents


def rebase(state: SiteState, now: int) -> None:
    """The clock was set back to `now`: everything awaited is awaited from there."""
    due = now + PROVISIONAL_MS
    for uniqueid in state.due_callers:
        state.due_callers[uniqueid] = due
        caller = state.callers.get(uniqueid)
        for visit in caller.visits if caller else ():
            if visit.deadline is not None:
                visit.deadline = due
    for interface in state.due_agents:
        state.due_agents[interface] = due
        agent = state.agents.get(interface)
        if agent is None:
            continue
        if agent.busy_since is not None:
            agent.busy_since = now
        if agent.wrap_up_since is not None:
            agent.wrap_up_until += now - agent.wrap_up_since
            agent.wrap_up_since = now
    if state.next_due is not None:
        state.next_due = due


def _sooner(state: SiteState, due: int) -> None:
    if state.next_due is None or due < state.next_due:
        state.next_due = due


def _taken(awaited: dict[str, int], now: int) -> tuple[list[str], int | None]:
    """Takes out what is due by `now`, and tells the next moment of what is left.

    In one pass, for what is due is asked for at every fourth event.
    """
    taken: list[str] = []
    following: int | None = None
    for key, due in awaited.items():
        if due <= now:
            taken.append(key)
        elif following is None or due < following:
            following = due
    for key in taken:
        del awaited[key]
    return taken, following
