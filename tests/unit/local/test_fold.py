"""The command `python -m local fold`: its arguments, its lines and its exit codes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import local.fold
from local.fold import FACT_NAMES, main
from local.process import ROOT
from streams.domain.facts import FACT_TYPES
from tests.support.captures import scenario

ABANDONED = scenario("22.10.1/c_abandon")
RECONNECTED = scenario("18.26.4/o_reconnect_v2")
WRAPPING_UP = scenario("18.26.4/r_wrapup_ringinuse")


@pytest.fixture
def abandoned(tmp_path: Path) -> Path:
    return ABANDONED.unpack(tmp_path / "abandoned")


def _printed(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[dict[str, Any]]:
    assert main([str(argument) for argument in arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return [json.loads(line) for line in out.splitlines()]


def _refusal(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main([str(argument) for argument in arguments]) == 2
    return capsys.readouterr().err


def test_keys_are_the_columns_of_the_tables(
    abandoned: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = {FACT_NAMES[kind.TABLE]: kind.__struct_fields__ for kind in FACT_TYPES}
    facts = _printed(capsys, abandoned)
    assert {fact["fact"] for fact in facts} >= {"queue_call", "agent_state", "queue_window"}
    for fact in facts:
        assert tuple(fact) == ("fact", *columns[fact["fact"]])


def test_times_are_readable(abandoned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = next(fact for fact in _printed(capsys, abandoned) if fact["fact"] == "queue_call")
    assert call["entered_at"].startswith("2026-11-2")
    assert call["entered_at"].endswith("Z")
    assert call["answered_at"] is None


def test_one_capture_is_of_the_site_pbx(
    abandoned: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = _printed(capsys, abandoned)
    assert {(fact["tenant_id"], fact["site"]) for fact in facts} == {("local", "pbx")}


def test_of_several_captures_the_directory_is_the_site(
    abandoned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = RECONNECTED.unpack(tmp_path / "other")
    facts = _printed(capsys, abandoned, other)
    assert {fact["site"] for fact in facts} == {"abandoned", "other"}
    assert {fact["site"] for fact in _printed(capsys, abandoned, other, "--site", "x")} == {"x"}


def test_captures_that_could_not_be_told_apart_are_refused(
    abandoned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    namesake = RECONNECTED.unpack(tmp_path / "elsewhere" / "abandoned")
    assert "2 of the directories are named abandoned" in _refusal(capsys, abandoned, namesake)


def test_a_file_stands_for_its_directory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = RECONNECTED.unpack(tmp_path / "capture")
    assert _printed(capsys, directory / "capture.2.ami") == _printed(capsys, directory)


def test_the_log_is_read_only_when_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = RECONNECTED.unpack(tmp_path / "capture")
    without, with_log = _printed(capsys, directory), _printed(capsys, directory, "--queue-log")
    assert without != with_log
    (directory / "queue_log").unlink()
    assert _printed(capsys, directory) == without
    assert f"{directory}/queue_log: cannot be read" in _refusal(capsys, directory, "--queue-log")


def test_wrap_up_is_known_by_the_queues_conf_beside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = WRAPPING_UP.unpack(tmp_path / "capture")

    def wrap_ups() -> set[int]:
        facts = _printed(capsys, directory)
        return {fact["wrap_up_ms"] for fact in facts if fact["fact"] == "queue_call"}

    assert wrap_ups() == {0}
    (directory / "queues.conf").write_text("[wrap]\nwrapuptime=4\n")
    assert 4_000 in wrap_ups()


def test_end_of_the_capture_is_the_end_of_sight(
    abandoned: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = _printed(capsys, abandoned)
    (gap,) = (fact for fact in facts if fact["fact"] == "coverage_gap")
    (status,) = (fact for fact in facts if fact["fact"] == "site_status")
    assert (gap["reason"], gap["ended_at"]) == ("ami_lost", None)
    assert gap["started_at"] == status["last_event_at"]
    assert not status["is_ami_connected"]


# --- What is no capture --------------------------------------------------------------------------


def test_a_path_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "none"
    assert _refusal(capsys, path) == f"fold: {path}: no such directory\n"


def test_a_directory_without_a_capture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        _refusal(capsys, tmp_path)
        == f"fold: {tmp_path}: no recorded connection (capture.ami) here\n"
    )


def test_a_capture_without_its_index(abandoned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index = abandoned / "capture.idx.jsonl"
    index.unlink()
    assert _refusal(capsys, abandoned).startswith(f"fold: cannot read {index}: ")


def test_a_capture_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "capture.ami").touch()
    (tmp_path / "capture.idx.jsonl").touch()
    assert "no recorded connection" in _refusal(capsys, tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[]",
        '{"t": 1.5, "o": 10}',
        '{"t": "soon", "o": 10, "n": 1}',
        '{"t": 1e999, "o": 10, "n": 1}',
        '{"t": 1.5, "o": 11, "n": 1}',
        '{"t": 1.5, "o": 10, "n": -1}',
    ],
)
def test_a_wrong_line_of_an_index(
    line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "capture.ami").write_bytes(bytes(20))
    index = tmp_path / "capture.idx.jsonl"
    index.write_text(f'{{"t": 1.5, "o": 0, "n": 10}}\n{line}\n')
    assert _refusal(capsys, tmp_path).startswith(f"fold: {index}:2: ")


def test_an_index_that_is_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "capture.ami").touch()
    (tmp_path / "capture.idx.jsonl").write_bytes(b"\xff\xfe")
    assert "capture.idx.jsonl:1: " in _refusal(capsys, tmp_path)


def test_fewer_bytes_than_the_index_tells_of(
    abandoned: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = abandoned / "capture.ami"
    recording.write_bytes(recording.read_bytes()[:100])
    assert f"{recording}: ends after 100 bytes" in _refusal(capsys, abandoned)


def test_more_bytes_than_the_index_tells_of_are_left_out(
    abandoned: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = _printed(capsys, abandoned)
    with (abandoned / "capture.ami").open("ab") as file:
        file.write(b"Event: Unti")
    assert _printed(capsys, abandoned) == facts


def test_captures_before_a_bad_one_are_printed(
    abandoned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    assert main([str(abandoned), str(bad)]) == 2
    out, err = capsys.readouterr()
    assert '"site": "abandoned"' in out
    assert err == f"fold: {bad}: no recorded connection (capture.ami) here\n"


# --- Terminal and pipe ---------------------------------------------------------------------------


def test_a_large_capture_shows_its_progress_on_a_terminal(
    abandoned: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main([str(abandoned)]) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(local.fold, "LARGE_BYTES", 1)
    assert main([str(abandoned)]) == 0
    told = capsys.readouterr().err.split("\r")
    assert len(told) > 20
    assert told[-1] == "abandoned: 100 % read\n"


def test_help_tells_what_the_end_means(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["--help"])
    assert exit_.value.code == 0
    assert "after the last byte nothing is known" in capsys.readouterr().out


@pytest.mark.system
def test_a_reader_who_has_heard_enough_is_no_error(abandoned: Path) -> None:
    command = [sys.executable, "-m", "local", "fold", str(abandoned)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0
