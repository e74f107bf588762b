"""Writing the boards: what is fresh stays, what is not is told and mended."""

from pathlib import Path

import pytest

from grafana import files
from grafana.__main__ import main
from grafana.files import stale, write
from grafana.language import Language, language_of


def test_writing_twice_changes_nothing(tmp_path: Path) -> None:
    made = write(tmp_path)
    assert len(made) == 12
    assert write(tmp_path) == []


def test_a_changed_a_missing_and_a_left_over_file_are_told_and_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tuple(files.generated())  # once for the four uses below
    monkeypatch.setattr(files, "generated", lambda: iter(made))
    write(tmp_path)
    changed, missing = tmp_path / "en" / "cc-now.json", tmp_path / "pt-BR" / "cc-queues.json"
    left_over = tmp_path / "pt-BR" / "cc-of-last-year.json"
    changed.write_text("{}")
    missing.unlink()
    left_over.write_text("{}")
    assert stale(tmp_path) == sorted([changed, missing, left_over])
    assert write(tmp_path) == sorted([changed, missing, left_over])
    assert stale(tmp_path) == []
    assert not left_over.exists()


def test_the_command_says_that_the_committed_files_are_fresh(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--check"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("tag", "language"),
    [("pt-BR", Language.PORTUGUESE), ("en-US", Language.ENGLISH), ("en", Language.ENGLISH)],
)
def test_a_language_of_the_registry_is_one_of_the_boards(tag: str, language: Language) -> None:
    assert language_of(tag) is language


def test_a_language_no_board_speaks_is_refused() -> None:
    with pytest.raises(ValueError, match="'tlh'"):
        language_of("tlh")
