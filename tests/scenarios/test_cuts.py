"""Recorded stories of which a part was not heard (tests/scenarios/cuts.py)."""

import functools
import random

import pytest

from tests.scenarios.cuts import Cut, guesses, places_of_lists
from tests.support.batches import batches_of, by_table, fold
from tests.support.captures import Scenario, scenarios
from tests.support.consistency import inconsistencies

CUTS_PER_STORY = 2

WITH_CALLS = [s for s in scenarios() if s.expected["calls"] and len(s.connections) == 1]


def _name(story: Scenario) -> str:
    return story.name


@functools.cache
def _cuts(story: Scenario) -> list[Cut]:
    """A few cuts of the story, the same in every run, each of which a later list follows."""
    choose = random.Random(story.name)
    last_list = places_of_lists(story)[-1]
    first_events = 3
    places = choose.sample(range(first_events, last_list), CUTS_PER_STORY)
    return [
        Cut(story, place, choose.choice([b for b in places_of_lists(story) if b > place]))
        for place in places
    ]


def _found(cut: Cut, *, log: bytes = b"") -> list[str]:
    facts = by_table(fold(batches_of(cut.events(log=log))))
    found = guesses(cut, facts, has_log=bool(log)) + inconsistencies(facts)
    return [f"cut at {cut.first}, back at {cut.back}: {text}" for text in found]


@pytest.mark.parametrize("story", WITH_CALLS, ids=_name)
def test_nothing_is_guessed_when_the_connection_is_lost(story: Scenario) -> None:
    cuts = [Cut(story, cut.first, None) for cut in _cuts(story)]
    assert [text for cut in cuts for text in _found(cut)] == []


@pytest.mark.parametrize("story", WITH_CALLS, ids=_name)
def test_nothing_is_guessed_when_it_is_back(story: Scenario) -> None:
    assert [text for cut in _cuts(story) for text in _found(cut)] == []


@pytest.mark.parametrize("story", WITH_CALLS, ids=_name)
def test_queue_log_tells_what_was_not_heard(story: Scenario) -> None:
    log = story.read("queue_log")
    cuts = [cut for cut in _cuts(story) if cut.is_log_clear]
    assert [text for cut in cuts for text in _found(cut, log=log)] == []


# Places at which a cut once led to a guess, a ghost or a lost call.
AWKWARD = [
    ("22.10.1/a_answered_caller_hangup", 65, 99),  # picked up, not yet connected
    ("16.30.1/e_timeout_v2", 64, None),  # given up, the reason not yet told
    ("18.26.4/g_empty", 80, 94),
    ("16.30.1/l_blind_transfer_v2", 67, 170),  # left, not yet connected
    ("13.38.3/s_names", 100, 328),  # over within the second of the cut
    ("22.10.1/shift_20261", 1404, 5652),
    ("22.10.1/u_race", 408, 727),  # over, who ended it not yet told
    ("22.10.1/b_answered_agent_hangup_v2", 108, 122),
    ("22.10.1/b_answered_agent_hangup_v2", 121, 122),
    ("13.38.3/l_redirect", 23, 148),  # the log's lines out of order
    ("22.10.1/shift_20261", 2561, 5652),  # transferred back into the same queue
    ("16.30.1/s_resync_v2", 55, 111),  # answered before it is known to have entered
]


@pytest.mark.parametrize(("name", "first", "back"), AWKWARD)
@pytest.mark.parametrize("has_log", [False, True], ids=["", "log"])
def test_awkward_moments_for_a_cut(
    name: str, first: int, back: int | None, *, has_log: bool
) -> None:
    (story,) = (s for s in WITH_CALLS if s.name == name)
    cut = Cut(story, first, back)
    log = story.read("queue_log") if has_log and cut.is_log_clear else b""
    assert _found(cut, log=log) == []
