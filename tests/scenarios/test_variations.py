"""The recorded stories as other servers and manager users would have let them be heard.

Whatever is left out, added or late, a queue call is right as long as its evidence is there
(docs/kpi.md, "Endings"). What needs the `dialplan` class to be known is in docs/differences.md.
"""

import functools
from collections.abc import Callable

import pytest

from agent.event import Event
from tests.scenarios.variations import (
    DIALS,
    REQUESTS,
    Variation,
    bare_completes,
    late,
    twice,
    with_timestamps,
    without,
    without_timestamps,
)
from tests.support.batches import Facts, batches_of, by_table, fold
from tests.support.captures import Connection, Scenario, events_of, scenario, scenarios
from tests.support.truth import differences

WITHDRAWN = ("18.26.4/x_misc", "22.10.1/x_misc")
REDIRECTED = ("16.30.1/l_redirect_v2",)
LONG = "22.10.1/shift_20261"
SHORT = [story for story in scenarios() if story.name != LONG]
KNOWABLE = [s for s in SHORT if s.name not in WITHDRAWN + REDIRECTED]
SOME = SHORT[::3]

_REPEATED = (
    *("QueueCallerLeave", "QueueCallerAbandon", "AgentCalled", "AgentConnect", "AgentComplete"),
    *("Hangup", "Hold", "Unhold", "BlindTransfer", "AttendedTransfer"),
    *("QueueMemberAdded", "QueueMemberPause", "QueueMemberStatus"),
)


@functools.cache
def _events(story: Scenario) -> list[Event]:
    return events_of(story.connections)


def _facts(story: Scenario, *variations: Variation) -> Facts:
    events = _events(story)
    for vary in variations:
        events = vary(events)
    return by_table(fold(batches_of(events)))


def _all_differences(stories: list[Scenario], *variations: Variation) -> dict[str, list[str]]:
    found = {s.name: differences(s, _facts(s, *variations)) for s in stories}
    return {name: texts for name, texts in found.items() if texts}


@pytest.mark.parametrize(
    "vary",
    [
        without(*DIALS),
        without("QueueMemberStatus"),
        bare_completes,
        twice(*_REPEATED),
        late(200, "QueueMemberStatus"),
        late(30, "AgentComplete"),
    ],
    ids=[
        "no-dials",
        "no-device-states",
        "bare-completes",
        "said-twice",
        "late-device-states",
        "late-completes",
    ],
)
def test_another_server_gives_the_same_facts(vary: Variation) -> None:
    assert _all_differences(SOME, vary) == {}


@pytest.mark.parametrize("vary", [with_timestamps, without_timestamps])
def test_either_clock_gives_the_same_facts(vary: Callable[[Connection], Connection]) -> None:
    found = {}
    for story in SOME[::2]:
        events = events_of(tuple(vary(connection) for connection in story.connections))
        found[story.name] = differences(story, by_table(fold(batches_of(events))))
    assert {name: texts for name, texts in found.items() if texts} == {}


@pytest.mark.parametrize(
    "variations",
    [(without("VarSet"),), (without(*REQUESTS),), (without("VarSet"), without(*REQUESTS))],
    ids=["no-dialplan", "no-requests", "neither"],
)
def test_endings_are_known_by_what_evidence_there_is(variations: tuple[Variation, ...]) -> None:
    assert _all_differences(KNOWABLE, *variations) == {}


def test_shift_is_right_without_the_requests() -> None:
    assert differences(scenario(LONG), _facts(scenario(LONG), without(*REQUESTS))) == []


@pytest.mark.parametrize("name", WITHDRAWN)
def test_withdrawal_counts_as_timed_out_where_the_dialplan_is_not_readable(name: str) -> None:
    story = scenario(name)
    (withdrawn,) = (c for c in story.expected["calls"] if c["outcome"] == "withdrawn")
    facts = _facts(story, without("VarSet"))
    assert facts.call(withdrawn["uniqueid"]).outcome == "timed_out"


@pytest.mark.parametrize("name", REDIRECTED)
def test_redirected_caller_counts_as_timed_out_where_the_dialplan_is_not_readable(
    name: str,
) -> None:
    story = scenario(name)
    (call,) = story.expected["calls"]
    assert _facts(story).call(call["uniqueid"]).outcome == "transferred_away"
    assert _facts(story, without("VarSet")).call(call["uniqueid"]).outcome == "timed_out"


def test_transfer_nobody_tells_of_changes_only_what_it_is_called() -> None:
    """AgentComplete says that there was one, if not always."""
    found = _all_differences(SOME, without("BlindTransfer", "AttendedTransfer"))
    assert all("transfer none" in text for texts in found.values() for text in texts)


def test_offers_nobody_tells_of_leave_the_queue_calls_as_they_are() -> None:
    """`eventwhencalled = no` on old servers: rings are not seen, everything else is."""
    found = _all_differences(SOME, without("AgentCalled"))
    rest = [t for texts in found.values() for t in texts if "ring" not in t]
    assert rest == []
