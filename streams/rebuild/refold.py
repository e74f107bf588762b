"""One site's state carried over its stored batches, by today's rules.

Who owned the site, and in which generation, was decided when the batches came and stands in their
rows. It is followed here and not decided anew: the live path may have known less (it had lost its
state) and its later rows go on from there.
"""

from collections.abc import Mapping

import msgspec

from ingest_api.contract.published import PublishedBatch, decode_batch
from streams.domain.coverage import take_over
from streams.domain.facts import Fact
from streams.domain.site_state import SiteState, decode_state, encode_state
from streams.processors.dead_letters import FOLD_FAILED, reason_of
from streams.processors.ports import SiteFold
from streams.rebuild.raw_events import Place, RawRow
from streams.site_batches import takes_over

CHECKPOINT_BYTES = 8 * 1024 * 1024
CHECKPOINT_ROWS = 256


class Broken(msgspec.Struct, frozen=True):
    """A batch that today's rules cannot fold either; its time stays a coverage gap."""

    first_sequence: int
    last_sequence: int
    reason: str


class SpoiltStateError(Exception):
    """A batch was folded, but the state after it cannot be encoded, and so no facts of it stored.

    Read by `SiteRebuild` alone, which begins again without the batch at `place`.
    """

    def __init__(self, place: Place, reason: str) -> None:
        """`place` is the batch's first event."""
        super().__init__(reason)
        self.place = place
        self.reason = reason


class Refold:
    """The state after the batches applied so far, and what was met on the way."""

    def __init__(self, state: SiteState, fold: SiteFold, spoiling: Mapping[Place, str]) -> None:
        """Goes on from `state`, which is changed in place.

        `spoiling`: batches that are passed over, by their first event, and why.
        """
        self.state = state
        self.broken: list[Broken] = []
        self._fold = fold
        self._spoiling = spoiling
        self._base = encode_state(state)
        self._since: list[tuple[RawRow, bool]] = []
        self._since_bytes = 0

    @property
    def place(self) -> Place:
        """The last event the state has seen."""
        return Place(self.state.generation, self.state.last_sequence)

    def apply(self, row: RawRow) -> list[Fact]:
        """The facts of the batch; of one that breaks the rules, its coverage gap.

        Raises msgspec.DecodeError if the stored batch is none, and SpoiltStateError.
        """
        batch = decode_batch(row.payload)
        reason = self._spoiling.get(Place(row.generation, row.first_sequence), "")
        if not reason:
            try:
                return self._took(row, self._take(row, batch, is_broken=False), is_broken=False)
            except (MemoryError, SpoiltStateError):
                raise
            except Exception as error:  # noqa: BLE001 - whatever the rules trip over, the site goes on
                reason = reason_of(error)
                self._restore()
        self.broken.append(Broken(row.first_sequence, row.last_sequence, reason))
        return self._took(row, self._take(row, batch, is_broken=True), is_broken=True)

    def check(self) -> None:
        """Make sure of the state, before facts that came of it are stored. See SpoiltStateError."""
        try:
            self._base = encode_state(self.state)
        except Exception:
            self._find_spoiling()
            raise
        self._since.clear()
        self._since_bytes = 0

    def _took(self, row: RawRow, facts: list[Fact], *, is_broken: bool) -> list[Fact]:
        self._since.append((row, is_broken))
        self._since_bytes += len(row.payload)
        if len(self._since) >= CHECKPOINT_ROWS or self._since_bytes >= CHECKPOINT_BYTES:
            self.check()
        return facts

    def _find_spoiling(self) -> None:
        """Raises SpoiltStateError for the first batch since the last check that spoils it."""
        self.state = decode_state(self._base)
        for row, is_broken in self._since:
            self._take(row, decode_batch(row.payload), is_broken=is_broken)
            try:
                encode_state(self.state)
            except Exception as error:
                place = Place(row.generation, row.first_sequence)
                raise SpoiltStateError(place, reason_of(error)) from error

    def _take(self, row: RawRow, batch: PublishedBatch, *, is_broken: bool) -> list[Fact]:
        _follow(self.state, row, batch)
        if is_broken:
            return self._fold.skip_batch(self.state, batch, FOLD_FAILED)
        return self._fold.fold_batch(self.state, batch)

    def _restore(self) -> None:
        """The state as it was before the batch that broke it."""
        self.state = decode_state(self._base)
        for row, is_broken in self._since:
            self._take(row, decode_batch(row.payload), is_broken=is_broken)


def _follow(state: SiteState, row: RawRow, batch: PublishedBatch) -> None:
    """Bring the state into the generation in which the live path applied the batch.

    A worker that had lost the state may have read the site's past once more. Its generation was
    the hour of those batches, so they come where they came first, and their sequence is known.
    """
    if row.generation == state.generation:
        return
    if takes_over(state, batch):
        # The next generation is at least one higher, and the live one was at least the batch's
        # hour: so the fold comes to the same.
        state.generation = row.generation - 1
        return
    if row.spool != state.spool:
        take_over(state, row.spool, row.first_sequence, batch.received_at)
    state.generation = row.generation
