"""The demo's last word: what was counted, beside the truth, and what the parts used."""

import time
from collections import Counter
from dataclasses import asdict, replace
from typing import Any

from local.comparison import Difference, differences
from local.process import ChildFailedError
from local.stack import TENANT, Stack
from local.usage import Usage
from local.watch import Look

_SETTLED_WITHIN_S = 60.0
_ASK_EVERY_S = 1.0


class Verdict:
    """What is not as the simulator knows it was, of how many queue calls."""

    def __init__(self, offered: int, found: list[Difference]) -> None:
        """`found` may hold what nobody could see."""
        self.offered = offered
        self.wrong = [one for one in found if not one.is_unseen]
        self.unseen = [one for one in found if one.is_unseen]

    @property
    def exit_code(self) -> int:
        """1 if something is wrong; what could not be seen, and is told so, is not."""
        return 1 if self.wrong else 0

    def as_dict(self) -> dict[str, Any]:
        """For JSON; `not_seen` as `differences`."""
        return {
            "offered": self.offered,
            "differences": [asdict(one) for one in self.wrong],
            "not_seen": [asdict(one) for one in self.unseen],
        }

    def lines(self) -> list[str]:
        """For people."""
        unseen_calls = len({(one.site, one.queue, one.uniqueid) for one in self.unseen})
        seen = "" if not unseen_calls else f", or tells that it was not seen ({unseen_calls} calls)"
        if not self.wrong:
            head = f"Each of {self.offered} queue calls is in ClickHouse as the simulator knows it"
            return [f"{head} was{seen}.", *_unseen_lines(self.unseen)]
        return [
            f"Of {self.offered} queue calls this is not as the simulator knows it was{seen}:",
            *(f"  {_place(one)} {one.name}: {one.found}, truly {one.true}" for one in self.wrong),
            *_unseen_lines(self.unseen),
        ]


def judge(stack: Stack, look: Look) -> Verdict:
    """Compares with the truth, once facts and truth agree or had time enough to.

    Raises ChildFailedError if either is not told, or as `Stack.look` does.
    """
    try:
        truths = {name: each.ask_truth("truth") for name, each in stack.tenants.items()}
    except OSError as error:
        raise ChildFailedError(f"the simulated PBXs do not tell the truth: {error}") from error
    deadline = time.monotonic() + _SETTLED_WITHIN_S
    verdict = None
    while True:
        before, verdict = verdict, _compared(stack, truths)
        is_late = time.monotonic() > deadline
        if verdict is not None and (is_late or _is_settled(before, verdict)):
            return verdict
        if is_late:
            raise ChildFailedError("ClickHouse does not answer, so there is nothing to compare")
        look.at_children()
        time.sleep(_ASK_EVERY_S)


def parts(used: dict[str, Usage], deaths: dict[str, int]) -> list[dict[str, Any]]:
    """What each part used, and how often it died, for JSON and the table."""
    return [
        {
            "part": name,
            "peak_rss_mib": round(usage.peak_rss_mib),
            "last_rss_mib": round(usage.rss_mib),
            "cpu_s": round(usage.cpu_s, 1),
            "deaths": deaths.get(name, 0),
        }
        for name, usage in used.items()
    ]


def parts_table(rows: list[dict[str, Any]]) -> list[str]:
    """The parts as lines for people; none if nothing is known of them."""
    if not rows:
        return []
    return [
        f"{'part':<26} {'peak MiB':>9} {'last MiB':>9} {'CPU s':>8} {'died':>5}",
        *(
            f"{row['part']:<26} {row['peak_rss_mib']:>9} {row['last_rss_mib']:>9} "
            f"{row['cpu_s']:>8} {row['deaths']:>5}"
            for row in rows
        ),
    ]


def _compared(stack: Stack, truths: dict[str, Any]) -> Verdict | None:
    """Of all customers; sites of others than the first are told with the customer's name."""
    offered = 0
    found: list[Difference] = []
    try:
        for tenant, truth in truths.items():
            totals = [queue for site in truth["sites"] for queue in site["totals"].values()]
            offered += sum(queue["offered"] for queue in totals)
            found += [
                one if tenant == TENANT else replace(one, site=f"{tenant}/{one.site}")
                for one in differences(stack.clickhouse_url, tenant, truth)
            ]
    except OSError:
        return None  # it may have died just now, and is started again
    return Verdict(offered, found)


def _is_settled(before: Verdict | None, now: Verdict) -> bool:
    """What was not seen is believed when it stays so: a row may be on its way."""
    if now.wrong:
        return False
    return not now.unseen or (before is not None and before.unseen == now.unseen)


def _unseen_lines(unseen: list[Difference]) -> list[str]:
    counts = Counter((one.site, one.name) for one in unseen)
    return [f"  {site} {name}: not seen, {count} times" for (site, name), count in counts.items()]


def _place(one: Difference) -> str:
    return f"{one.site} {one.queue} {one.uniqueid}".rstrip()
