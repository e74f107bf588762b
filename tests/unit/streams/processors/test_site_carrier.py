from collections.abc import Callable

import msgspec
import pytest
from prometheus_client import REGISTRY

from ingest_api.contract.published import PublishedBatch, PublishedEvent, encode_batch
from streams.domain.facts import CoverageGap, Fact, QueueCall
from streams.domain.site_state import SiteState, decode_state, encode_state
from streams.errors import DeadLetterFloodError, StateRecordError
from streams.processors import site_states
from streams.processors.dead_letters import FloodGuard
from streams.processors.ports import SiteFold
from streams.processors.site_carrier import SiteCarrier
from streams.processors.site_record import (
    RecordPlace,
    encode_record,
    record_place,
    record_state,
)
from streams.processors.source_carrier import Outcome
from streams.processors.source_message import Message
from streams.site_batches import Continuity, fold_batch
from tests.support.stories import Story, ms

KEY = b"acme/pbx-01"
LOG = b"log the first..."
ANEW = b"log the second.."


def story() -> list[PublishedBatch]:
    """Ten events of one call in batches of two."""
    told = Story().started("10:00:00").join("10:00:01", "100.1", "vendas")
    told.called("10:00:02", "100.1", "vendas", "PJSIP/2000")
    told.connect("10:00:05", "100.1", "vendas", "PJSIP/2000", hold_s=4)
    told.complete("10:01:05", "100.1", "vendas", "PJSIP/2000", hold_s=4, talk_s=60)
    told.hangup("10:01:05", "100.1").join("10:02:00", "100.2", "vendas")
    return told.batches(until="10:02:02", size=2)


class Log:
    """A source partition and the carrier that reads it."""

    def __init__(
        self,
        records: dict[bytes, bytes] | None = None,
        fold: SiteFold | None = None,
        limit: int = 5,
        log: bytes = LOG,
    ) -> None:
        self.records = records if records is not None else {}
        self.acknowledged: list[int] = []
        self.carrier = SiteCarrier(
            self.records, fold or SiteFold(), FloodGuard(limit), clock=lambda: 0.0
        )
        self.carrier.load([0], log)

    def take(self, offset: int, batch: PublishedBatch | bytes) -> Outcome:
        value = batch if isinstance(batch, bytes) else encode_batch(batch)

        def acknowledge() -> None:
            self.acknowledged.append(offset)

        return self.carrier.take(Message("pbx.events.v1", 0, offset, KEY, value, acknowledge))

    def flush(self) -> list[Fact]:
        """What the flusher does, without anybody to write to."""
        unit = self.carrier.cut()
        self.records.update(unit.records)
        self.carrier.flushed(unit)
        return unit.facts

    def state(self) -> SiteState:
        return decode_state(record_state(self.records[KEY]))


def calls(facts: list[Fact]) -> dict[str, QueueCall]:
    return {fact.call_id: fact for fact in facts if isinstance(fact, QueueCall)}


def failing_once(at: int) -> Callable[[SiteState, PublishedBatch], list[Fact]]:
    """The real fold, that trips after it applied the batch whose first sequence is `at`."""

    def fold(state: SiteState, batch: PublishedBatch) -> list[Fact]:
        facts = fold_batch(state, batch)
        if batch.events[0].sequence == at:
            raise KeyError("what the rules did not think of")
        return facts

    return fold


def test_batches_in_order_become_facts_and_one_record() -> None:
    log = Log()
    batches = story()

    assert {log.take(offset, batch) for offset, batch in enumerate(batches)} == {Outcome.TAKEN}
    facts = log.flush()

    assert calls(facts)["100.1/1"].outcome == "answered"
    record = record_place(log.records[KEY])
    assert (record.partition, record.offset, record.floor) == (0, len(batches) - 1, -1)
    assert log.state().last_sequence == batches[-1].events[-1].sequence


def states_made_anew() -> float:
    return REGISTRY.get_sample_value("streams_states_made_anew_total") or 0.0


def test_a_site_whose_past_is_not_known_is_counted_once() -> None:
    """Its state was lost, or it came here from elsewhere: its first events are others' to know."""
    batches = story()
    before = states_made_anew()
    log = Log()
    for offset, batch in enumerate(batches[1:]):
        log.take(offset, batch)
    log.flush()
    Log(log.records).take(len(batches), batches[-1])
    assert states_made_anew() - before == 1


def test_a_site_whose_past_is_not_known_counts_also_when_its_first_batch_is_put_aside() -> None:
    batches = story()
    before = states_made_anew()
    log = Log(fold=SiteFold(fold_batch=failing_once(at=batches[1].events[0].sequence)))
    for offset, batch in enumerate(batches[1:]):
        log.take(offset, batch)
    assert states_made_anew() - before == 1


def test_a_new_site_is_no_state_made_anew() -> None:
    """Neither is one whose first event tells of what its collector had to drop before it."""
    first, *others = story()
    dropped = PublishedEvent(
        9, first.events[0].at, "collector", "gap", {"from": "1", "to": "9", "reason": "spool_full"}
    )
    before = states_made_anew()
    Log().take(0, first)
    Log().take(0, msgspec.structs.replace(first, events=[dropped]))
    known = Log()
    for offset, batch in enumerate([first, *others]):
        known.take(offset, batch)
    known.take(len(others) + 1, msgspec.structs.replace(first, spool="another"))
    assert states_made_anew() == before


def test_the_floor_of_a_record_is_what_was_complete_before_it() -> None:
    log = Log()
    batches = story()
    log.take(0, batches[0])
    log.take(1, batches[1])
    log.flush()
    log.take(2, batches[2])
    log.flush()

    assert record_place(log.records[KEY]).floor == 1


def test_a_successor_goes_on_after_the_highest_floor() -> None:
    log = Log()
    batches = story()
    for offset, batch in enumerate(batches[:3]):
        log.take(offset, batch)
        log.flush()

    assert Log(log.records).carrier.positions() == {0: 2}


def test_a_successor_makes_the_same_facts_of_what_was_not_flushed() -> None:
    whole, first = Log(), Log()
    batches = story()
    for offset, batch in enumerate(batches):
        whole.take(offset, batch)
    for offset, batch in enumerate(batches[:3]):
        first.take(offset, batch)
    first.flush()
    first.take(3, batches[3])  # and there it dies

    second = Log(first.records)
    outcomes = [second.take(offset, batch) for offset, batch in enumerate(batches)]

    assert set(outcomes) == {Outcome.TAKEN}
    assert calls(second.flush())["100.1/1"] == calls(whole.flush())["100.1/1"]
    assert second.state() == whole.state()


def test_an_old_batch_again_changes_nothing() -> None:
    log = Log()
    batches = story()
    log.take(0, batches[0])
    log.take(1, batches[1])
    log.flush()
    log.take(2, batches[0])
    unit = log.carrier.cut()

    assert (unit.facts, unit.batches, unit.records) == ([], [], {})
    assert unit.positions == {0: 2}


def test_a_lost_message_sends_the_partition_back() -> None:
    log = Log()
    batches = story()
    log.take(0, batches[0])

    assert log.take(2, batches[2]) is Outcome.REWIND
    assert log.carrier.positions() == {0: 1}
    assert log.take(1, batches[1]) is Outcome.TAKEN
    assert log.take(2, batches[2]) is Outcome.TAKEN


def test_a_message_delivered_twice_is_ignored() -> None:
    log = Log()
    log.take(0, story()[0])

    assert log.take(0, story()[0]) is Outcome.IGNORED


def test_a_partition_that_is_not_ours_is_ignored() -> None:
    log = Log()
    log.carrier.forget()

    assert log.take(0, story()[0]) is Outcome.IGNORED


def test_a_site_behind_its_partition_is_read_again_from_its_own_place() -> None:
    log = Log()
    batches = story()
    log.take(0, batches[0])
    log.flush()
    old = log.records[KEY]
    floor = encode_record(RecordPlace(LOG, 0, 4, 2), b"")  # another site's: the floor is 2
    behind = Log({KEY: old, b"acme/pbx-02": floor})

    assert behind.carrier.positions() == {0: 3}
    assert behind.take(3, batches[3]) is Outcome.REWIND
    assert behind.carrier.positions() == {0: 1}
    for offset in (1, 2, 3):
        assert behind.take(offset, batches[offset]) is Outcome.TAKEN
    assert not [fact for fact in behind.flush() if isinstance(fact, CoverageGap)]


def test_what_the_log_never_held_is_a_gap_without_a_rewind() -> None:
    log = Log()
    batches = story()
    log.take(0, batches[0])

    assert log.take(1, batches[2]) is Outcome.TAKEN
    gaps = [fact for fact in log.flush() if isinstance(fact, CoverageGap)]
    assert [(gap.reason, gap.from_sequence, gap.to_sequence) for gap in gaps] == [
        ("not_delivered", 3, 4)
    ]


def test_a_jump_that_is_still_there_after_the_rewind_is_a_gap() -> None:
    log = Log()
    batches = story()
    log.take(0, batches[0])
    log.flush()
    old = log.records[KEY]
    behind = Log({KEY: old, b"acme/pbx-02": encode_record(RecordPlace(LOG, 0, 4, 2), b"")})
    assert behind.take(3, batches[3]) is Outcome.REWIND

    assert behind.take(1, batches[0]) is Outcome.TAKEN
    assert behind.take(2, batches[0]) is Outcome.TAKEN
    assert behind.take(3, batches[3]) is Outcome.TAKEN
    assert [f.reason for f in behind.flush() if isinstance(f, CoverageGap)] == ["not_delivered"]


def test_a_batch_that_breaks_the_fold_is_put_aside_and_the_site_goes_on() -> None:
    batches = story()
    log = Log(fold=SiteFold(fold_batch=failing_once(at=batches[2].events[0].sequence)))
    for offset, batch in enumerate(batches):
        assert log.take(offset, batch) is Outcome.TAKEN
    unit = log.carrier.cut()

    assert [(letter.offset, letter.key, letter.value) for letter in unit.dead] == [
        (2, KEY, encode_batch(batches[2]))
    ]
    assert unit.dead[0].reason.startswith("KeyError in fold (")
    gaps = [fact for fact in unit.facts if isinstance(fact, CoverageGap)]
    assert [(gap.reason, gap.from_sequence, gap.to_sequence) for gap in gaps] == [
        ("dead_letter", 5, 6)
    ]
    assert [(raw.first_sequence, raw.last_sequence) for raw in unit.batches] == [
        (batch.events[0].sequence, batch.events[-1].sequence) for batch in batches
    ]


def test_a_broken_fold_leaves_no_trace_in_the_state() -> None:
    batches = story()
    fold = SiteFold(fold_batch=failing_once(at=batches[2].events[0].sequence))
    broken = Log(fold=fold)
    broken.take(0, batches[0])
    broken.flush()  # the state is made again from the record, and what came since
    broken.take(1, batches[1])
    broken.take(2, batches[2])
    broken.flush()

    state = Log()
    state.take(0, batches[0])
    state.take(1, batches[1])
    state.flush()
    expected = state.state()
    SiteFold().skip_batch(expected, batches[2], "dead_letter")
    assert broken.state() == expected


def test_a_batch_that_breaks_the_question_of_continuity_is_put_aside_too() -> None:
    def continuity(_state: SiteState, _batch: PublishedBatch) -> Continuity:
        raise ValueError("not a number")

    log = Log(fold=SiteFold(continuity=continuity))

    assert log.take(0, story()[0]) is Outcome.TAKEN
    assert len(log.carrier.cut().dead) == 1


def unstorable_after(at: int) -> Callable[[SiteState, PublishedBatch], list[Fact]]:
    """The real fold, that leaves a state no encoder takes after the batch that begins with `at`."""

    def fold(state: SiteState, batch: PublishedBatch) -> list[Fact]:
        facts = fold_batch(state, batch)
        if batch.events[0].sequence == at:
            state.rival_at = 1 << 70
        return facts

    return fold


def test_a_batch_that_makes_the_state_unstorable_is_put_aside_at_the_cut() -> None:
    batches = story()
    log = Log(fold=SiteFold(fold_batch=unstorable_after(at=5)))
    log.take(0, batches[0])
    log.flush()
    for offset, batch in enumerate(batches[1:], 1):
        assert log.take(offset, batch) is Outcome.TAKEN
    unit = log.carrier.cut()

    assert [letter.offset for letter in unit.dead] == [2]
    assert unit.dead[0].reason.startswith("OverflowError in ")
    gaps = [fact for fact in unit.facts if isinstance(fact, CoverageGap)]
    assert [(gap.reason, gap.from_sequence, gap.to_sequence) for gap in gaps] == [
        ("dead_letter", 5, 6)
    ]


def test_what_is_stored_then_is_as_if_the_fold_had_broken() -> None:
    batches = story()
    unstorable = Log(fold=SiteFold(fold_batch=unstorable_after(at=5)))
    broken = Log(fold=SiteFold(fold_batch=failing_once(at=5)))
    for log in (unstorable, broken):
        for offset, batch in enumerate(batches):
            log.take(offset, batch)

    assert unstorable.flush() == broken.flush()
    assert unstorable.state() == broken.state()


def test_what_makes_a_state_too_large_for_a_message_is_put_aside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = Log()
    batches = story()
    log.take(0, batches[0])
    log.take(1, batches[1])
    monkeypatch.setattr(site_states, "STATE_MAX_BYTES", 200)
    unit = log.carrier.cut()

    assert [(letter.offset, letter.reason.partition(" ")[0]) for letter in unit.dead] == [
        (1, "StateTooLargeError")
    ]


def test_what_a_put_aside_batch_leaves_is_stored_beside_a_state_of_the_greatest_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = Log()
    batches = story()
    log.take(0, batches[0])
    log.flush()
    monkeypatch.setattr(site_states, "STATE_MAX_BYTES", log.carrier.states_bytes)
    log.take(1, batches[1])
    log.take(2, batches[2])
    unit = log.carrier.cut()

    assert [letter.offset for letter in unit.dead] == [1, 2]
    assert len(unit.records) == 1


def test_a_lack_of_memory_is_no_fault_of_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    def short_of_memory_at_first(state: SiteState) -> bytes:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise MemoryError
        return encode_state(state)

    log = Log()
    log.take(0, story()[0])
    monkeypatch.setattr(site_states, "encode_state", short_of_memory_at_first)

    with pytest.raises(MemoryError):
        log.carrier.cut()


def test_a_site_that_sends_too_much_stops_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(limit=0)
    for offset, batch in enumerate(story()[:2]):
        log.take(offset, batch)
    monkeypatch.setattr(site_states, "STATE_MAX_BYTES", 200)

    assert len(log.carrier.cut().dead) == 1


def test_a_snapshot_is_taken_of_a_new_site_and_every_six_hours_of_its_time() -> None:
    log = Log()
    taken = []
    batches = Story().started("14:59:55").batches(until="15:00:06", size=1)  # 18:00 in UTC
    for offset, batch in enumerate(batches):
        log.take(offset, batch)
        unit = log.carrier.cut()
        log.records.update(unit.records)
        taken += unit.snapshots
        assert all(snapshot.state == record_state(log.records[KEY]) for snapshot in unit.snapshots)

    assert [(s.tenant_id, s.site, s.taken_at) for s in taken] == [
        ("acme", "pbx-01", ms("14:59:55")),
        ("acme", "pbx-01", ms("15:00:01")),
    ]
    states = [decode_state(snapshot.state) for snapshot in taken]
    assert [(s.generation, s.sequence) for s in taken] == [
        (state.generation, state.last_sequence) for state in states
    ]


def test_a_successor_takes_no_second_snapshot_of_the_same_six_hours() -> None:
    first = Log()
    batches = story()
    first.take(0, batches[0])
    unit = first.carrier.cut()
    assert len(unit.snapshots) == 1
    second = Log(unit.records)
    for offset, batch in enumerate(batches):
        second.take(offset, batch)

    assert second.carrier.cut().snapshots == []


def test_a_message_that_is_no_batch_is_put_aside() -> None:
    log = Log()

    assert log.take(0, b"not json") is Outcome.TAKEN
    unit = log.carrier.cut()
    assert [letter.reason.partition(" ")[0] for letter in unit.dead] == ["DecodeError"]
    assert unit.positions == {0: 0}


def test_a_batch_under_another_sites_key_is_put_aside() -> None:
    """It may be in the wrong partition, and then two workers would fold the site."""
    log = Log()
    value = encode_batch(story()[0])
    log.carrier.take(Message("pbx.events.v1", 0, 0, b"", value, bool))

    assert [letter.reason for letter in log.carrier.cut().dead] == ["the key is not the site's"]


def test_a_flood_of_them_stops_everything() -> None:
    log = Log(limit=2)
    log.take(0, b"not json")
    log.take(1, b"not json")

    with pytest.raises(DeadLetterFloodError):
        log.take(2, b"not json")


def test_a_record_of_another_program_stops_everything() -> None:
    with pytest.raises(StateRecordError):
        Log({KEY: b"\xffwhat is this"})
    state_of_another_form = encode_record(RecordPlace(LOG, 0, 0, -1), b"\x91\x63")
    with pytest.raises(StateRecordError):
        Log({KEY: state_of_another_form}).take(0, story()[0])


def test_raw_rows_stand_for_what_was_applied_only() -> None:
    log = Log()
    batches = story()
    log.take(0, batches[0])
    overlapping = PublishedBatch(
        "acme", "pbx-01", batches[0].spool, 0, 0, [*batches[0].events, *batches[1].events]
    )
    log.take(1, overlapping)

    raw = log.carrier.cut().batches
    assert [(row.first_sequence, row.last_sequence) for row in raw] == [(1, 2), (3, 4)]
    assert raw[1].payload == encode_batch(overlapping)


def test_the_batch_of_a_second_collector_leaves_no_raw_row() -> None:
    log = Log()
    batches = story()
    log.take(0, batches[0])
    rival = PublishedBatch("acme", "pbx-01", "another-spool", 0, 0, batches[1].events)
    log.take(1, rival)

    assert len(log.carrier.cut().batches) == 1


def test_a_site_that_came_from_another_partition_begins_anew() -> None:
    log = Log()
    batches = story()
    log.take(0, batches[0])
    log.flush()
    other = SiteCarrier(log.records, SiteFold(), FloodGuard(5))
    other.load([1], LOG)
    value = encode_batch(batches[1])
    other.take(Message("pbx.events.v1", 1, 0, KEY, value, lambda: None))

    record = other.cut().records[KEY]
    assert decode_state(record_state(record)).last_sequence == batches[1].events[-1].sequence


def test_a_log_shorter_than_what_was_read_is_read_from_its_start() -> None:
    log = Log({KEY: encode_record(RecordPlace(LOG, 0, 900, 877), b"")})
    log.carrier.start_over(0)

    assert log.carrier.positions() == {0: 0}


def test_a_topic_made_anew_is_read_from_its_start_and_the_sites_go_on() -> None:
    log = Log()
    batches = story()
    for offset, batch in enumerate(batches[:3]):
        log.take(offset, batch)
        log.flush()
    anew = Log(log.records, log=ANEW)

    assert anew.carrier.positions() == {0: 0}
    assert anew.take(0, batches[3]) is Outcome.TAKEN
    assert anew.take(1, batches[4]) is Outcome.TAKEN
    assert not [fact for fact in anew.flush() if isinstance(fact, CoverageGap)]
    assert record_place(anew.records[KEY]) == RecordPlace(ANEW, 0, 1, -1)


def test_a_record_of_another_log_tells_no_place_to_go_back_to() -> None:
    """The offset of the old log would look as if everything had been seen."""
    log = Log()
    batches = story()
    log.take(0, batches[0])
    log.flush()
    other = encode_record(RecordPlace(ANEW, 0, 5, 2), b"")
    anew = Log(log.records | {b"acme/pbx-02": other}, log=ANEW)

    assert anew.take(3, batches[3]) is Outcome.REWIND
    assert anew.carrier.positions() == {0: 0}


@pytest.mark.parametrize(
    "last",
    [PublishedEvent(2, refused="event_too_large"), PublishedEvent(2, 2**60, "ami", "Join")],
    ids=["none", "one far in the future"],
)
def test_a_batch_that_ends_with_no_moment_to_believe_is_as_old_as_its_receipt(
    last: PublishedEvent,
) -> None:
    """Else the lag of its partition would be that of the year 1970, or none."""
    log = Log()
    batch = story()[0]
    batch.events[-1] = last
    assert log.take(0, batch) is Outcome.TAKEN
    assert log.carrier.oldest_pending() == {0: batch.received_at}
    assert [age.happened_at for age in log.carrier.unit.ages] == [batch.received_at]
