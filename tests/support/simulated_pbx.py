"""A generated call centre folded, and held against its generator's own truth."""

from collections import defaultdict
from typing import NamedTuple

from agent.redaction import Redaction
from agent.transcript import Transcript
from local.fold import fold_events
from local.pbx.call_centre import Day
from local.pbx.truth import TrueCall, Truth
from streams.domain.facts import AgentState, Fact, OutboundCall, QueueCall

START_MS = 1_773_147_600_000
"""2026-03-10 10:00 in São Paulo."""

_SAME = (
    "outcome",
    "wait_ms",
    "answered_at",
    "ended_at",
    "talk_ms",
    "hold_ms",
    "wrap_up_ms",
    "ended_by",
    "transfer",
    "missed_offers",
    "agent_name",
)


class Interval(NamedTuple):
    """An agent in one state; None as end: to the end of what was told."""

    state: str
    pause_reason: str
    started_at: int
    ended_at: int | None


def facts_of(packets: list[tuple[int, bytes]]) -> list[Fact]:
    """The final facts of what a client heard: `(time of receipt in ms, bytes)`."""
    transcript = Transcript(Redaction("full", b"made-up tenant key"))
    events = transcript.connected(packets[0][0])
    for at, data in packets:
        events += transcript.feed(data, at)
    return fold_events(events, "demo", "pbx-01")


def facts_and_truth(day: Day) -> tuple[list[Fact], Truth]:
    return facts_of(list(day)), day.truth


def call_differences(facts: list[Fact], truth: Truth) -> list[str]:
    """Each way in which the folded queue calls are not the true ones."""
    folded = {
        (fact.uniqueid, fact.queue, fact.entered_at): fact
        for fact in facts
        if isinstance(fact, QueueCall)
    }
    differences = []
    for call in truth.calls:
        fact = folded.pop((call.uniqueid, call.queue, call.entered_at), None)
        if fact is None:
            differences.append(f"{call} is missing")
        else:
            differences += _differences(fact, call)
    return differences + [f"{fact} never happened" for fact in folded.values()]


def state_differences(facts: list[Fact], truth: Truth) -> list[str]:
    """Agents whose folded states are not the true ones; states of no length do not count."""
    folded: dict[str, list[Interval]] = defaultdict(list)
    true: dict[str, list[Interval]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact, AgentState):
            reason = fact.pause_reason if fact.state == "paused" else ""
            interval = Interval(fact.state, reason, fact.started_at, fact.ended_at)
            folded[fact.agent_name].append(interval)
    for state in truth.states:
        interval = Interval(state.state, state.pause_reason, state.started_at, state.ended_at)
        true[state.agent_name].append(interval)
    return [
        f"{agent}: folded {_merged(folded[agent])}, truly {_merged(true[agent])}"
        for agent in sorted(set(folded) | set(true))
        if _merged(folded[agent]) != _merged(true[agent])
    ]


def outbound_differences(facts: list[Fact], truth: Truth) -> set[tuple[object, ...]]:
    folded = {
        (fact.uniqueid, fact.callee, fact.started_at, fact.answered_at, fact.ended_at)
        for fact in facts
        if isinstance(fact, OutboundCall)
    }
    true = {
        (call.uniqueid, call.callee, call.started_at, call.answered_at, call.ended_at)
        for call in truth.outbound
    }
    return folded ^ true


def _differences(fact: QueueCall, call: TrueCall) -> list[str]:
    found = [
        f"{name} {getattr(fact, name)!r} instead of {getattr(call, name)!r}: {call}"
        for name in _SAME
        if getattr(fact, name) != getattr(call, name)
    ]
    if fact.position_at_entry != call.position:
        found.append(f"position {fact.position_at_entry} instead of {call.position}: {call}")
    if fact.is_estimated:
        found.append(f"estimated though all was seen: {call}")
    return found


def _merged(intervals: list[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for interval in sorted(intervals, key=lambda interval: interval.started_at):
        if interval.started_at == interval.ended_at:
            continue
        last = merged[-1] if merged else None
        if last and last[:2] == interval[:2] and last.ended_at == interval.started_at:
            merged[-1] = last._replace(ended_at=interval.ended_at)
        else:
            merged.append(interval)
    return merged
