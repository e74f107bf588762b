"""The order of evidence for why a caller left unanswered (docs/kpi.md, "Endings")."""

import pytest

from streams.domain.endings import unanswered_ending
from streams.domain.facts import Outcome
from streams.domain.site_state import Queue, SiteState, Visit, new_site_state

ENTERED = 1_773_147_600_000
GAVE_UP = ENTERED + 30_000


def site(emptied_at: int | None = None) -> SiteState:
    state = new_site_state("acme", "pbx-01")
    state.now = GAVE_UP
    state.queues["vendas"] = Queue(empty_since=emptied_at)
    return state


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
        (given_up(is_hangup_requested=True, hung_up_at=GAVE_UP + 1), "timed_out"),
        (given_up(hung_up_at=GAVE_UP + 50), "abandoned"),
        (given_up(hung_up_at=GAVE_UP + 51), "timed_out"),
        (given_up(is_give_up_marked=True, hung_up_at=GAVE_UP + 3), "abandoned"),
        (given_up(is_give_up_marked=True, hung_up_at=GAVE_UP + 900), "transferred_away"),
    ],
)
def test_evidence_decides_at_once(left: Visit, ending: Outcome) -> None:
    assert unanswered_ending(site(), left, is_due=False) == ending


@pytest.mark.parametrize(
    ("left", "ending"),
    [
        (given_up(), "timed_out"),
        (given_up(is_give_up_marked=True), "transferred_away"),
        (visit(left_at=GAVE_UP), "exited_by_key"),
        (visit(hung_up_at=GAVE_UP), "abandoned"),
        (visit(missing_since=GAVE_UP), "unknown"),
    ],
)
def test_without_evidence_it_is_decided_only_when_due(left: Visit, ending: Outcome) -> None:
    assert unanswered_ending(site(), left, is_due=False) is None
    assert unanswered_ending(site(), left, is_due=True) == ending


@pytest.mark.parametrize(
    ("emptied_at", "ending"),
    [
        (GAVE_UP - 1_000, "left_empty"),
        (None, "timed_out"),  # somebody still serves the queue
        (ENTERED - 1, "timed_out"),  # nobody did all along, and the caller was let wait
        (GAVE_UP - 30_001, "timed_out"),  # emptied long before
    ],
)
def test_left_empty_needs_the_queue_to_have_lost_its_last_agent(
    emptied_at: int | None, ending: Outcome
) -> None:
    entered_earlier = given_up()
    entered_earlier.entered_at = ENTERED - 60_000 if emptied_at != ENTERED - 1 else ENTERED
    assert unanswered_ending(site(emptied_at), entered_earlier, is_due=True) == ending
