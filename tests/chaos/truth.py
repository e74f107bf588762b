"""The stored queue calls against what the simulated PBXs know to be true.

A call that the collector could see from its entry to its end must be as it was. What a killed
collector could not see lies in a coverage gap and must say so: `unknown`, estimated, or not there.
"""

from dataclasses import dataclass, field
from typing import Any

from local.comparison import Difference, differences
from tests.chaos.plan import TENANT


@dataclass
class TruthResult:
    """How many true queue calls there were, and how the stored ones differ."""

    calls: int
    unseen_calls: int
    """Calls that differ where nobody could see, and say so."""
    wrong: list[Difference] = field(default_factory=list)


def compare_with_truth(clickhouse_url: str, truth: Any) -> TruthResult:
    """Every call of every live site; `truth` is what the PBXs answer to `GET /truth`."""
    found = differences(clickhouse_url, TENANT, truth)
    return TruthResult(
        calls=sum(len(site["calls"]) for site in truth["sites"]),
        unseen_calls=len({one.uniqueid for one in found if one.is_unseen}),
        wrong=[one for one in found if not one.is_unseen],
    )
