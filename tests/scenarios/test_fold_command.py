"""`python -m local fold` tells of every recorded story what Asterisk itself logged.

By the command's own functions, from files on disk. A capture ends where it ends: no heartbeat comes
after it, unlike in the other tests.
"""

from pathlib import Path

import pytest

from agent.redaction import Redaction
from local.fold import capture_events, fold_events, read_capture
from tests.support.batches import SITE, TENANT, Facts, batches_of, by_table, fold
from tests.support.captures import Scenario, events_of, scenario, scenarios
from tests.support.truth import differences

ALL = scenarios()
RECONNECTED = [story for story in ALL if len(story.connections) > 1]


def _name(story: Scenario) -> str:
    return story.name


def _facts(directory: Path, *, has_log: bool = False) -> Facts:
    events = capture_events(
        read_capture(directory),
        Redaction("full", b"made-up tenant key"),
        queue_log=directory / "queue_log" if has_log else None,
    )
    return by_table(fold_events(events, TENANT, SITE))


@pytest.mark.parametrize("story", ALL, ids=_name)
def test_facts_are_what_asterisk_logged(story: Scenario, tmp_path: Path) -> None:
    assert differences(story, _facts(story.unpack(tmp_path / "capture"))) == []


@pytest.mark.parametrize("story", RECONNECTED, ids=_name)
def test_queue_log_fills_the_gap(story: Scenario, tmp_path: Path) -> None:
    facts = _facts(story.unpack(tmp_path / "capture"), has_log=True)
    assert differences(story, facts, has_log=True) == []


@pytest.mark.parametrize("has_log", [False, True], ids=["without-log", "with-log"])
@pytest.mark.parametrize("story", RECONNECTED, ids=_name)
def test_queue_calls_are_those_of_the_collector(
    story: Scenario, tmp_path: Path, *, has_log: bool
) -> None:
    log = story.read("queue_log") if has_log else b""
    live = events_of(story.connections, log=log, mode="full")
    printed = _facts(story.unpack(tmp_path / "capture"), has_log=has_log)
    assert [_course(call) for call in printed.calls] == [
        _course(call) for call in by_table(fold(batches_of(live))).calls
    ]


def _course(call: object) -> tuple[object, ...]:
    columns = ("queue", "call_id", "outcome", "wait_ms", "talk_ms", "hold_ms", "agent_name")
    return tuple(getattr(call, column) for column in (*columns, "ended_by", "is_estimated"))


@pytest.mark.parametrize(
    ("name", "outcome"), [("13.38.3/e_timeout", "timed_out"), ("22.10.1/c_abandon", "abandoned")]
)
def test_a_capture_that_ends_in_mid_air_guesses_nothing(
    name: str, outcome: str, tmp_path: Path
) -> None:
    """Silence after the end would make a transfer of some of these cuts."""
    directory = scenario(name).unpack(tmp_path / "capture")
    index = directory / "capture.idx.jsonl"
    lines = index.read_text().splitlines(keepends=True)
    seen = set()
    for end in range(1, len(lines)):
        index.write_text("".join(lines[:end]))
        seen |= {call.outcome for call in _facts(directory).calls}
    assert seen == {"open", outcome}
