from pathlib import Path

from local.compiled import ROOT, compiled_sources


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
