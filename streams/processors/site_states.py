"""The states of the sites of our partitions: held in memory, loaded from their records when needed.

The stored records are a cache that can be read again at any time; what is held here beyond them is
lost without harm, because the messages that made it are folded again.
"""

from collections.abc import Mapping

import msgspec

from ingest_api.contract.published import PublishedBatch
from streams.domain.facts import Fact
from streams.domain.site_state import SiteState, decode_state, encode_state, new_site_state
from streams.errors import StateRecordError
from streams.processors.ports import SiteFold
from streams.processors.site_record import (
    NOTHING,
    RecordPlace,
    encode_record,
    record_place,
    record_state,
)


class Taken(msgspec.Struct, frozen=True):
    """A batch that was folded, or skipped for a reason, since the site's last record."""

    batch: PublishedBatch
    skipped_for: str = ""


class HeldSite(msgspec.Struct):
    """One site in memory: its state after the message at `offset` of `partition`.

    `base` is the encoded state of the last cut (empty: a new site), `taken` what came since: enough
    to make the state again after a fold broke it.
    """

    partition: int
    offset: int
    state: SiteState
    base: bytes
    taken: list[Taken] = []


class SiteStates:
    """All sites by key (`tenant/site`)."""

    def __init__(self, records: Mapping[bytes, bytes], fold: SiteFold) -> None:
        """`records` are the stored state records; read whenever a site is met first."""
        self._records = records
        self._fold = fold
        self._held: dict[bytes, HeldSite] = {}
        self._log = b""

    def __len__(self) -> int:
        """How many sites are held."""
        return len(self._held)

    def forget(self) -> None:
        """Drop everything that is not in the records."""
        self._held.clear()

    def read_from(self, log: bytes) -> None:
        """From now on offsets are those of this source log."""
        self._log = log

    def hold(self, key: bytes, partition: int, batch: PublishedBatch) -> HeldSite:
        """The site of this key, whose batch just came in this partition.

        A site without a record of this partition starts empty. Raises StateRecordError.
        """
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = self._load(key, partition, batch)
        return held

    def apply(self, held: HeldSite, batch: PublishedBatch) -> list[Fact]:
        """Fold the batch; the facts it made. Raises whatever the fold raises, state unchanged."""
        try:
            facts = self._fold.fold_batch(held.state, batch)
        except Exception:
            self._restore(held, batch)
            raise
        held.taken.append(Taken(batch))
        return facts

    def skip(self, held: HeldSite, batch: PublishedBatch, reason: str) -> list[Fact]:
        """Advance over a batch that cannot be folded; the coverage gap it leaves."""
        facts = self._fold.skip_batch(held.state, batch, reason)
        held.taken.append(Taken(batch, reason))
        return facts

    def cut(self, keys: set[bytes], floors: Mapping[int, int]) -> dict[bytes, bytes]:
        """Records of these sites as they are now; `floors` is the floor of each partition."""
        records = {}
        for key in keys:
            held = self._held[key]
            held.base = encode_state(held.state)
            held.taken = []
            floor = floors[held.partition]
            place = RecordPlace(self._log, held.partition, held.offset, floor)
            records[key] = encode_record(place, held.base)
        return records

    def _load(self, key: bytes, partition: int, batch: PublishedBatch) -> HeldSite:
        data = self._records.get(key)
        if data is not None:
            place = record_place(data)
            if place.partition == partition:
                state = record_state(data)
                offset = place.offset if place.log == self._log else NOTHING
                return HeldSite(partition, offset, _decode(state), state)
        return HeldSite(partition, NOTHING, new_site_state(batch.tenant, batch.site), b"")

    def _restore(self, held: HeldSite, batch: PublishedBatch) -> None:
        """Make the state again as it was before the batch that broke it."""
        fresh = new_site_state(batch.tenant, batch.site)
        held.state = _decode(held.base) if held.base else fresh
        for taken in held.taken:
            if taken.skipped_for:
                self._fold.skip_batch(held.state, taken.batch, taken.skipped_for)
            else:
                self._fold.fold_batch(held.state, taken.batch)


def _decode(state: bytes) -> SiteState:
    try:
        return decode_state(state)
    except (msgspec.DecodeError, ValueError) as error:
        raise StateRecordError(f"a stored site state cannot be read: {error}") from error
