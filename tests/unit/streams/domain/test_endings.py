"""The order of evidence for why a caller left unanswered (docs/kpi.md, "Endings")."""

import pytest

from streams.domain.endings import is_emptied, unanswered_ending
from streams.domain.facts import Outcome
from streams.domain.site_state import Queue, Visit

ENTERED = 1_773_147_600_000
GAVE_UP = ENTERED + 30_000


def visit(**evidence: object) -> Visit:
    made = Visit("1/1", "1", "1", "vendas", ENTERED)
    for name, value in evidence.items():
        setattr(made, name, value)
    return made


def given_up(**evidence: object) -> Visit:
    return visit(gave_up_at=GAVE_UP, **evidence)


@pytest.mark.parametrize(
    ("left", "ending"),
    [
        (given_up(is_requested_before_giving_up=True), "abandoned"),
        (given_up(told_outcome="timed_out", is_requested_before_giving_up=True), "timed_out"),
        (given_up(told_outcome="withdrawn"), "withdrawn"),
        (given_up(is_hangup_requested=True), "timed_out"),
        (given_up(is_hangup_requested=True, is_queue_emptied=True), "left_empty"),
        (given_up(is_hangup_requested=True, hung_up_at=GAVE_UP + 1), "timed_out"),
        (given_up(hung_up_at=GAVE_UP + 50), "abandoned"),
        (given_up(hung_up_at=GAVE_UP + 51), "timed_out"),
        (given_up(is_give_up_marked=True, hung_up_at=GAVE_UP + 3), "abandoned"),
        (given_up(is_give_up_marked=True, hung_up_at=GAVE_UP + 900), "transferred_away"),
    ],
)
def test_evidence_decides_at_once(left: Visit, ending: Outcome) -> None:
    assert unanswered_ending(left, is_due=False) == ending


@pytest.mark.parametrize(
    ("left", "ending"),
    [
        (given_up(), "timed_out"),
        (given_up(is_queue_emptied=True), "left_empty"),
        (given_up(is_give_up_marked=True), "transferred_away"),
        (visit(left_at=GAVE_UP), "exited_by_key"),
        (visit(hung_up_at=GAVE_UP), "abandoned"),
        (visit(missing_since=GAVE_UP), "unknown"),
    ],
)
def test_without_evidence_it_is_decided_only_when_due(left: Visit, ending: Outcome) -> None:
    assert unanswered_ending(left, is_due=False) is None
    assert unanswered_ending(left, is_due=True) == ending


@pytest.mark.parametrize(
    ("emptied_at", "emptied"),
    [
        (GAVE_UP, True),
        (GAVE_UP - 30_000, True),
        (GAVE_UP - 30_001, False),  # emptied long before
        (GAVE_UP + 1, False),  # only after the caller had left
        (None, False),  # somebody still serves the queue
    ],
)
def test_left_empty_needs_the_queue_to_have_lost_its_last_agent_lately(
    emptied_at: int | None, *, emptied: bool
) -> None:
    entered_earlier = visit(entered_at=ENTERED - 60_000)
    assert is_emptied(Queue(empty_since=emptied_at), entered_earlier, GAVE_UP) is emptied


def test_queue_that_was_empty_all_along_let_the_caller_wait() -> None:
    assert not is_emptied(Queue(empty_since=ENTERED - 1), visit(), GAVE_UP)
    assert is_emptied(Queue(empty_since=ENTERED), visit(), GAVE_UP)


def test_queue_nobody_has_told_of_is_not_empty() -> None:
    assert not is_emptied(None, visit(), GAVE_UP)
