"""Moments of event time by which something provisional is settled."""

from streams.domain.site_state import SiteState

PROVISIONAL_MS = 2_000
"""For so long the ending of a queue call may be provisional."""


def await_caller(state: SiteState, uniqueid: str, due: int) -> None:
    """A visit of this caller is settled at `due` if nothing else settles it before."""
    state.due_callers[uniqueid] = min(due, state.due_callers.get(uniqueid, due))
    _sooner(state, due)


def await_agent(state: SiteState, interface: str, due: int) -> None:
    """The agent's state is looked at again at `due`."""
    state.due_agents[interface] = min(due, state.due_agents.get(interface, due))
    _sooner(state, due)


def take_due(state: SiteState, now: int) -> tuple[list[str], list[str]]:
    """The callers and agents whose moment has come by `now`, which are no longer awaited."""
    callers = [uniqueid for uniqueid, due in state.due_callers.items() if due <= now]
    agents = [interface for interface, due in state.due_agents.items() if due <= now]
    for uniqueid in callers:
        del state.due_callers[uniqueid]
    for interface in agents:
        del state.due_agents[interface]
    rest = [*state.due_callers.values(), *state.due_agents.values()]
    state.next_due = min(rest) if rest else None
    return callers, agents


def _sooner(state: SiteState, due: int) -> None:
    if state.next_due is None or due < state.next_due:
        state.next_due = due
