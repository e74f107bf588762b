"""What must hold of any facts, whatever happened: sums, no overlaps, no negative durations."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from streams.domain.facts import AgentMembership, AgentState, Outcome, QueueWindow
from tests.support.batches import Facts

FLOW_OUTS: tuple[Outcome, ...] = (
    "timed_out",
    "left_empty",
    "exited_by_key",
    "withdrawn",
    "transferred_away",
)
OUTCOMES: tuple[Outcome, ...] = ("answered", "abandoned", *FLOW_OUTS, "bot_only", "unknown", "open")
_WAITED = ("answered", "abandoned", "flowed_out")
_SUMS = (
    "offered",
    *OUTCOMES,
    "handled",
    *("talk_ms", "hold_ms", "wrap_up_ms"),
    *(f"{kind}_wait_ms" for kind in _WAITED),
    *(f"{kind}_wait_max_ms" for kind in _WAITED),
)


def inconsistencies(facts: Facts) -> list[str]:
    """Broken promises: sums, overlaps, negative durations. Empty for right facts."""
    return (
        _wrong_identities(facts.windows)
        + _wrong_windows(facts)
        + _overlaps(facts.states)
        + _negatives(facts)
    )


def _wrong_identities(windows: Iterable[QueueWindow]) -> list[str]:
    return [
        f"window {w.queue} {w.window_start}: offered {w.offered} is not the sum of outcomes"
        for w in windows
        if w.offered != sum(getattr(w, outcome) for outcome in OUTCOMES)
    ]


def _wrong_windows(facts: Facts) -> list[str]:
    """Windows against the same sums over the queue calls."""
    sums: dict[tuple[str, str, int], Counter[str]] = defaultdict(Counter)
    for call in facts.calls:
        start = call.entered_at - call.entered_at % (15 * 60 * 1000)
        total = sums[call.site, call.queue, start]
        total["offered"] += 1
        total[call.outcome] += 1
        if call.outcome == "answered" and call.status == "ended":
            total["handled"] += 1
            total["talk_ms"] += call.talk_ms
            total["hold_ms"] += call.hold_ms
            total["wrap_up_ms"] += call.wrap_up_ms
        kind: str = "flowed_out" if call.outcome in FLOW_OUTS else call.outcome
        if kind in _WAITED and call.wait_ms is not None:
            total[f"{kind}_wait_ms"] += call.wait_ms
            total[f"{kind}_waits"] += 1
            total[f"{kind}_at_{call.wait_ms // 1000}"] += 1
            longest = f"{kind}_wait_max_ms"
            total[longest] = max(total[longest], call.wait_ms)
    found: list[str] = []
    # The store makes these anew from its queue calls.
    stale = {(s.site, s.queue, s.window_start): s.version for s in facts.stale}
    for window in facts.windows:
        key = (window.site, window.queue, window.window_start)
        total = sums.pop(key, Counter())
        if stale.get(key, 0) >= window.version:
            continue
        found += [
            f"window {window.queue} {window.window_start}: {column} {getattr(window, column)}, "
            f"but {total[column]} over its queue calls"
            for column in _SUMS
            if getattr(window, column) != total[column]
        ]
        for kind in _WAITED:
            waits = getattr(window, f"{kind}_waits")
            ours = {f"{kind}_at_{second}": count for second, count in waits.items()}
            theirs = {k: v for k, v in total.items() if k.startswith(f"{kind}_at_")}
            if ours != theirs:
                found.append(f"window {window.queue}: {kind}_waits {waits}, not {theirs}")
    return found + [f"no window for {key}" for key in sums if key not in stale]


def _overlaps(states: Sequence[AgentState]) -> list[str]:
    found: list[str] = []
    by_agent: dict[str, list[AgentState]] = defaultdict(list)
    for state in states:
        by_agent[state.agent_key].append(state)
    for agent, rows in by_agent.items():
        rows.sort(key=lambda state: state.started_at)
        for one, other in itertools.pairwise(rows):
            if one.ended_at is None or one.ended_at > other.started_at:
                found.append(f"{agent}: {one.state} and {other.state} overlap")
            elif one.ended_at < other.started_at:
                found.append(f"{agent}: no state from {one.ended_at} to {other.started_at}")
    return found


def _negatives(facts: Facts) -> list[str]:
    found: list[str] = []
    for call in facts.calls:
        durations = (call.wait_ms or 0, call.talk_ms, call.hold_ms, call.wrap_up_ms)
        moments = (call.answered_at, call.ended_at)
        if min(durations) < 0 or any(m is not None and m < call.entered_at for m in moments):
            found.append(f"{call.call_id}: a negative duration {durations}")
    # An agent may be added and removed within a millisecond.
    rows: list[AgentState | AgentMembership] = [*facts.states, *facts.memberships]
    return found + [
        f"{row.agent_name}: {type(row).__name__} ends before its start"
        for row in rows
        if row.ended_at is not None and row.ended_at < row.started_at
    ]
