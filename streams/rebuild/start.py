"""From where a site can be folded anew: a stored state, or the very first event of the site."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
from clickhouse_connect.driver.client import Client

from ingest_api.contract.published import decode_batch
from streams.domain.facts import FACT_TYPES, SiteStatus
from streams.domain.interval import WINDOW_MS, window_start
from streams.domain.site_state import SiteState, decode_state, new_site_state
from streams.domain.version import PLACE_MASK, place_of
from streams.errors import RebuildError
from streams.interpreter import first_named
from streams.rebuild.moments import moment_text
from streams.rebuild.raw_events import Place, RawEvents
from streams.site_batches import Continuity, continuity

_PLACES = """
SELECT generation, sequence FROM callcentre.site_snapshots FINAL
WHERE tenant_id = {tenant:String} AND site = {site:String}
ORDER BY generation, sequence
"""

_STATE = """
SELECT state FROM callcentre.site_snapshots FINAL
WHERE tenant_id = {tenant:String} AND site = {site:String}
    AND generation = {generation:UInt32} AND sequence = {sequence:UInt64}
"""

_BEGINNING = Place(0, 0)


class Start(NamedTuple):
    """A state, and the event after which it stands."""

    state: SiteState
    place: Place


class StartFinder:
    """Looks for the start of one site. Methods raise what clickhouse-connect raises."""

    def __init__(self, client: Client, events: RawEvents, tenant: str, site: str) -> None:
        """Reads nothing yet."""
        self._client = client
        self._events = events
        self._tenant = tenant
        self._site = site

    def find(self, since: int) -> Start:
        """The latest start from which everything at or after `since` is folded.

        `since` is milliseconds since the epoch. Raises RebuildError, which names the earliest
        moment that can be reached, if stored events or states do not go back so far.
        """
        places = self._snapshot_places()
        for start in self._usable(reversed(places)):
            if start.state.now <= since:
                return start
        if self._is_first_event_kept(places):
            return Start(new_site_state(self._tenant, self._site), _BEGINNING)
        raise RebuildError(self._refusal(since, places))

    def _refusal(self, since: int, places: list[Place]) -> str:
        wanted = moment_text(since)
        for start in self._usable(iter(places)):
            earliest = moment_text(window_start(start.state.now + WINDOW_MS - 1))
            return f"stored events do not reach back to {wanted}; the earliest moment is {earliest}"
        return (
            f"stored events do not reach back to {wanted}, and no state of the site is stored yet "
            "from which they could be folded"
        )

    def _usable(self, places: Iterator[Place]) -> Iterator[Start]:
        """The stored states that this program reads and whose next event is stored as well."""
        for place in places:
            state = self._state_at(place)
            if state is not None and self._is_followed(state, place):
                yield Start(state, place)

    def _snapshot_places(self) -> list[Place]:
        rows = self._client.query(_PLACES, parameters=self._of_site()).result_rows
        return [Place(*row) for row in rows]

    def _state_at(self, place: Place) -> SiteState | None:
        """The state stored there; None if it is of another form."""
        rows = self._client.query(
            _STATE,
            parameters=self._of_site() | place._asdict(),
            column_formats={"state": "bytes"},
        ).result_rows
        try:
            return decode_state(rows[0][0]) if rows else None
        except (msgspec.DecodeError, ValueError):
            return None

    def _is_followed(self, state: SiteState, place: Place) -> bool:
        """Whether no event between the state and the first batch after it is missing.

        Old batches go first; so where the state's own batch is kept, all after it are.
        """
        row = self._events.first(place)
        if row is None or self._events.holds(place):
            return True
        if row.generation != place.generation:
            return False
        return continuity(state, decode_batch(row.payload)) is not Continuity.JUMPED

    def _is_first_event_kept(self, snapshots: list[Place]) -> bool:
        """Whether the site's first event ever is stored: it has number 1, and nothing is older."""
        row = self._events.first(_BEGINNING)
        if row is None or first_named(decode_batch(row.payload).events[0]) != 1:
            return False
        if any(place.generation < row.generation for place in snapshots):
            return False
        return not any(
            self._has_older_rows(fact_type.TABLE, row.generation)
            for fact_type in FACT_TYPES
            if fact_type is not SiteStatus
        )

    def _has_older_rows(self, table: str, generation: int) -> bool:
        query = (
            f"SELECT 1 FROM callcentre.{table} WHERE tenant_id = {{tenant:String}}"  # noqa: S608
            " AND site = {site:String} AND bitAnd(version, {mask:UInt64}) < {place:UInt64} LIMIT 1"
        )
        values = self._of_site() | {"mask": PLACE_MASK, "place": place_of(generation, 0)}
        return bool(self._client.query(query, parameters=values).result_rows)

    def _of_site(self) -> dict[str, object]:
        return {"tenant": self._tenant, "site": self._site}
