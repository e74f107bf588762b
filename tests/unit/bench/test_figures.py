"""What the bench says of a value: its ratio to the baseline, and whether the goal is met."""

import pytest

from bench.figures import Baseline, Figure, Goal, quantile, table


@pytest.mark.parametrize(
    ("goal", "value", "is_met"),
    [
        (Goal("at least", 100), 100, True),
        (Goal("at least", 100), 99.9, False),
        (Goal("at most", 0.4), 0.4, True),
        (Goal("at most", 0.4), 0.41, False),
    ],
)
def test_a_goal_is_met_on_its_limit(goal: Goal, value: float, *, is_met: bool) -> None:
    assert Figure("x", "s", value, goal=goal).is_met is is_met


def test_without_goal_or_baseline_nothing_is_claimed() -> None:
    figure = Figure("x", "s", 1)
    assert (figure.is_met, figure.ratio) == (None, None)
    assert Figure("x", "s", 1, Baseline("nothing", 0)).ratio is None


def test_the_table_has_a_line_for_each_figure_under_its_head() -> None:
    figures = [
        Figure("rows", "rows/s", 12_345.6, Baseline("row by row", 100), Goal("at least", 10_000)),
        Figure("latency", "s", 0.4567),
    ]
    assert table(figures) == [
        "figure   unit     value  baseline    its value  ratio      goal  met",
        "rows     rows/s  12,346  row by row        100    123  ≥ 10,000  yes",
        "latency  s        0.457",
    ]


def test_a_quantile_is_one_of_the_values() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert (quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1)) == (51, 100, 100)
    with pytest.raises(ValueError, match="nothing was measured"):
        quantile([], 0.5)
