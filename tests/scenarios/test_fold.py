"""Every recorded call story through collector, interpreter and fold, against Asterisk's own log.

Compared: each visit, each queue's totals, each agent's transitions (tests/support/truth.py). What
may differ is in docs/differences.md.
"""

import functools

import pytest

from tests.support.batches import Facts, batches_of, by_table, fold
from tests.support.captures import Scenario, events_of, scenario, scenarios
from tests.support.truth import differences

ALL = scenarios()
RECONNECTED = [story for story in ALL if len(story.connections) > 1]


def _name(story: Scenario) -> str:
    return story.name


@functools.cache
def _facts(name: str, *, has_log: bool = False) -> Facts:
    story = scenario(name)
    log = story.read("queue_log") if has_log else b""
    return by_table(fold(batches_of(events_of(story.connections, log=log))))


@pytest.mark.parametrize("story", ALL, ids=_name)
def test_facts_are_what_asterisk_logged(story: Scenario) -> None:
    assert differences(story, _facts(story.name)) == []


@pytest.mark.parametrize("story", RECONNECTED, ids=_name)
def test_queue_log_fills_the_gap_between_two_connections(story: Scenario) -> None:
    assert differences(story, _facts(story.name, has_log=True), has_log=True) == []


@pytest.mark.parametrize("story", RECONNECTED, ids=_name)
def test_the_time_between_two_logins_is_a_coverage_gap(story: Scenario) -> None:
    before = story.connections[0]
    _, login = (e for e in events_of(story.connections) if e.name == "ami_connected")
    gaps = [gap for gap in _facts(story.name).gaps if gap.reason == "ami_lost"]
    assert [(gap.started_at, gap.ended_at) for gap in gaps] == [(before.last_ms, login.at_ms)]


def test_there_are_all_the_stories() -> None:
    """Guards the parametrisation above: an empty folder would pass everything."""
    assert len(ALL) == 111
    assert len(RECONNECTED) == 6
    assert sum(len(story.expected["calls"]) for story in ALL) == 397
