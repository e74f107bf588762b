"""Each agent's transitions and states against those that Asterisk logged."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from streams.domain.facts import AgentMembership, AgentState
from tests.support.batches import Facts
from tests.support.sight import CLOCK_MS, Sight

MOMENT_MS = 1_000

_IDLE_STATES = frozenset(("available", "wrap_up", "busy_other", "unreachable"))
_USUAL_AGENTS = {
    form.format(number): name
    for number, name in (
        (101, "Ana Souza"),
        (102, "Bruno Lima"),
        (103, "Carla Dias"),
        (104, "Diego Reis"),
        (105, "Elena Prado"),
        (106, "Fábio Nunes"),
    )
    for form in ("IAX2/agent{}", "Local/{}@agents", "SIP/{}")
}


@dataclass(frozen=True)
class Transition:
    """A change of one agent's state, in the truth's words. `at` is milliseconds."""

    at: int
    state: str
    queue: str
    call: str = ""
    after: str = ""
    reason: str = ""

    def __str__(self) -> str:
        parts = (self.state, self.queue, self.call, self.after, self.reason)
        return f"{self.at / 1000:.3f} {' '.join(part for part in parts if part)}"


def compare_agents(truth: dict[str, Any], facts: Facts, sight: Sight) -> list[str]:
    """How the agents' rows differ from the truth's transitions; empty if they do not."""
    found: list[str] = []
    expected = _expected_by_name(truth, facts)
    uniqueids = {call.call_id: call.uniqueid for call in facts.calls}
    for name in sorted({state.agent_name for state in facts.states} | set(expected)):
        states = [state for state in facts.states if state.agent_name == name]
        places = [place for place in facts.memberships if place.agent_name == name]
        ours = _state_steps(states, uniqueids) + _membership_steps(places)
        steps = expected.get(name, [])
        found += [f"{name}: {text}" for text in _match(steps, ours, facts, sight)]
        found += [f"{name}: {text}" for text in _compare_course(steps, states, sight)]
    return found


def _expected_by_name(truth: dict[str, Any], facts: Facts) -> dict[str, list[Transition]]:
    """Each agent's transitions under the name that the manager events have.

    queue_log names some agents by interface where they are added, and the truth then by whom the
    interface usually belongs to. One of pausedall is told for each queue as well, and a call that
    was transferred and completed has two ends: either is counted once.
    """
    names = {row.agent_name for row in facts.states}
    by_interface = {row.agent_key.split("/", 1)[1]: row.agent_name for row in facts.memberships}
    expected: dict[str, list[Transition]] = defaultdict(list)
    for agent in truth["agents"]:
        name = agent["name"]
        if name not in names:
            own = [_USUAL_AGENTS.get(interface) for interface in by_interface]
            for interface, usual in zip(list(by_interface), own, strict=True):
                if name in (usual, interface, f"{interface}/n"):
                    name = by_interface[interface]
                    break
        expected[name] += [step for raw in agent["transitions"] for step in _expected_steps(raw)]
    return {
        name: sorted(dict.fromkeys(steps), key=lambda step: step.at)
        for name, steps in expected.items()
    }


def _expected_steps(raw: dict[str, Any]) -> list[Transition]:
    at, state = int(raw["t"] * 1000), raw["state"]
    if state in ("pausedall", "unpausedall"):
        return []
    reason = raw.get("reason", "") if state == "paused" else ""
    steps = [Transition(at, state, raw["queue"], raw.get("call", ""), raw.get("after", ""), reason)]
    if raw.get("paused"):
        steps.append(Transition(at, "paused", raw["queue"]))
    return steps


def _state_steps(states: Sequence[AgentState], uniqueids: dict[str, str]) -> list[Transition]:
    """Rings and calls begun and ended, from the state rows of one agent name in order of time."""
    steps: list[Transition] = []
    ends = {"missed": "ringnoanswer", "cancelled": "ringcanceled"}
    for before, state, following in zip([None, *states], states, [*states[1:], None], strict=False):
        call = uniqueids.get(state.call_id, state.call_id)
        if state.state == "ringing":
            steps.append(Transition(state.started_at, "ringing", state.queue, call))
            if state.ended_at is not None and state.offer_result != "answered":
                after = ends.get(state.offer_result, "unseen")
                steps.append(Transition(state.ended_at, "idle", state.queue, call, after))
        elif state.state in ("talking", "hold"):
            if not (before and _is_same_talk(before, state)):
                steps.append(Transition(state.started_at, "in_call", state.queue, call))
            if state.ended_at is not None and not (following and _is_same_talk(state, following)):
                steps.append(Transition(state.ended_at, "idle", state.queue, call))
    return steps


def _is_same_talk(one: AgentState, other: AgentState) -> bool:
    return (
        one.call_id == other.call_id
        and {one.state, other.state} <= {"talking", "hold"}
        and one.ended_at == other.started_at
    )


def _membership_steps(places: Sequence[AgentMembership]) -> list[Transition]:
    steps: list[Transition] = []
    ends = {(place.queue, place.ended_at): place for place in places}
    starts = {(place.queue, place.started_at) for place in places}
    for place in places:
        before = ends.get((place.queue, place.started_at))
        if before is None:
            steps.append(Transition(place.started_at, "added", place.queue))
        was = (before.is_paused, before.pause_reason) if before else (False, "")
        if place.is_paused and was != (True, place.pause_reason):
            reason = place.pause_reason
            steps.append(Transition(place.started_at, "paused", place.queue, reason=reason))
        elif was[0] and not place.is_paused:
            steps.append(Transition(place.started_at, "unpaused", place.queue))
        if place.ended_at is not None and (place.queue, place.ended_at) not in starts:
            steps.append(Transition(place.ended_at, "removed", place.queue))
    return steps


def _match(
    expected: list[Transition], ours: list[Transition], facts: Facts, sight: Sight
) -> list[str]:
    """Each expected step has one of ours near it, and none of ours is left."""
    found: list[str] = []
    rest = sorted(ours, key=lambda step: step.at)
    for step in expected:
        alike = [o for o in rest if _is_alike(step, o)]
        # When somebody was added who is met in a list, is told in whole seconds (LoginTime).
        moment = sight.told_second_ms if step.state == "added" else MOMENT_MS
        latest = max(_latest(step, expected), step.at + moment + sight.clock_ms)
        near = [o for o in alike if step.at - moment - sight.clock_ms <= o.at <= latest]
        if not near and not sight.is_seen(step.at):
            # Happened in the gap; known, if at all, from the list after it.
            near = [o for o in rest if _is_alike(step, o, is_end_unseen=True)]
        if near:
            rest.remove(min(near, key=lambda o: abs(o.at - step.at)))
        elif sight.is_seen(step.at) and not _is_hidden(step, expected):
            found.append(f"no {step}")
    return found + [
        f"unexpected {o}" for o in rest if not _is_unlogged(o, rest, expected, facts, sight)
    ]


def _latest(step: Transition, expected: list[Transition]) -> int:
    """The ring before an answer was computed back from all agents' ringing: it may begin later."""
    if step.state == "ringing":
        for other in expected:
            is_end = (other.queue, other.call) == (step.queue, step.call) and other.at >= step.at
            if is_end and other.state == "in_call":
                return other.at + MOMENT_MS
            if is_end and other.state == "idle":
                break
    return step.at + MOMENT_MS + CLOCK_MS


def _is_alike(step: Transition, ours: Transition, *, is_end_unseen: bool = False) -> bool:
    if is_end_unseen and ours.after == "unseen":
        ours = replace(ours, after=step.after)
    return replace(ours, at=step.at) == step


def _is_hidden(step: Transition, expected: list[Transition]) -> bool:
    """States do not overlap: what one of two simultaneous calls of an agent does is not shown."""
    if step.state not in ("ringing", "idle"):
        return False
    talks: dict[str, int] = {}
    for other in expected:
        if other.call != step.call and other.state == "in_call":
            talks[other.call] = other.at
        elif other.call in talks and other.state == "idle" and not other.after:
            began = talks.pop(other.call)
            if began <= step.at <= other.at:
                return True
    return False


def _is_unlogged(
    step: Transition,
    rest: list[Transition],
    expected: list[Transition],
    facts: Facts,
    sight: Sight,
) -> bool:
    """What queue_log says nothing of.

    Members of the configuration file are there from the start, and a reload takes them away; a
    restart forgets the others. Asterisk 13 logs no cancelled ring, no version logs the rings of
    those whose colleague answered first.
    """
    if step.state == "added":
        return not any(e.state == "added" and e.queue == step.queue for e in expected)
    if step.state == "removed":
        is_static = not any(e.state == "added" and e.queue == step.queue for e in expected)
        return is_static or any(0 <= step.at - end < MOMENT_MS for _, end in sight.gaps)
    if step.state == "idle" and step.after == "":
        return _is_hidden(step, expected)
    end = step if step.after == "ringcanceled" else None
    if step.state == "ringing":
        ends = (o for o in rest if o.after == "ringcanceled" and o.call == step.call)
        end = next((o for o in ends if o.at >= step.at), None)
    if end is None:
        return False
    return not sight.has_cancelled_rings or any(
        call.uniqueid == end.call
        and call.queue == end.queue
        and call.answered_at is not None
        and abs(call.answered_at - end.at) <= CLOCK_MS
        for call in facts.calls
    )


def _compare_course(
    expected: list[Transition], states: Sequence[AgentState], sight: Sight
) -> list[str]:
    """The state in the middle of each stretch of three moments or more between transitions."""
    found: list[str] = []
    course = _Course()
    for step, following in zip(expected, [*expected[1:], None], strict=False):
        course.advance(step, _latest(step, expected) > step.at + MOMENT_MS + CLOCK_MS)
        end = following.at if following else sight.ended_ms
        middle = (step.at + MOMENT_MS + end) // 2
        least = 3 * (sight.told_second_ms if step.state == "added" else MOMENT_MS)
        if end - step.at < least or not sight.is_seen(middle):
            continue
        held = [
            state
            for state in states
            if state.started_at <= middle and (state.ended_at is None or middle < state.ended_at)
        ]
        allowed = course.allowed_states()
        if any(end < middle for _, end in sight.gaps) and "available" in allowed:
            # A restart forgets who was added, and the log says nothing of it.
            allowed |= {"logged_out"}
        is_right = any(state.state in allowed or _is_losing(state) for state in held)
        if not is_right and (held or course.queues):
            names = [state.state for state in held]
            found.append(f"at {middle / 1000:.3f} {names}, not one of {sorted(allowed)}")
    return found


def _is_losing(state: AgentState) -> bool:
    """Rings that a colleague answers are not in the truth."""
    return state.state == "ringing" and state.offer_result == "cancelled"


class _Course:
    """What an agent is in, by the truth."""

    def __init__(self) -> None:
        self.queues: dict[str, bool] = {}
        self._calls: list[str] = []
        self._rings: dict[str, bool] = {}

    def advance(self, step: Transition, is_start_uncertain: bool) -> None:
        if step.state in ("added", "unpaused", "paused"):
            self.queues[step.queue] = step.state == "paused"
        elif step.state == "removed":
            self.queues.pop(step.queue, None)
        elif step.state == "ringing":
            self._rings[step.call] = is_start_uncertain
        elif step.state == "in_call":
            self._calls.append(step.call)
            self._rings.pop(step.call, None)
        elif step.after:
            self._rings.pop(step.call, None)
        elif step.call in self._calls:
            self._calls.remove(step.call)

    def allowed_states(self) -> frozenset[str]:
        if self._calls:
            return frozenset(("talking", "hold"))
        idle = _IDLE_STATES
        if not self.queues:
            # Members of the configuration file are never added.
            idle = _IDLE_STATES | {"logged_out"}
        elif all(self.queues.values()):
            idle = frozenset(("paused", "busy_other"))
        if not self._rings:
            return idle
        is_uncertain = any(self._rings.values())
        return frozenset(("ringing",)) | (idle if is_uncertain else frozenset())
