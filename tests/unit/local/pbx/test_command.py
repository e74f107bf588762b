"""A day in files, and arguments."""

import json
from pathlib import Path

import pytest

from agent.redaction import Redaction
from local.fold import capture_events, fold_events, read_capture
from local.pbx.command import main, write_day
from streams.domain.facts import QueueCall


def test_a_written_day_folds_to_the_truth_beside_it(tmp_path: Path) -> None:
    write_day(tmp_path, seed=5, duration_s=300, asterisk="22")
    truth = json.loads((tmp_path / "truth.json").read_text())
    events = capture_events(read_capture(tmp_path), Redaction("full", b"made-up tenant key"))
    calls = [fact for fact in fold_events(events, "demo", "pbx-01") if isinstance(fact, QueueCall)]

    assert len(calls) > 10
    found = sorted((c.uniqueid, c.queue, c.outcome, c.wait_ms, c.talk_ms) for c in calls)
    assert found == sorted(
        (c["uniqueid"], c["queue"], c["outcome"], c["wait_ms"], c["talk_ms"])
        for c in truth["calls"]
    )


def test_a_capture_that_is_not_there_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--capture", str(tmp_path)]) == 2
    assert (
        capsys.readouterr().err == f"pbx: {tmp_path}: no recorded connection (capture.ami) here\n"
    )
