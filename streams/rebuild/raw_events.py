"""The raw batches of one site as they are stored, in the order in which the live path applied them.

Read in pages of bounded size, so that neither end holds more than some megabytes of them.
"""

from collections.abc import Iterator
from typing import NamedTuple

from clickhouse_connect.driver.client import Client

PAGE_BYTES = 8 * 1024 * 1024
PAGE_MOST_ROWS = 2_000
KEYS_AT_ONCE = 20_000

_OF_SITE = """
FROM callcentre.event_batches FINAL
WHERE tenant_id = {tenant:String} AND site = {site:String}
"""

_AFTER = """(
    generation > {generation:UInt32}
    OR (generation = {generation:UInt32} AND last_sequence > {sequence:UInt64})
)"""

_KEYS = f"""
SELECT generation, first_sequence, last_sequence {_OF_SITE} AND {_AFTER}
ORDER BY generation, first_sequence LIMIT {{limit:UInt32}}
"""

_PAGE = f"""
SELECT generation, first_sequence, last_sequence, spool, payload {_OF_SITE}
    AND generation = {{generation:UInt32}}
    AND first_sequence BETWEEN {{first:UInt64}} AND {{last:UInt64}}
ORDER BY first_sequence
"""

_EXTENT = f"""
SELECT generation, max(last_sequence) {_OF_SITE}
GROUP BY generation ORDER BY generation DESC LIMIT 1
"""

_AMOUNT = f"SELECT sum(last_sequence - first_sequence + 1) {_OF_SITE} AND {_AFTER}"


class Place(NamedTuple):
    """An event's place among those of its site. (0, 0) is before the first."""

    generation: int
    sequence: int


class RawRow(NamedTuple):
    """A stored batch and which of its events the live path applied (`RawBatch`)."""

    generation: int
    first_sequence: int
    last_sequence: int
    spool: str
    payload: bytes


class RawEvents:
    """The raw batches of one site. Every method raises what clickhouse-connect raises."""

    def __init__(self, client: Client, tenant: str, site: str) -> None:
        """Reads nothing yet."""
        self._client = client
        self._site = {"tenant": tenant, "site": site}

    def end(self) -> Place | None:
        """The newest event that is stored; None if there is none."""
        rows = self._client.query(_EXTENT, parameters=self._site).result_rows
        return Place(*rows[0]) if rows else None

    def amount(self, after: Place) -> int:
        """How many events are stored after this one."""
        rows = self._client.query(_AMOUNT, parameters=self._site | after._asdict()).result_rows
        return int(rows[0][0])

    def first(self, after: Place) -> RawRow | None:
        """The first batch with an event after this one."""
        for generation, first, _ in self._keys(after, 1):
            return self._page(generation, first, first)[0]
        return None

    def holds(self, place: Place) -> bool:
        """Whether the batch with this event is stored."""
        row = self.first(place._replace(sequence=place.sequence - 1))
        return (
            row is not None
            and row.generation == place.generation
            and row.first_sequence <= place.sequence
        )

    def rows(self, after: Place, until: Place) -> Iterator[RawRow]:
        """The batches with events after `after`, up to that with `until`, in order."""
        rows_at_once = 16
        while keys := self._keys(after, KEYS_AT_ONCE):
            place = 0
            while place < len(keys):
                page = [
                    key for key in keys[place : place + rows_at_once] if key[0] == keys[place][0]
                ]
                found = self._page(page[0][0], page[0][1], page[-1][1])
                size = 0
                for row in found:
                    if (row.generation, row.first_sequence) > until:
                        return
                    size += len(row.payload)
                    yield row
                place += len(page)
                mean = max(1, size // max(1, len(found)))
                rows_at_once = max(1, min(PAGE_MOST_ROWS, PAGE_BYTES // mean))
            after = Place(keys[-1][0], keys[-1][2])

    def _keys(self, after: Place, limit: int) -> list[tuple[int, int, int]]:
        values = self._site | after._asdict() | {"limit": limit}
        rows = self._client.query(_KEYS, parameters=values).result_rows
        return [(generation, first, last) for generation, first, last in rows]

    def _page(self, generation: int, first: int, last: int) -> list[RawRow]:
        rows = self._client.query(
            _PAGE,
            parameters=self._site | {"generation": generation, "first": first, "last": last},
            column_formats={"payload": "bytes"},
        ).result_rows
        return [RawRow(*row) for row in rows]
