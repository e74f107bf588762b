"""What one event works on: the site's state, the event's place in time, and the facts it makes."""

from streams.domain.facts import CoverageGap, Fact, OutboundCall, QueueCall
from streams.domain.site_state import Outbound, SiteState, Visit, Window
from streams.domain.version import VERSIONS_PER_EVENT, version_of
from streams.domain.window_rows import window_fact

FactKey = tuple[type[Fact] | str | int, ...]


class Context:
    """Collects what changes while events of one site are applied, and makes the facts of it.

    A fact's version is that of the event that last changed it, and its content depends on nothing
    later; so it makes no difference after how many events the facts are taken.
    """

    __slots__ = (
        "_before_sequence",
        "_facts",
        "_visits",
        "_windows",
        "at",
        "heard_until",
        "is_time_estimated",
        "state",
        "version",
    )

    def __init__(self, state: SiteState) -> None:
        """Begins with nothing changed."""
        self.state = state
        self.at = state.now
        self.heard_until = state.now
        self.is_time_estimated = False
        self._before_sequence = version_of(state.generation, 0)
        self.version = self._before_sequence + state.last_sequence * VERSIONS_PER_EVENT
        self._visits: dict[tuple[str, str, int], Visit] = {}
        self._windows: dict[str, Window] = {}
        self._facts: dict[FactKey, Fact] = {}

    def advance(self, sequence: int, *, is_time_estimated: bool) -> None:
        """The next event has this sequence: what it changes gets its version."""
        self.state.last_sequence = sequence
        self.version = self._before_sequence + sequence * VERSIONS_PER_EVENT
        self.is_time_estimated = is_time_estimated

    def agent_key(self, interface: str) -> str:
        """An agent's key: site and normalised interface; empty if there is no agent."""
        return f"{self.state.site}/{interface}" if interface else ""

    def visit_changed(self, visit: Visit) -> None:
        """The queue call's fact is due."""
        visit.version = self.version
        if self.is_time_estimated:
            visit.is_estimated = True
        self._visits[visit.call_id, visit.queue, visit.entered_at] = visit

    def window_changed(self, key: str, window: Window) -> None:
        """The window's fact is due."""
        window.version = self.version
        self._windows[key] = window

    def add(self, key: FactKey, fact: Fact) -> None:
        """A fact that will not be looked at again; a later one with its key replaces it.

        `key`: its type, and what tells it from the other facts of that type at this site.
        """
        self._facts[key] = fact

    def outbound_changed(
        self, call: Outbound, ended_at: int | None, *, is_estimated: bool = False
    ) -> None:
        """The outbound call's fact is due."""
        self.add(
            (OutboundCall, call.agent, call.started_at, call.uniqueid),
            OutboundCall(
                self.state.tenant_id,
                self.state.site,
                self.agent_key(call.agent),
                call.agent_name,
                call.uniqueid,
                call.callee,
                call.callee_hash,
                call.started_at,
                call.answered_at,
                ended_at,
                is_estimated or self.is_time_estimated,
                self.version,
            ),
        )

    def gap_found(
        self,
        started_at: int,
        ended_at: int | None,
        reason: str,
        from_sequence: int = 0,
        to_sequence: int = 0,
    ) -> None:
        """Something at the site may not have been seen."""
        self.add(
            (CoverageGap, started_at, reason),
            CoverageGap(
                self.state.tenant_id,
                self.state.site,
                started_at,
                reason,
                ended_at,
                from_sequence,
                to_sequence,
                self.version,
            ),
        )

    def take_facts(self) -> list[Fact]:
        """The facts of everything that changed since the last time."""
        state = self.state
        facts: list[Fact] = [self._queue_call(visit) for visit in self._visits.values()]
        facts += self._facts.values()
        facts += [window_fact(state.tenant_id, state.site, w) for w in self._windows.values()]
        self._visits = {}
        self._windows = {}
        self._facts = {}
        return facts

    def _queue_call(self, visit: Visit) -> QueueCall:
        return QueueCall(
            self.state.tenant_id,
            self.state.site,
            "voice",
            visit.queue,
            visit.call_id,
            visit.uniqueid,
            visit.contact_id,
            visit.entered_at,
            visit.status,
            visit.outcome,
            visit.answered_at,
            visit.ended_at,
            visit.wait_ms,
            visit.talk_ms,
            visit.hold_ms,
            visit.wrap_up_ms,
            self.agent_key(visit.agent),
            visit.agent_name,
            visit.ended_by,
            visit.transfer,
            visit.missed_offers,
            visit.position,
            visit.caller,
            visit.caller_hash,
            visit.is_estimated or visit.is_through_gap,
            visit.version,
        )
