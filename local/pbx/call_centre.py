"""A call centre that plays itself: the same seed gives the same day, event by event.

No socket and no clock: time is what the agenda says. `generate` yields what Asterisk would send,
for whoever folds a call centre as fast as possible; the server (`local/pbx/server.py`) runs the
same `CallCentre` along the wall clock.
"""

from collections.abc import Iterator

from local.pbx import arrivals, lists, offers, phones, shifts
from local.pbx.dialect import DIALECTS, Dialect
from local.pbx.floor import Floor, Said
from local.pbx.plan import CallCentrePlan, default_plan
from local.pbx.truth import Truth

COLLECTOR_CLASSES = frozenset(("system", "call", "agent", "reporting"))
"""What the collector's AMI user may read."""

_SETTLED_AFTER_MS = 60_000
"""Then a client has no reason to wait for more."""


class CallCentre:
    """One simulated site."""

    def __init__(
        self,
        seed: int,
        start_ms: int,
        plan: CallCentrePlan | None = None,
        *,
        dialect: Dialect = DIALECTS["18"],
        site: str = "pbx-01",
        closes_at: int | None = None,
    ) -> None:
        """Opens at `start_ms`; after `closes_at` nobody calls any more (None: never closes)."""
        self.floor = Floor(plan or default_plan(), dialect, site, f"{seed} {site}", start_ms)
        self.opened_at = start_ms
        self.closes_at = closes_at
        shifts.open_floor(self.floor)
        arrivals.plan_arrivals(self.floor, closes_at)
        phones.write_states(self.floor)

    @property
    def truth(self) -> Truth:
        """What really happened so far."""
        return self.floor.truth

    @property
    def is_over(self) -> bool:
        """Whether it is closed and every call that came in is over."""
        floor = self.floor
        return (
            self.closes_at is not None
            and floor.now >= self.closes_at
            and not floor.callers_in_progress
            and not floor.outbound_in_progress
            and all(agent.wrap_up_call is None for agent in floor.agents)
        )

    def next_at(self) -> int | None:
        """When something happens next, in milliseconds since the epoch."""
        return self.floor.next_at()

    def pass_time(self, moment: int) -> None:
        """Nothing happens up to `moment`, or up to what is due before."""
        due = self.next_at()
        moment = moment if due is None else min(moment, due)
        self.floor.now = max(self.floor.now, moment)

    def run_next(self) -> list[Said]:
        """Lets the next thing happen; what Asterisk says of it, of all classes."""
        floor = self.floor
        floor.run_next()
        if floor.is_dispatch_due:
            offers.dispatch(floor)
        if floor.touched:
            phones.write_states(floor)
        return floor.take_said()


class Day:
    """A generated day: iterate for the packets, then read `truth`."""

    def __init__(self, centre: CallCentre, classes: frozenset[str]) -> None:
        """What a client that may read `classes` hears of `centre`."""
        self._centre = centre
        self._classes = classes

    @property
    def truth(self) -> Truth:
        """What really happened; complete when the iteration is."""
        return self._centre.truth

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """`(ms since the epoch, packet)` in order: login, the day, a list after the last call."""
        centre = self._centre
        start = centre.floor.now
        for data in lists.login_dialogue(centre.floor):
            yield start, data
        while not centre.is_over:
            for said in centre.run_next():
                if said.privilege in self._classes:
                    yield said.at, said.data
        yield centre.floor.now + _SETTLED_AFTER_MS, lists.queue_status(centre.floor, "final-1")


def generate(
    seed: int,
    start_ms: int,
    duration_s: float,
    *,
    plan: CallCentrePlan | None = None,
    dialect: Dialect = DIALECTS["18"],
    site: str = "pbx-01",
    classes: frozenset[str] = COLLECTOR_CLASSES,
) -> Day:
    """A call centre that takes calls for `duration_s` seconds and then sees them to their end.

    The first packets are those of a login and the list answers that a collector asks for.
    """
    closes_at = start_ms + round(duration_s * 1000)
    centre = CallCentre(seed, start_ms, plan, dialect=dialect, site=site, closes_at=closes_at)
    return Day(centre, classes)
