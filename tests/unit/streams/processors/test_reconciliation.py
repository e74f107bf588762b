"""Windows against their queue calls: what counts, and what costs one look only."""

from collections.abc import Sequence

from prometheus_client import REGISTRY

from streams.processors.reconciliation import BACK_MS, Reconciliation
from streams.storage.errors import StorageRefusedError, StorageUnavailableError
from streams.storage.rows import WindowDifference

NOW_S = 1_773_147_600.0

Answer = Sequence[WindowDifference] | Exception


def difference(stored: str = "(1)", queue: str = "support") -> WindowDifference:
    return WindowDifference("acme", queue, 1_773_147_600_000, "pbx-01", "voice", stored, "(2)")


class Looks:
    """Gives these answers, one a look."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[int, int]] = []

    def __call__(self, since: int, until: int, limit: int) -> Sequence[WindowDifference]:
        self.asked.append((since, until))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer[:limit]


def counted(*answers: Answer) -> list[float]:
    """The number of differences after each look."""
    reconciliation = Reconciliation(Looks(*answers), lambda: NOW_S)
    found = []
    for _ in answers:
        reconciliation.compare()
        found.append(value("streams_window_differences"))
    return found


def value(name: str, **labels: str) -> float:
    found = REGISTRY.get_sample_value(name, labels)
    assert found is not None
    return found


def test_windows_that_equal_their_calls_are_no_differences() -> None:
    assert counted([], []) == [0, 0]
    assert value("streams_reconciled_timestamp_seconds") == NOW_S


def test_a_difference_counts_when_it_is_found_the_same_twice() -> None:
    other = difference(queue="sales")
    assert counted([difference()], [difference(), other], [difference(), other]) == [0, 1, 2]


def test_a_difference_that_changes_is_a_window_being_written() -> None:
    assert counted([difference("(1)")], [difference("(3)")], []) == [0, 0, 0]


def test_a_difference_that_is_mended_does_not_count_any_more() -> None:
    assert counted([difference()], [difference()], []) == [0, 1, 0]


def test_a_clickhouse_that_is_away_costs_one_look() -> None:
    before = value_of_skipped("away"), value_of_skipped("refused")
    away, refused = StorageUnavailableError("away"), StorageRefusedError("no")
    assert counted([difference()], away, [difference()], refused) == [0, 0, 1, 1]
    assert (value_of_skipped("away"), value_of_skipped("refused")) == (before[0] + 1, before[1] + 1)


def value_of_skipped(reason: str) -> float:
    return REGISTRY.get_sample_value("streams_reconcile_skipped_total", {"reason": reason}) or 0


def test_the_last_48_hours_are_looked_at() -> None:
    looks = Looks([])
    Reconciliation(looks, lambda: NOW_S).compare()
    ((since, until),) = looks.asked
    assert since == NOW_S * 1000 - BACK_MS
    assert until > NOW_S * 1000


def test_who_does_not_compare_any_more_shows_nothing() -> None:
    reconciliation = Reconciliation(Looks([difference()], [difference()]), lambda: NOW_S)
    reconciliation.compare()
    reconciliation.compare()
    reconciliation.leave()
    assert value("streams_window_differences") == 0
    assert value("streams_reconciled_timestamp_seconds") == 0
