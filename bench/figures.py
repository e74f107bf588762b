"""What a run of the bench comes to: figures, each beside a baseline of the same run."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple


class Goal(NamedTuple):
    """A limit that the project has set itself (docs/bench.md)."""

    kind: Literal["at least", "at most"]
    limit: float

    def is_met(self, value: float) -> bool:
        """Whether the value is on the right side of the limit, or on it."""
        return value >= self.limit if self.kind == "at least" else value <= self.limit

    def __str__(self) -> str:
        """As it stands in the table."""
        return f"{'≥' if self.kind == 'at least' else '≤'} {_short(self.limit)}"


class Baseline(NamedTuple):
    """What the figure is compared with, and what that came to in the same unit."""

    name: str
    value: float


class Figure(NamedTuple):
    """One measured value. Without a goal it is there to be compared from run to run."""

    name: str
    unit: str
    value: float
    baseline: Baseline | None = None
    goal: Goal | None = None

    @property
    def ratio(self) -> float | None:
        """The value by its baseline; None without one, or if that is nothing."""
        if self.baseline is None or not self.baseline.value:
            return None
        return self.value / self.baseline.value

    @property
    def is_met(self) -> bool | None:
        """None without a goal."""
        return None if self.goal is None else self.goal.is_met(self.value)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "figure": self.name,
            "unit": self.unit,
            "value": self.value,
            "baseline": self.baseline and self.baseline.name,
            "baseline_value": self.baseline and self.baseline.value,
            "ratio": None if self.ratio is None else round(self.ratio, 3),
            "goal": self.goal and str(self.goal),
            "is_met": self.is_met,
        }


_HEAD = ("figure", "unit", "value", "baseline", "its value", "ratio", "goal", "met")
_RIGHT = frozenset(("value", "its value", "ratio", "goal"))


def table(figures: Sequence[Figure]) -> list[str]:
    """The figures as lines of text under a head, in columns as wide as they need to be."""
    rows = [_HEAD, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return [
        "  ".join(
            cell.rjust(width) if name in _RIGHT else cell.ljust(width)
            for cell, width, name in zip(row, widths, _HEAD, strict=True)
        ).rstrip()
        for row in rows
    ]


def _cells(figure: Figure) -> tuple[str, ...]:
    baseline, ratio = figure.baseline, figure.ratio
    return (
        figure.name,
        figure.unit,
        _short(figure.value),
        "" if baseline is None else baseline.name,
        "" if baseline is None else _short(baseline.value),
        "" if ratio is None else f"{ratio:.3g}",
        "" if figure.goal is None else str(figure.goal),
        {None: "", True: "yes", False: "NO"}[figure.is_met],
    )


def _short(value: float) -> str:
    """Three digits that count, and thousands apart."""
    if abs(value) >= 100:  # noqa: PLR2004
        return f"{value:,.0f}"
    return f"{value:.3g}"


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which that share (0..1) of the values lies; raises ValueError without any."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
