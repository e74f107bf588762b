from pathlib import Path

import pytest

from ingest_api.owned_file import replace_owned


def test_nobody_else_may_open_it_whatever_was_there(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    path.write_text("old")
    path.chmod(0o644)
    # Left by a run that was cut short.
    path.with_name("tokens.json.new").write_text("half")
    path.with_name("tokens.json.new").chmod(0o666)
    replace_owned(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        replace_owned(tmp_path / "nowhere" / "tokens.json", b"new")
