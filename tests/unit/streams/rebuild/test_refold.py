"""Stored batches folded anew: who owned the site, and what broke, as the live path met it."""

from collections.abc import Iterable

import msgspec
import pytest

from ingest_api.contract.published import PublishedBatch, decode_batch, encode_batch
from ingest_api.contract.topics import PBX_EVENTS, site_key
from streams.domain.facts import CoverageGap, Fact, SiteStatus
from streams.domain.site_state import SiteState, new_site_state
from streams.domain.version import PLACE_MASK, SEQUENCE_BITS
from streams.processors.dead_letters import FloodGuard
from streams.processors.ports import SiteFold
from streams.processors.site_carrier import SiteCarrier
from streams.processors.source_message import Message
from streams.rebuild.raw_events import Place, RawRow
from streams.rebuild.refold import Refold, SpoiltStateError
from streams.site_batches import fold_batch
from tests.integration.shift_of_sites import shift
from tests.support.batches import SITE, TENANT, key_of, latest

HOUR_MS = 3_600_000


def generated(
    events: int = 300, *, spool: str = "a", later_ms: int = 0, seed: int = 3
) -> list[PublishedBatch]:
    """A made-up stretch of the site, by this spool, so much later than the first."""
    return [
        moved(decode_batch(message.value), spool, later_ms) for message in shift(1, events, seed)
    ]


def moved(batch: PublishedBatch, spool: str, later_ms: int) -> PublishedBatch:
    replace = msgspec.structs.replace
    events = [replace(event, at=event.at + later_ms) for event in batch.events]
    return PublishedBatch(
        TENANT, SITE, spool, batch.received_at + later_ms, batch.sent_at + later_ms, events
    )


class Live:
    """What workers made of the batches: raw rows in order, and facts."""

    def __init__(self) -> None:
        self.rows: list[RawRow] = []
        self.facts: list[Fact] = []

    def worker(self, batches: Iterable[PublishedBatch], fold: SiteFold | None = None) -> None:
        """A worker that knows nothing of the site takes these batches."""
        carrier = SiteCarrier({}, fold or SiteFold(), FloodGuard(1_000))
        carrier.load([0], bytes(16))
        key = site_key(TENANT, SITE)
        for offset, batch in enumerate(batches):
            carrier.take(Message(PBX_EVENTS, 0, offset, key, encode_batch(batch), lambda: None))
        unit = carrier.cut()
        self.facts += unit.facts
        self.rows += [
            RawRow(b.generation, b.first_sequence, b.last_sequence, b.spool, b.payload)
            for b in unit.batches
        ]


def refolded(rows: Iterable[RawRow], fold: SiteFold | None = None) -> tuple[Refold, list[Fact]]:
    refold = Refold(new_site_state(TENANT, SITE), fold or SiteFold(), {})
    return refold, [fact for row in rows for fact in refold.apply(row)]


def generation_of(fact: Fact) -> int:
    return (fact.version & PLACE_MASK) >> SEQUENCE_BITS + 1


def test_a_site_is_folded_as_the_live_path_folded_it() -> None:
    live = Live()
    live.worker(generated())
    refold, facts = refolded(live.rows)
    assert latest(facts) == latest(live.facts)
    assert refold.broken == []


@pytest.mark.parametrize(
    ("spool", "events"), [("b", 200), ("a", 100)], ids=["another spool", "a spool made anew"]
)
def test_a_spool_that_takes_the_site_over_does_so_again(spool: str, events: int) -> None:
    live = Live()
    live.worker([*generated(), *generated(events, spool=spool, later_ms=HOUR_MS, seed=4)])
    _, facts = refolded(live.rows)
    assert len({row.generation for row in live.rows}) == 2
    assert latest(facts) == latest(live.facts)


def test_a_state_that_was_lost_is_not_lost_here_and_its_generation_is_kept() -> None:
    """The second worker knew nothing, so its rows are of a higher generation: ours must be too."""
    batches = [moved(b, "a", 0) for b in generated()]
    half = len(batches) // 2
    later = [
        msgspec.structs.replace(batch, received_at=batch.received_at + 2 * HOUR_MS)
        for batch in batches[half:]
    ]
    live = Live()
    live.worker(batches[:half])
    live.worker(later)
    assert len({row.generation for row in live.rows}) == 2

    refold, facts = refolded(live.rows)

    unbroken = Live()
    unbroken.worker([*batches[:half], *later])
    assert contents(facts) == contents(unbroken.facts)
    newest = max(facts, key=lambda fact: fact.version)
    assert generation_of(newest) == refold.place.generation == live.rows[-1].generation


def test_a_spool_the_live_path_followed_for_want_of_a_state_is_followed() -> None:
    live = Live()
    live.worker(generated())
    unstarted = generated(200, spool="b", later_ms=HOUR_MS // 2, seed=5)[2:]
    live.worker(
        [msgspec.structs.replace(b, received_at=b.received_at + HOUR_MS) for b in unstarted]
    )

    refold, _ = refolded(live.rows)

    assert refold.state.spool == "b"
    assert refold.place == Place(live.rows[-1].generation, live.rows[-1].last_sequence)


@pytest.mark.parametrize("again_from", [0, 5, 12], ids=str)
def test_what_was_read_again_after_a_state_was_lost_is_not_folded_twice(again_from: int) -> None:
    """The second worker began before the first one's end, within the past of two spools."""
    first, second = generated(), generated(400, spool="b", later_ms=4 * HOUR_MS, seed=4)
    past = [*first[:5], *(moved(batch, "a", 2 * HOUR_MS) for batch in first[5:]), *second[:7]]
    late = [moved(batch, "b", 3 * HOUR_MS) for batch in second[7:]]
    live = Live()
    live.worker(past)
    live.worker([*past[again_from:], *late])
    live.rows.sort(key=lambda row: (row.generation, row.first_sequence))
    assert len({row.generation for row in live.rows}) >= 2

    refold, facts = refolded(live.rows)

    unbroken = Live()
    unbroken.worker([*past, *late])
    assert contents(facts) == contents(unbroken.facts)
    assert refold.place == Place(live.rows[-1].generation, live.rows[-1].last_sequence)


def contents(facts: Iterable[Fact]) -> dict[object, Fact]:
    """The final facts, versions aside; of the site's status only the fold's part."""
    return {
        key: msgspec.structs.replace(fact, version=0)
        for key, fact in latest(facts).items()
        if not isinstance(fact, SiteStatus)
    }


def broken_at(sequence: int) -> SiteFold:
    def fold_or_break(state: SiteState, batch: PublishedBatch) -> list[Fact]:
        facts = fold_batch(state, batch)
        if any(event.sequence == sequence for event in batch.events):
            raise ZeroDivisionError
        return facts

    return SiteFold(fold_batch=fold_or_break)


def test_a_batch_that_breaks_the_rules_is_passed_over_as_the_live_path_does() -> None:
    live = Live()
    live.worker(generated(), broken_at(150))

    refold, facts = refolded(live.rows, broken_at(150))

    assert latest(facts) == latest(live.facts)
    (broken,) = refold.broken
    assert broken.first_sequence <= 150 <= broken.last_sequence
    assert "ZeroDivisionError" in broken.reason


def test_a_batch_that_broke_the_rules_is_folded_when_they_are_mended() -> None:
    live, never_broken = Live(), Live()
    live.worker(generated(), broken_at(150))
    never_broken.worker(generated())

    _, facts = refolded(live.rows)

    assert latest(facts) == latest(never_broken.facts)


def spoiling(sequence: int) -> SiteFold:
    """Rules that put into the state what cannot be encoded."""

    def fold_and_spoil(state: SiteState, batch: PublishedBatch) -> list[Fact]:
        facts = fold_batch(state, batch)
        if any(event.sequence == sequence for event in batch.events):
            state.asterisk = "\ud800"
        return facts

    return SiteFold(fold_batch=fold_and_spoil)


def test_a_batch_that_spoils_the_state_is_found_and_passed_over_the_second_time() -> None:
    live = Live()
    live.worker(generated())
    refold = Refold(new_site_state(TENANT, SITE), spoiling(150), {})
    for row in live.rows:
        refold.apply(row)
    with pytest.raises(SpoiltStateError, match="UnicodeEncodeError") as found:
        refold.check()

    again = Refold(
        new_site_state(TENANT, SITE), spoiling(150), {found.value.place: found.value.reason}
    )
    facts = [fact for row in live.rows for fact in again.apply(row)]
    again.check()

    assert again.broken[0].first_sequence <= 150 <= again.broken[0].last_sequence
    gaps = [key_of(fact) for fact in latest(facts).values() if isinstance(fact, CoverageGap)]
    assert [gap[-1] for gap in gaps] == ["dead_letter"]
