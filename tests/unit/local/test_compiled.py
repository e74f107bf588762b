import shutil
from pathlib import Path

import pytest

from local import compiled
from local.compiled import ROOT, compiled_sources, is_current


def test_rules_and_interpreter_are_compiled_but_for_structs() -> None:
    sources = compiled_sources()

    assert Path("streams/site_batches.py") in sources
    assert Path("streams/interpreter/calls.py") in sources
    assert Path("streams/domain/fold.py") in sources
    assert Path("streams/domain/context.py") in sources
    assert Path("streams/domain/site_state.py") not in sources
    assert Path("streams/domain/events.py") not in sources
    assert Path("streams/domain/facts.py") not in sources
    assert all((ROOT / source).is_file() for source in sources)


def test_a_tree_is_of_the_sources_until_one_is_edited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was made of other sources would be measured as if it were today's."""
    monkeypatch.setattr(compiled, "TREE", tmp_path)
    assert not is_current()
    shutil.copytree(ROOT / "streams", tmp_path / "streams")
    assert is_current()
    rules = tmp_path / "streams" / "domain" / "fold.py"
    rules.write_text(rules.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert not is_current()
