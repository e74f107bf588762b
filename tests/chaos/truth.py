"""The stored queue calls against what the simulated PBXs know to be true.

A call that the collector could see from its entry to its end must be as it was. What a killed
collector could not see lies in a coverage gap and must say so: `unknown`, estimated, or not there.

One kind is counted apart. Of a call whose entry, answer and end were all seen, but which lasted
through a gap, the facts hold what was seen: an offer missed within the gap is not among
`missed_offers`, and a hold that ended in it counts on, so that talk and hold are right in sum only.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from clickhouse_connect.driver.client import Client

from local.comparison import Difference, differences
from tests.chaos.plan import TENANT

_MARGIN_MS = 1_000
_SUM_MARGIN_MS = 2_000
_FOREVER = 1 << 62

CallKey = tuple[str, str, str]
"""Site, queue, uniqueid."""


class Span(NamedTuple):
    """From a moment to another, milliseconds since the epoch."""

    start: int
    end: int

    def meets(self, other: "Span") -> bool:
        """Whether they have a moment in common, give or take a second."""
        return self.start <= other.end + _MARGIN_MS and other.start <= self.end + _MARGIN_MS


@dataclass
class TruthResult:
    """How many true queue calls there were, and how the stored ones differ."""

    calls: int
    unseen_calls: int
    """Calls that differ where nobody could see, and say so."""
    holed_calls: int
    """Calls seen at both ends that lack what happened to them within a gap."""
    wrong: list[Difference] = field(default_factory=list)


def compare_with_truth(client: Client, clickhouse_url: str, truth: Any) -> TruthResult:
    """Every call of every live site; `truth` is what the PBXs answer to `GET /truth`."""
    found = differences(clickhouse_url, TENANT, truth)
    by_call: defaultdict[CallKey, list[Difference]] = defaultdict(list)
    for one in found:
        if one.uniqueid and not one.is_unseen:
            by_call[one.site, one.queue, one.uniqueid].append(one)
    gaps, spans = _gaps(client), _spans(truth)
    holed = {
        key
        for key, ones in by_call.items()
        if lacks_what_fell_into_a_gap(ones, spans[key], gaps[key[0]])
    }
    holed_queues = {key[:2] for key in holed}
    return TruthResult(
        calls=sum(len(site["calls"]) for site in truth["sites"]),
        unseen_calls=len({one.uniqueid for one in found if one.is_unseen}),
        holed_calls=len(holed),
        wrong=[
            one
            for one in found
            if not one.is_unseen
            and (one.site, one.queue, one.uniqueid) not in holed
            and not (_is_sum(one) and (one.site, one.queue) in holed_queues)
        ],
    )


def lacks_what_fell_into_a_gap(
    ones: Iterable[Difference], spans: Iterable[Span], gaps: Iterable[Span]
) -> bool:
    """Whether these differences of one call are offers and holds within a gap, and nothing else."""
    if not any(gap.meets(span) for gap in gaps for span in spans):
        return False
    off_by_ms = 0
    for one in ones:
        true, stored = one.true, one.found
        if not isinstance(true, int) or not isinstance(stored, int):
            return False
        if one.name in ("talk_ms", "hold_ms"):
            off_by_ms += stored - true
        elif one.name != "missed_offers" or stored > true:
            return False
    return abs(off_by_ms) <= _SUM_MARGIN_MS


def _is_sum(one: Difference) -> bool:
    return not one.uniqueid and one.name in ("talk_ms", "hold_ms")


def _spans(truth: Any) -> defaultdict[CallKey, list[Span]]:
    found: defaultdict[CallKey, list[Span]] = defaultdict(list)
    for site in truth["sites"]:
        for call in site["calls"]:
            span = Span(call["entered_at"], call["ended_at"] or _FOREVER)
            found[site["site"], call["queue"], call["uniqueid"]].append(span)
    return found


def _gaps(client: Client) -> defaultdict[str, list[Span]]:
    rows = client.query(
        "SELECT site, started_at, ended_at FROM callcentre.v_coverage_gaps",
        query_formats={"DateTime64": "int"},
    ).result_rows
    found: defaultdict[str, list[Span]] = defaultdict(list)
    for site, start, end in rows:
        found[site].append(Span(start, _FOREVER if end is None else end))
    return found
