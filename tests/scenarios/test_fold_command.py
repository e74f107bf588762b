"""`python -m local fold` prints the facts that the rest of the tests compare."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local.process import ROOT
from tests.support.batches import batches_of, by_table, fold
from tests.support.captures import events_of, scenario

pytestmark = pytest.mark.integration

COLUMNS = (
    "queue",
    "uniqueid",
    "outcome",
    "wait_ms",
    "talk_ms",
    "hold_ms",
    "agent_name",
    "ended_by",
)


def _printed(*arguments: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "local", "fold", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("has_log", [False, True], ids=["without-log", "with-log"])
def test_command_prints_the_same_queue_calls(tmp_path: Path, *, has_log: bool) -> None:
    story = scenario("18.26.4/o_reconnect_v2")
    folder = story.unpack(tmp_path / "capture")
    printed = _printed(str(folder), *(["--queue-log"] if has_log else []))
    log = story.read("queue_log") if has_log else b""
    facts = by_table(fold(batches_of(events_of(story.connections, log=log))))
    assert sorted(
        tuple(fact[column] for column in COLUMNS)
        for fact in printed
        if fact["fact"] == "queue_call"
    ) == sorted(tuple(getattr(call, column) for column in COLUMNS) for call in facts.calls)
    assert {fact["fact"] for fact in printed} >= {"queue_call", "agent_state", "queue_window"}
