"""What really happened in a simulated call centre, written down by the simulation as it happens.

Knows nothing of AMI and nothing of how anybody reads it: callers, agents and outbound calls with
their times in milliseconds since the epoch. Names of outcomes and states are the product's own.
Bounded: of more than `MAX_KEPT` calls or states the oldest are let go and counted as forgotten;
the totals stay complete.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Outcome = Literal[
    "open", "answered", "abandoned", "timed_out", "left_empty", "exited_by_key", "transferred_away"
]
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
MAX_KEPT = 50_000
_ANSWER_LIMIT_S = 20

_COUNTS = ("answered", "abandoned", "timed_out", "left_empty", "exited_by_key", "open")


@dataclass(slots=True)
class TrueCall:
    """One visit of a caller to a queue."""

    site: str
    queue: str
    uniqueid: str
    caller: str
    position: int
    entered_at: int
    outcome: Outcome = "open"
    answered_at: int | None = None
    ended_at: int | None = None
    wait_ms: int | None = None
    talk_ms: int = 0
    """Without hold."""
    hold_ms: int = 0
    wrap_up_ms: int = 0
    agent: str = ""
    """The agent's interface."""
    agent_name: str = ""
    ended_by: Literal["", "caller", "agent", "transfer"] = ""
    transfer: Literal["none", "blind", "attended"] = "none"
    missed_offers: int = 0


@dataclass(slots=True)
class TrueState:
    """An agent's uninterrupted state; None as end: it still lasts."""

    site: str
    agent: str
    agent_name: str
    state: AgentStateName
    pause_reason: str
    started_at: int
    ended_at: int | None = None


@dataclass(slots=True)
class TrueOutbound:
    """A call an agent placed outside the queues."""

    site: str
    agent: str
    uniqueid: str
    callee: str
    started_at: int
    answered_at: int | None = None
    ended_at: int | None = None


class Truth:
    """Of one site. `on_ended` is told of each call when nothing about it can change any more."""

    def __init__(self, site: str, max_kept: int = MAX_KEPT) -> None:
        """Nothing has happened yet."""
        self.site = site
        self._max_kept = max_kept
        self.on_ended: Callable[[TrueCall], None] = _nobody
        self.calls: deque[TrueCall] = deque()
        self.states: deque[TrueState] = deque()
        self.outbound: deque[TrueOutbound] = deque(maxlen=max_kept)
        self.refused = 0
        """Callers turned away from an empty queue: never offered."""
        self._current: dict[str, TrueState] = {}
        self._forgotten: dict[str, dict[str, int]] = {}
        self._forgotten_states = 0

    def entered(self, queue: str, uniqueid: str, caller: str, position: int, at: int) -> TrueCall:
        """A caller entered a queue."""
        call = TrueCall(self.site, queue, uniqueid, caller, position, at)
        self.calls.append(call)
        if len(self.calls) > self._max_kept:
            old = self.calls.popleft()
            _add(self._forgotten.setdefault(old.queue, _zero()), old)
        return call

    def left(self, call: TrueCall, outcome: Outcome, at: int) -> None:
        """The caller left the queue unanswered."""
        call.outcome = outcome
        call.ended_at = at
        call.wait_ms = at - call.entered_at
        self.on_ended(call)

    def answered(self, call: TrueCall, agent: str, agent_name: str, at: int) -> None:
        """An agent answered."""
        call.outcome = "answered"
        call.answered_at = at
        call.wait_ms = at - call.entered_at
        call.agent = agent
        call.agent_name = agent_name

    def talk_ended(
        self, call: TrueCall, ended_by: Literal["caller", "agent", "transfer"], at: int
    ) -> None:
        """The agent's part is over; wrap-up may follow."""
        assert call.answered_at is not None
        call.ended_at = at
        call.ended_by = ended_by
        call.talk_ms = at - call.answered_at - call.hold_ms

    def agent_is(
        self, agent: str, name: str, state: AgentStateName, pause_reason: str, at: int
    ) -> None:
        """The agent's state from `at` on; the same state again changes nothing.

        An agent's first state is never `logged_out`: the day begins with the first login.
        """
        current = self._current.get(agent)
        if current is None and state == "logged_out":
            return
        if current is not None:
            if (current.state, current.pause_reason) == (state, pause_reason):
                return
            current.ended_at = at
        current = TrueState(self.site, agent, name, state, pause_reason, at)
        self._current[agent] = current
        self.states.append(current)
        if len(self.states) > self._max_kept:
            self.states.popleft()
            self._forgotten_states += 1

    def dialled(self, agent: str, uniqueid: str, callee: str, at: int) -> TrueOutbound:
        """An agent placed a call outside the queues."""
        call = TrueOutbound(self.site, agent, uniqueid, callee, at)
        self.outbound.append(call)
        return call

    def totals(self) -> dict[str, dict[str, int]]:
        """Counts and sums per queue; `offered` is the sum of all outcomes."""
        totals = {queue: dict(counts) for queue, counts in self._forgotten.items()}
        for call in self.calls:
            _add(totals.setdefault(call.queue, _zero()), call)
        return totals

    def as_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {
            "site": self.site,
            "totals": self.totals(),
            "refused": self.refused,
            "calls": _dicts(self.calls),
            "agent_states": _dicts(self.states),
            "outbound_calls": _dicts(self.outbound),
            "forgotten_calls": sum(queue["offered"] for queue in self._forgotten.values()),
            "forgotten_agent_states": self._forgotten_states,
        }


def _nobody(_call: TrueCall) -> None:
    """Nobody wants to be told."""


def _dicts(rows: Iterable[TrueCall | TrueState | TrueOutbound]) -> list[dict[str, Any]]:
    return [asdict(row) for row in rows]


def _zero() -> dict[str, int]:
    sums = ("answered_within_20s", "answered_wait_ms", "abandoned_wait_ms", "talk_ms", "hold_ms")
    return dict.fromkeys(("offered", *_COUNTS, *sums, "wrap_up_ms", "missed_offers"), 0)


def _add(totals: dict[str, int], call: TrueCall) -> None:
    totals["offered"] += 1
    totals[call.outcome] += 1
    for name in ("talk_ms", "hold_ms", "wrap_up_ms", "missed_offers"):
        totals[name] += getattr(call, name)
    if call.wait_ms is not None and call.outcome in ("answered", "abandoned"):
        totals[f"{call.outcome}_wait_ms"] += call.wait_ms
    if call.outcome == "answered" and call.wait_ms is not None:
        totals["answered_within_20s"] += call.wait_ms // 1000 <= _ANSWER_LIMIT_S
