"""Everything that is compared at the end of a run, and what it amounts to."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.chaos.compare import (
    NORMALISED,
    NOT_COMPARED,
    QUARTERS_OVER,
    UNEQUAL_COLUMNS,
    UNEQUAL_IN,
    UNEQUAL_WHILE_LASTING,
    TableResult,
)
from tests.chaos.plan import Plan
from tests.chaos.truth import TruthResult

_SHOWN = 3


@dataclass
class Verdict:
    """What was done, what was compared, and what is wrong: sentences; none means exact."""

    plan: Plan
    kills: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    own_ends: dict[str, list[str]] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    tables: list[TableResult] = field(default_factory=list)
    folded: list[TableResult] = field(default_factory=list)
    truth: TruthResult | None = None
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def is_exact(self) -> bool:
        """Whether nothing is wrong."""
        return (
            not self.problems
            and bool(self.tables)
            and all(table.is_equal for table in (*self.tables, *self.folded))
            and (self.truth is None or not self.truth.wrong)
        )

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "is_exact": self.is_exact,
            "seed": self.plan.seed,
            "broker": self.plan.broker,
            "seconds": round(self.seconds, 1),
            "kills": dict(self.kills),
            "faults": dict(self.faults),
            "ended_by_themselves": {name: len(ends) for name, ends in self.own_ends.items()},
            "events": self.events,
            "tables": {
                table.name: {
                    "rows": table.rows,
                    "missing": table.missing[:_SHOWN],
                    "surplus": table.surplus[:_SHOWN],
                }
                for table in (*self.tables, *self.folded)
            },
            "truth": None if self.truth is None else asdict(self.truth),
            "problems": self.problems,
        }

    def lines(self) -> list[str]:
        """For people."""
        return [
            *_counts(f"Kills (kill -9), {self.kills.total()} in all", self.kills),
            *_counts("Other faults", self.faults),
            *self._own_ends(),
            *_counts("Events", self.events),
            *self._compared("Rows equal to the run without faults", self.tables),
            *self._compared("Rows equal to the fold alone", self.folded),
            *self._truth_lines(),
            *_may_differ(),
            *(f"WRONG: {problem}" for problem in self.problems),
            "",
            f"seed {self.plan.seed}, {self.plan.broker} broker, {self.kills.total()} kills,"
            f" {self.seconds:.0f} s: " + ("EXACT" if self.is_exact else "NOT EXACT"),
        ]

    def _own_ends(self) -> list[str]:
        if not self.own_ends:
            return []
        lines = ["", "Ended without having been killed (and were started again)"]
        for name, ends in self.own_ends.items():
            lines += [f"  {name:<52}{len(ends):>9,}", *(f"    {text}" for text in ends[:_SHOWN])]
        return lines

    def _compared(self, title: str, tables: list[TableResult]) -> list[str]:
        lines = ["", title]
        empty = [table.name for table in tables if not table.rows and table.is_equal]
        for table in tables:
            if table.name in empty:
                continue
            is_equal = "" if table.is_equal else "   DIFFERS"
            lines.append(f"  {table.name:<52}{table.rows:>9,}{is_equal}")
            for what, rows in (("missing", table.missing), ("surplus", table.surplus)):
                if rows:
                    lines.append(f"    {len(rows)} {what}, the first ones:")
                    lines += [f"      {row}" for row in rows[:_SHOWN]]
        return [*lines, f"  empty in both: {', '.join(empty)}"] if empty else lines

    def _truth_lines(self) -> list[str]:
        if self.truth is None:
            return []
        truth = self.truth
        lines = [
            "",
            "Queue calls as the PBXs know they were",
            f"  {'true calls':<52}{truth.calls:>9,}",
            f"  {'of them not seen whole, and said to be so':<52}{truth.unseen_calls:>9,}",
            f"  {'wrong values':<52}{len(truth.wrong):>9,}",
        ]
        return lines + [f"    {one}" for one in truth.wrong[:_SHOWN]]


def _counts(title: str, counts: Any) -> list[str]:
    return ["", title, *(f"  {name:<52}{count:>9,}" for name, count in sorted(counts.items()))]


def _may_differ() -> list[str]:
    tables = [f"table {name}: {reason}" for name, reason in NOT_COMPARED.items()]
    tables += [f"{view}, last quarter: {reason}" for view, reason in QUARTERS_OVER.items()]
    columns = [f"{name}: {reason}" for name, reason in UNEQUAL_COLUMNS.items()]
    columns += [f"{view}.{name}: {reason}" for (view, name), reason in UNEQUAL_IN.items()]
    columns += [
        f"{view}.{name} while it lasts: {reason}"
        for (view, name), reason in UNEQUAL_WHILE_LASTING.items()
    ]
    changed = [f"{name}: {reason}" for name, reason in NORMALISED.items()]
    return [
        *("", "Not compared", *(f"  {line}" for line in (*tables, *columns))),
        *("Compared after a change", *(f"  {line}" for line in changed)),
    ]
