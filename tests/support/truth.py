"""Compares final facts with what Asterisk itself logged, and says every difference in words.

The truth is `expected.yaml` of a scenario, which was derived from `queue_log` alone: whole seconds,
truncated. So moments may differ by a second, waits by one, talk (with hold) by two. Whatever the
truth does not know (a visit, an agent's ring) is a difference too.

What is compared: every visit (queue, outcome, wait, talk and hold, agent, who ended it, transfer,
missed offers, moments); totals of each queue from the window rows; each agent's transitions; the
state each agent was in between them; and what must hold of any facts (`inconsistencies`).
"""

from collections import Counter
from typing import Any

from streams.domain.facts import QueueCall
from tests.support.batches import Facts
from tests.support.captures import Scenario
from tests.support.consistency import OUTCOMES, inconsistencies
from tests.support.sight import Sight
from tests.support.truth_of_agents import MOMENT_MS, compare_agents

WAIT_MS = 1_000
TALK_MS = 2_000

_OUTCOME_OF = {
    "answered": "answered",
    "abandoned": "abandoned",
    "timeout": "timed_out",
    "exitkey": "exited_by_key",
    "exitempty": "left_empty",
    "withdrawn": "withdrawn",
    "open": "unknown",
}
_TRANSFERS = {"blindtransfer": "blind", "attendedtransfer": "attended"}


def differences(scenario: Scenario, facts: Facts, *, has_log: bool = False) -> list[str]:
    """How the facts differ from the truth; empty if they do not.

    `has_log`: queue_log was read back after each gap, so that nothing was out of sight.
    """
    return [
        *course_differences(scenario, facts, has_log=has_log),
        *_compare_totals(scenario.expected, facts, Sight(scenario, has_log=has_log)),
        *inconsistencies(facts),
    ]


def course_differences(
    scenario: Scenario, facts: Facts, *, has_log: bool = False, speed: float | None = None
) -> list[str]:
    """As `differences`, but only of what happened to each caller and agent, not of the sums.

    `speed`: how many times as fast as it was recorded the scenario was played, if it was.
    """
    sight = Sight(scenario, has_log=has_log, speed=speed)
    found = _compare_calls(scenario.expected, facts.calls, sight)
    return found + compare_agents(scenario.expected, facts, sight)


# --- Calls ---------------------------------------------------------------------------------------


def expected_outcome(truth: dict[str, Any], call: dict[str, Any]) -> str:
    """Our word for how a visit ended.

    Asterisk logs ABANDON for a caller who was redirected while waiting: for us that one was
    transferred away (docs/differences.md).
    """
    if call["outcome"] == "abandoned":
        for step in truth["script"]:
            is_within = call["entered"] <= step["t"] <= call["left"] + 1
            if step["do"] == "Redirect" and is_within and abs(step["t"] - call["left"]) < 1.5:
                return "transferred_away"
    return _OUTCOME_OF[call["outcome"]]


def _compare_calls(truth: dict[str, Any], calls: list[QueueCall], sight: Sight) -> list[str]:
    found: list[str] = []
    rest = list(calls)
    for expected in truth["calls"]:
        visits = [
            c for c in rest if (c.uniqueid, c.queue) == (expected["uniqueid"], expected["queue"])
        ]
        visits.sort(key=lambda c: abs(c.entered_at - expected["entered"] * 1000))
        if not visits:
            if not _is_out_of_sight(expected, sight):
                found.append(f"{_name(expected)}: no such visit")
            continue
        rest.remove(visits[0])
        found += [
            f"{_name(expected)}: {text}"
            for text in _compare_call(truth, expected, visits[0], sight)
        ]
    found += [
        f"{c.call_id} in {c.queue}: the truth knows no such visit ({c.outcome})" for c in rest
    ]
    return found


def _name(call: dict[str, Any]) -> str:
    return f"{call['uniqueid']} in {call['queue']}"


def _is_out_of_sight(call: dict[str, Any], sight: Sight) -> bool:
    """Came and went between two connections."""
    marks = ("entered_while_disconnected", "left_while_disconnected")
    return not sight.has_log and all(call.get(mark) for mark in marks)


def _compare_call(
    truth: dict[str, Any], expected: dict[str, Any], call: QueueCall, sight: Sight
) -> list[str]:
    was_seen_entering = sight.has_heard_join(expected)
    was_seen_leaving = not expected.get("left_while_disconnected")
    was_seen_connecting = sight.is_seen(expected.get("connected", 0) * 1000)
    is_exact = was_seen_entering and was_seen_leaving and was_seen_connecting
    found: list[str] = []
    through_gap = sight.through_gap(expected)
    if (through_gap or not is_exact) and not call.is_estimated:
        found.append("could not be seen whole but is not marked estimated")
    if is_exact and through_gap is False and call.is_estimated:
        found.append("was seen whole but is marked estimated")
    outcome = expected_outcome(truth, expected)
    if not was_seen_leaving and not sight.has_log:
        return found + _compare_unseen_end(expected, call)
    if call.outcome != outcome:
        return [*found, f"outcome {call.outcome}, not {outcome}"]
    if call.status != "ended" and outcome != "unknown":
        found.append(f"status {call.status}")
    if outcome == "unknown":
        return found
    slack = sight.clock_ms if is_exact else max(sight.clock_ms, 1_000)
    found += _near("entered_at", call.entered_at, expected["entered"] * 1000, MOMENT_MS, slack)
    found += _near("ended_at", call.ended_at, expected["left"] * 1000, MOMENT_MS, slack)
    found += _near("wait_ms", call.wait_ms, expected["wait_s"] * 1000, WAIT_MS, slack)
    # A line break in the caller's number cuts the position off the line of the log.
    position = expected["position"]
    if was_seen_entering and position is not None and call.position_at_entry != position:
        found.append(f"position {call.position_at_entry}, not {position}")
    missed = _missed_offers(truth, expected, sight)
    if call.missed_offers not in missed:
        found.append(f"missed offers {call.missed_offers}, not {missed}")
    return found + _compare_talk(expected, call, slack)


def _compare_talk(expected: dict[str, Any], call: QueueCall, slack: int) -> list[str]:
    if call.outcome != "answered":
        blank = (call.answered_at, call.talk_ms, call.hold_ms, call.agent_key, call.ended_by)
        return [] if blank == (None, 0, 0, "", "") else [f"talk without an answer: {blank}"]
    found = _near("answered_at", call.answered_at, expected["connected"] * 1000, MOMENT_MS, slack)
    talk = call.talk_ms + call.hold_ms
    found += _near("talk and hold", talk, expected["talk_s"] * 1000, TALK_MS, 0)
    if call.agent_name != expected["agent"]:
        found.append(f"agent {call.agent_name!r}, not {expected['agent']!r}")
    if call.ended_by != expected["ended_by"]:
        found.append(f"ended by {call.ended_by!r}, not {expected['ended_by']!r}")
    transfer = _TRANSFERS.get(expected.get("transfer", ""), "")
    if transfer and call.transfer != transfer:
        found.append(f"transfer {call.transfer}, not {transfer}")
    return found


def _compare_unseen_end(expected: dict[str, Any], call: QueueCall) -> list[str]:
    """Nobody told us how it went on: what is known stays, and nothing is guessed."""
    if expected["outcome"] == "answered" and call.outcome == "answered":
        found = [] if call.ended_by == "unknown" else [f"ended by {call.ended_by!r}, a guess"]
        found += _near("answered_at", call.answered_at, expected["connected"] * 1000, MOMENT_MS, 0)
        return found + _near("ended_at", call.ended_at, expected["left"] * 1000, MOMENT_MS, 1_000)
    return [] if call.outcome == "unknown" else [f"outcome {call.outcome}, a guess"]


def _missed_offers(truth: dict[str, Any], call: dict[str, Any], sight: Sight) -> set[int]:
    """How many offers the visit's agents missed; those in a gap may be known or not."""
    seen = unseen = 0
    for agent in truth["agents"]:
        for step in agent["transitions"]:
            is_missed = step.get("after") == "ringnoanswer" and step["call"] == call["uniqueid"]
            if is_missed and step["queue"] == call["queue"] and _is_during(step["t"], call):
                if sight.is_seen(int(step["t"] * 1000)):
                    seen += 1
                else:
                    unseen += 1
    return set(range(seen, seen + unseen + 1))


def _is_during(moment: float, call: dict[str, Any]) -> bool:
    return bool(call["entered"] - 1 <= moment <= call.get("connected", call["left"]) + 1)


def _near(what: str, ours: int | None, truth: int, tolerance: int, slack: int) -> list[str]:
    if ours is None:
        return [f"{what} is missing, not {truth / 1000:.3f}"]
    # The truth is truncated: 5 stands for anything from 5.000 to 5.999 at either end.
    if abs(ours - truth) <= tolerance + slack:
        return []
    return [f"{what} {ours / 1000:.3f}, not {truth / 1000:.3f}"]


# --- Totals --------------------------------------------------------------------------------------


def _compare_totals(truth: dict[str, Any], facts: Facts, sight: Sight) -> list[str]:
    """Counts per queue from the window rows, for the visits whose whole course was in sight."""
    found: list[str] = []
    limit_s = truth["servicelevel_s"]
    for queue, expected in truth["queue_totals"].items():
        calls = [call for call in truth["calls"] if call["queue"] == queue]
        windows = [window for window in facts.windows if window.queue == queue]
        if len(calls) != expected["offered"]:
            found.append(f"{queue}: the truth contradicts itself")
        if any(call.get("left_while_disconnected") for call in calls) and not sight.has_log:
            continue
        outcomes = Counter(expected_outcome(truth, call) for call in calls)
        for outcome in OUTCOMES:
            ours = sum(getattr(window, outcome) for window in windows)
            if ours != outcomes[outcome]:
                found.append(f"{queue}: {ours} {outcome}, not {outcomes[outcome]}")
        within = sum(
            count
            for window in windows
            for second, count in window.answered_waits.items()
            if second <= limit_s
        )
        near_limit = any(
            call["outcome"] == "answered" and abs(call["wait_s"] - limit_s) <= 1 for call in calls
        )
        if abs(within - expected["answered_within_sl"]) > near_limit:
            found.append(f"{queue}: {within} answered within, not {expected['answered_within_sl']}")
        answered = expected["answered"]
        waited = sum(window.answered_wait_ms for window in windows)
        talked = sum(window.talk_ms + window.hold_ms for window in windows)
        found += _near(
            f"{queue}: wait of answered",
            waited,
            expected["sum_wait_answered_s"] * 1000,
            WAIT_MS * answered,
            0,
        )
        found += _near(
            f"{queue}: talk", talked, expected["sum_talk_s"] * 1000, TALK_MS * answered, 0
        )
    return found
