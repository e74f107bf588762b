"""The comparison row for row: one value that differs in one row must show."""

import re

import pytest

from streams.domain.version import version_of
from streams.storage.schema_files import SCHEMA_DIRECTORY
from tests.chaos import compare
from tests.chaos.compare import compare_rows, row_text
from tests.chaos.versions import generation_of, sequence_of

RANKS = {("pbx-01", 120_968): 1, ("pbx-01", 120_969): 2}
LATER = {("pbx-01", 120_971): 1, ("pbx-01", 120_972): 2}
ROW = {
    "site": "pbx-01",
    "queue": "support",
    "offered": 3,
    "answered_waits": {2: 1, 0: 2},
    "last_received_at": 1_795_581_254_898,
    "version": version_of(120_968, 77),
}


def text(**changes: object) -> str:
    return row_text("queue_windows", ROW | changes, RANKS)


def test_equal_rows_are_equal_in_any_order() -> None:
    rows = [text(queue=queue) for queue in ("a", "b", "c")]
    assert compare_rows("queue_windows", rows, reversed(rows)).is_equal


def test_one_value_that_differs_shows_both_rows() -> None:
    result = compare_rows("queue_windows", [text(), text(offered=4)], [text(), text(offered=5)])
    assert not result.is_equal
    assert result.missing == [text(offered=5)]
    assert result.surplus == [text(offered=4)]


def test_a_row_that_is_missing_or_there_twice_shows() -> None:
    assert compare_rows("queue_windows", [], [text()]).missing == [text()]
    assert compare_rows("queue_windows", [text(), text()], [text()]).surplus == [text()]


@pytest.mark.parametrize(
    "changes",
    [
        {"offered": 4},
        {"answered_waits": {2: 2, 0: 2}},
        {"version": version_of(120_968, 78)},
        {"version": version_of(120_969, 77)},
        {"queue": "Support"},
    ],
)
def test_every_column_counts(changes: dict[str, object]) -> None:
    assert text(**changes) != text()


def test_when_it_was_received_does_not_count() -> None:
    assert text(last_received_at=1) == text()


def test_how_long_a_state_lasted_counts_once_it_is_over() -> None:
    def state(ended_at: int | None, state_ms: int) -> str:
        row = {"site": "pbx-01", "ended_at": ended_at, "state_ms": state_ms}
        return row_text("v_agent_states", row, RANKS)

    assert state(None, 1) == state(None, 2)
    assert state(5, 1) != state(5, 2)


def test_generations_count_by_their_order_not_by_the_hour() -> None:
    first = text(version=version_of(120_969, 5))
    second = row_text("queue_windows", ROW | {"version": version_of(120_972, 5)}, LATER)
    assert first == second


def test_maps_are_compared_by_key() -> None:
    assert text(answered_waits={0: 2, 2: 1}) == text()


def test_a_version_is_taken_apart_as_the_fold_puts_it_together() -> None:
    version = version_of(120_968, 77)
    assert (generation_of(version), sequence_of(version)) == (120_968, 77)


def test_nothing_is_excused_that_is_not_there() -> None:
    """An exception that outlives what it was made for would excuse the next thing of its name."""
    schema = (SCHEMA_DIRECTORY / "current.sql").read_text()
    made = re.findall(r"CREATE (?:TABLE|VIEW) callcentre\.(\w+)\n\((.*?)\n\)", schema, re.DOTALL)
    columns = {name: set(re.findall(r"^    `(\w+)`", body, re.MULTILINE)) for name, body in made}
    assert columns.keys() >= compare.NOT_COMPARED.keys() | compare.QUARTERS_OVER.keys()
    for name, column in (*compare.UNEQUAL_IN, *compare.UNEQUAL_WHILE_LASTING):
        assert column in columns[name]
    assert set().union(*columns.values()) >= compare.UNEQUAL_COLUMNS.keys()
