"""The files of tests that begin first are there: a name that is none would change nothing."""

from pathlib import Path

from tests.conftest import LONGEST_FIRST

TESTS = Path(__file__).parents[1]


def test_each_file_that_begins_early_is_there_once() -> None:
    found = [path.name for path in TESTS.rglob("test_*.py")]
    assert {name: found.count(name) for name in LONGEST_FIRST} == dict.fromkeys(LONGEST_FIRST, 1)
