"""The comparison with the truth sees what it is there to see: each wrong value is a difference."""

from collections.abc import Callable

import msgspec
import pytest

from streams.domain.facts import AgentState, QueueCall
from tests.support.batches import Facts, batches_of, by_table, fold
from tests.support.captures import events_of, scenario
from tests.support.truth import differences

STORY = "22.10.1/h_ring_no_answer"


def _facts() -> Facts:
    return by_table(fold(batches_of(events_of(scenario(STORY).connections))))


def _change(**columns: object) -> Callable[[Facts], None]:
    def change(facts: Facts) -> None:
        facts.calls[0] = msgspec.structs.replace(facts.calls[0], **columns)

    return change


def _shift(column: str, by_ms: int) -> Callable[[Facts], None]:
    def change(facts: Facts) -> None:
        call: QueueCall = facts.calls[0]
        moved = {column: getattr(call, column) + by_ms}
        facts.calls[0] = msgspec.structs.replace(call, **moved)

    return change


def _drop_ring(facts: Facts) -> None:
    facts.states = [s for s in facts.states if s.offer_result != "missed"]


def _pause_everybody(facts: Facts) -> None:
    def paused(state: AgentState) -> AgentState:
        is_idle = state.state == "available"
        return msgspec.structs.replace(state, state="paused") if is_idle else state

    facts.states = [paused(state) for state in facts.states]


def _lose_windows(facts: Facts) -> None:
    facts.windows = []


def _lose_calls(facts: Facts) -> None:
    facts.calls = []


def _count_twice(facts: Facts) -> None:
    facts.calls.append(msgspec.structs.replace(facts.calls[0], call_id="ghost/1"))


def _forget_memberships(facts: Facts) -> None:
    facts.memberships = []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (_change(outcome="abandoned"), "outcome abandoned, not answered"),
        (_change(queue="sales"), "no such visit"),
        (_change(agent_name="Zilda"), "agent 'Zilda'"),
        (_change(ended_by="transfer"), "ended by 'transfer'"),
        (_change(missed_offers=0), "missed offers 0"),
        (_change(position_at_entry=2), "position 2"),
        (_change(is_estimated=True), "marked estimated"),
        (_change(status="talking"), "status talking"),
        (_shift("wait_ms", 2_100), "wait_ms"),
        (_shift("talk_ms", 3_100), "talk and hold"),
        (_shift("answered_at", 2_100), "answered_at"),
        (_shift("ended_at", -2_100), "ended_at"),
        (_drop_ring, "ringnoanswer"),
        (_pause_everybody, "['paused']"),
        (_forget_memberships, "added support"),
        (_lose_windows, "0 answered, not 1"),
        (_lose_calls, "no such visit"),
        (_count_twice, "the truth knows no such visit"),
    ],
)
def test_wrong_facts_are_noticed(wrong: Callable[[Facts], None], said: str) -> None:
    facts = _facts()
    wrong(facts)
    found = differences(scenario(STORY), facts)
    assert any(said in text for text in found), found


def test_right_facts_have_no_difference() -> None:
    assert differences(scenario(STORY), _facts()) == []
