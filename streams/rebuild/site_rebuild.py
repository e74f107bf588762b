"""The rebuild of one site: find a start, fold into the staging tables, settle the real ones."""

from collections.abc import Callable, Iterator

import msgspec
from clickhouse_connect.driver.client import Client

from streams.domain.facts import Fact, QueueWindow, SiteStatus, StaleWindow
from streams.errors import RebuildError
from streams.processors.ports import SiteFold
from streams.rebuild.raw_events import Place, RawEvents
from streams.rebuild.refold import Broken, Refold, SpoiltStateError
from streams.rebuild.settling import Range, Settled, Settler, moment_column
from streams.rebuild.staging import REBUILT_TYPES, Staging
from streams.rebuild.start import StartFinder

STAGED_AT_ONCE = 20_000
"""Facts, superseded ones included, that are held in memory before they are staged."""


class SiteReport(msgspec.Struct, frozen=True):
    """What became of one site. `events` were folded, of them `broken` batches in vain."""

    site: str
    events: int
    broken: list[Broken]
    tables: dict[str, Settled]


class SiteRebuild:
    """Rebuilds one site of a tenant."""

    def __init__(
        self, client: Client, staging: Staging, tenant: str, site: str, fold: SiteFold
    ) -> None:
        """`staging` may hold rows of another site; they are removed. `fold` is today's."""
        self._client = client
        self._staging = staging
        self._tenant = tenant
        self._site = site
        self._fold = fold
        self._events = RawEvents(client, tenant, site)
        self._moments = {fact_type: moment_column(fact_type) for fact_type in REBUILT_TYPES}
        self._moments[StaleWindow] = "window_start"

    def run(
        self, since: int, progress: Callable[[int, int], None], *, is_dry_run: bool
    ) -> SiteReport:
        """Fold everything up to the newest stored event; settle rows at or after `since`.

        `since` is the start of a window. `progress` is told the events folded so far and how many
        there are. Raises RebuildError if `since` cannot be reached or no event is stored,
        msgspec.DecodeError if a stored batch is none, and what clickhouse-connect raises.
        """
        end = self._events.end()
        if end is None:
            raise RebuildError("no events of the site are stored")
        finder = StartFinder(self._client, self._events, self._tenant, self._site)
        spoiling: dict[Place, str] = {}
        while True:
            start = finder.find(since)
            refold = Refold(start.state, self._fold, spoiling)
            self._staging.clear()
            try:
                folding = Folding(self._events, refold, start.place, end)
                stale = self._stage(folding, since, progress)
            except SpoiltStateError as spoilt:
                spoiling[spoilt.place] = spoilt.reason
            else:
                break
        asked = Range(self._tenant, self._site, since, start.place, refold.place)
        settler = Settler(self._client, self._staging.database, asked, is_dry_run=is_dry_run)
        tables = self._settle(settler, stale)
        return SiteReport(self._site, folding.folded, refold.broken, tables)

    def _stage(
        self, folding: "Folding", since: int, progress: Callable[[int, int], None]
    ) -> list[StaleWindow]:
        """Fold into the staging tables; the windows that have to be summed anew."""
        facts: list[Fact] = []
        stale: dict[tuple[str, int], StaleWindow] = {}
        for made in folding:
            for fact in made:
                if type(fact) is SiteStatus or getattr(fact, self._moments[type(fact)]) < since:
                    continue
                if type(fact) is StaleWindow:
                    stale[fact.queue, fact.window_start] = fact
                else:
                    facts.append(fact)
            if len(facts) >= STAGED_AT_ONCE:
                folding.check()
                self._staging.add(facts)
                facts.clear()
            progress(folding.folded, folding.amount)
        folding.check()
        self._staging.add(facts)
        return list(stale.values())

    def _settle(self, settler: Settler, stale: list[StaleWindow]) -> dict[str, Settled]:
        """Queue calls first: what is summed anew is summed over them."""
        tables = {}
        for fact_type in REBUILT_TYPES:
            if fact_type is QueueWindow:
                self._staging.recount(stale)
            tables[fact_type.TABLE] = settler.settle(fact_type)
        settler.settle_copies()
        return tables


class Folding:
    """All batches of the rebuild through the fold; iterate over it once, for their facts."""

    def __init__(self, events: RawEvents, refold: Refold, start: Place, end: Place) -> None:
        """`amount` events after `start` up to `end` will be folded, `folded` of them were."""
        self.amount = events.amount(start) - events.amount(end)
        self.folded = 0
        self.check = refold.check
        self._rows = events.rows(start, end)
        self._refold = refold

    def __iter__(self) -> Iterator[list[Fact]]:
        """The facts of each batch. Raises what `Refold.apply` raises."""
        for row in self._rows:
            facts = self._refold.apply(row)
            self.folded += row.last_sequence - row.first_sequence + 1
            yield facts
