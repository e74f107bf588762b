"""The states of the sites of our partitions: held in memory, loaded from their records when needed.

The stored records are a cache that can be read again at any time; what is held here beyond them is
lost without harm, because the messages that made it are folded again.
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from ingest_api.contract.published import PublishedBatch, decode_batch
from streams.domain.facts import Fact
from streams.domain.site_state import SiteState, decode_state, encode_state, new_site_state
from streams.errors import StateRecordError
from streams.processors.dead_letters import FOLD_FAILED, reason_of
from streams.processors.ports import SiteFold
from streams.processors.site_record import (
    NOTHING,
    STATE_MAX_BYTES,
    RecordPlace,
    encode_record,
    stored_state,
)
from streams.processors.source_message import Message
from streams.storage.rows import SiteSnapshot

SNAPSHOT_EVERY_MS = 6 * 60 * 60 * 1000
"""Of a site's event time; what a rebuild starts from (docs/adr/0016)."""


class StateTooLargeError(Exception):
    """A state would not fit one message. Read here alone: what made it so is skipped."""


class Taken(msgspec.Struct, frozen=True, gc=False):
    """A batch that was folded, or skipped for a reason, since the site's last record.

    Its message is kept, not the batch: that is made again in the one case in ever so many.
    """

    message: Message
    skipped_for: str = ""


class Broken(msgspec.Struct, frozen=True):
    """A message that broke the fold after all: with it the state could not be stored.

    `kind` is `size` if the state would be too large, else `state`.
    """

    message: Message
    kind: str
    reason: str


class Refolded(msgspec.Struct, frozen=True):
    """What a site's messages since its last record made of it without the broken ones.

    `facts` replace all that the site made since then; `gaps` are those that stand for the broken.
    """

    tenant_id: str
    site: str
    facts: list[Fact]
    gaps: list[Fact]
    broken: list[Broken]


class Cut(msgspec.Struct, frozen=True):
    """What is to be stored of the sites that changed."""

    records: dict[bytes, bytes]
    snapshots: list[SiteSnapshot]
    refolded: list[Refolded]


class HeldSite(msgspec.Struct):
    """One site in memory: its state after the message at `offset` of `partition`.

    `base` is the encoded state of the last cut (empty: a new site), `taken` what came since: enough
    to make the state again after a fold broke it. `period` is the one of the last snapshot.
    """

    partition: int
    offset: int
    state: SiteState
    base: bytes
    period: int
    taken: list[Taken] = []


class SiteStates:
    """All sites by key (`tenant/site`)."""

    def __init__(self, records: Mapping[bytes, bytes], fold: SiteFold) -> None:
        """`records` are the stored state records; read whenever a site is met first."""
        self._records = records
        self._fold = fold
        self._held: dict[bytes, HeldSite] = {}
        self._log = b""
        self.bytes_held = 0
        """Size of all states as they were stored last."""

    def __len__(self) -> int:
        """How many sites are held."""
        return len(self._held)

    def states(self) -> Iterator[SiteState]:
        """The state of each site that is held now, as it is when its turn comes."""
        for held in tuple(self._held.values()):
            yield held.state

    def forget(self) -> None:
        """Drop everything that is not in the records."""
        self._held.clear()
        self.bytes_held = 0

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
            self.bytes_held += len(held.base)
        return held

    def apply(self, held: HeldSite, message: Message, batch: PublishedBatch) -> list[Fact]:
        """Fold the batch of the message; the facts it made.

        Raises whatever the fold raises, state unchanged.
        """
        try:
            facts = self._fold.fold_batch(held.state, batch)
        except Exception:
            self._restore(held)
            raise
        held.taken.append(Taken(message))
        return facts

    def skip(
        self, held: HeldSite, message: Message, batch: PublishedBatch, reason: str
    ) -> list[Fact]:
        """Advance over a batch that cannot be folded; the coverage gap it leaves."""
        facts = self._fold.skip_batch(held.state, batch, reason)
        held.taken.append(Taken(message, reason))
        return facts

    # --- The cut ---------------------------------------------------------------------------------

    def cut(self, keys: Iterable[bytes], floors: Mapping[int, int]) -> Cut:
        """Records of these sites as they are now; `floors` is the floor of each partition.

        A site whose state cannot be encoded is folded again without the batches that made it so.
        """
        cut = Cut({}, [], [])
        for key in keys:
            held = self._held[key]
            try:
                state = _encode_within_limit(held.state)
            except MemoryError:
                raise
            except Exception:  # noqa: BLE001 - whatever the rules put into the state, the site goes on
                cut.refolded.append(self._fold_again(held))
                state = encode_state(held.state)
            self.bytes_held += len(state) - len(held.base)
            held.base, held.taken = state, []
            place = RecordPlace(self._log, held.partition, held.offset, floors[held.partition])
            cut.records[key] = encode_record(place, state)
            if (period := _period(held.state)) != held.period:
                held.period = period
                cut.snapshots.append(_snapshot(held.state, state))
        return cut

    def _fold_again(self, held: HeldSite) -> Refolded:
        """Fold what came since the last cut batch by batch, passing over what breaks the state.

        What is passed over still leaves its few bytes, for which a message has room beyond the
        limit of a state: else a site whose state is as large as may be could never be stored again.
        """
        messages, held.taken = held.taken, []
        refolded = Refolded(held.state.tenant_id, held.state.site, [], [], [])
        self._restore(held)
        good = encode_state(held.state)
        for taken in messages:
            batch = decode_batch(taken.message.value)
            if taken.skipped_for:
                facts = self.skip(held, taken.message, batch, taken.skipped_for)
                good = encode_state(held.state)
            else:
                try:
                    facts = self.apply(held, taken.message, batch)
                    good = _encode_within_limit(held.state)
                except MemoryError:
                    raise
                except Exception as error:  # noqa: BLE001 - the same as in `cut`
                    held.state = _decode(good)
                    facts = self.skip(held, taken.message, batch, FOLD_FAILED)
                    good = encode_state(held.state)
                    refolded.gaps.extend(facts)
                    kind = "size" if isinstance(error, StateTooLargeError) else "state"
                    refolded.broken.append(Broken(taken.message, kind, reason_of(error)))
            refolded.facts.extend(facts)
        return refolded

    # --- From the records ------------------------------------------------------------------------

    def _load(self, key: bytes, partition: int, batch: PublishedBatch) -> HeldSite:
        stored = stored_state(self._records.get(key), partition, self._log)
        if stored is not None:
            state = _decode(stored.state)
            return HeldSite(partition, stored.offset, state, stored.state, _period(state))
        state = new_site_state(batch.tenant, batch.site)
        return HeldSite(partition, NOTHING, state, b"", _period(state))

    def _restore(self, held: HeldSite) -> None:
        """Make the state again as it was after what was taken last."""
        fresh = new_site_state(held.state.tenant_id, held.state.site)
        held.state = _decode(held.base) if held.base else fresh
        for taken in held.taken:
            batch = decode_batch(taken.message.value)
            if taken.skipped_for:
                self._fold.skip_batch(held.state, batch, taken.skipped_for)
            else:
                self._fold.fold_batch(held.state, batch)


def _encode_within_limit(state: SiteState) -> bytes:
    data = encode_state(state)
    if len(data) > STATE_MAX_BYTES:
        raise StateTooLargeError
    return data


def _decode(state: bytes) -> SiteState:
    try:
        return decode_state(state)
    except (msgspec.DecodeError, ValueError) as error:
        raise StateRecordError(f"a stored site state cannot be read: {error}") from error


def _period(state: SiteState) -> int:
    return state.now // SNAPSHOT_EVERY_MS


def _snapshot(state: SiteState, encoded: bytes) -> SiteSnapshot:
    return SiteSnapshot(
        tenant_id=state.tenant_id,
        site=state.site,
        generation=state.generation,
        sequence=state.last_sequence,
        taken_at=state.now,
        state=encoded,
    )
