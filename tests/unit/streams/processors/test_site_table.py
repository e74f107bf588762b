import asyncio
import contextlib

import faust
import pytest
from faust.types.tuples import ConsumerMessage

from streams.errors import RecoveryStuckError
from streams.processors import site_table
from streams.processors.site_record import (
    RecordPlace,
    encode_record,
    record_place,
    record_state,
)
from streams.processors.site_table import SiteTable

KEY = b"acme/pbx-01"
LOG = b"log the first..."
ANEW = b"log the second.."


@pytest.fixture
def table() -> SiteTable:
    return SiteTable(APP, name="sites", key_type=bytes, value_type=bytes, partitions=2)


APP = faust.App("unit", broker="kafka://127.0.0.1:1", autodiscover=False)


def event(offset: int, state: bytes = b"", key: bytes = KEY, log: bytes = LOG) -> faust.Event:
    return raw_event(encode_record(RecordPlace(log, 0, offset, -1), state), key)


def raw_event(value: bytes, key: bytes = KEY) -> faust.Event:
    message = ConsumerMessage("changelog", 0, 0, 0.0, 0, [], key, value, None)
    return faust.Event(APP, key, value, {}, message)


def held(table: SiteTable, key: bytes = KEY) -> int:
    return record_place(table.data[key]).offset


async def test_the_changelog_fills_the_table(table: SiteTable) -> None:
    table.apply_changelog_batch([event(1), event(2), event(7, key=b"acme/pbx-02")])

    assert (held(table), held(table, b"acme/pbx-02")) == (2, 7)


async def test_an_old_record_at_the_end_of_the_changelog_is_passed_over(table: SiteTable) -> None:
    table.apply_changelog_batch([event(5), event(3)])
    table.apply_changelog_batch([event(4)])

    assert held(table) == 5


async def test_a_record_of_a_log_made_anew_holds_whatever_its_offset(table: SiteTable) -> None:
    table.apply_changelog_batch([event(877), event(3, log=ANEW)])

    assert held(table) == 3


async def test_of_records_with_one_offset_the_later_holds(table: SiteTable) -> None:
    table.apply_changelog_batch([event(5, b"first"), event(5, b"second")])

    assert record_state(table.data[KEY]) == b"second"


async def test_what_cannot_be_read_is_kept_to_be_met(table: SiteTable) -> None:
    table.apply_changelog_batch([event(5), raw_event(b"what is this")])
    assert table.data[KEY] == b"what is this"

    table.apply_changelog_batch([event(6)])
    assert held(table) == 6


async def test_records_of_partitions_that_went_away_are_dropped(table: SiteTable) -> None:
    table.apply_changelog_batch([event(5)])
    table.data[b"acme/pbx-02"] = encode_record(RecordPlace(LOG, 1, 9, -1), b"")
    table.drop_other_partitions({1})

    assert list(table.data) == [b"acme/pbx-02"]


async def test_a_recovery_that_never_ends_stops_the_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = faust.App("stuck", broker="kafka://127.0.0.1:1", autodiscover=False)
    table = SiteTable(app, name="sites", key_type=bytes, value_type=bytes, partitions=2)
    monkeypatch.setattr(site_table, "RECOVERY_WITHIN_S", 0.0)
    watching = asyncio.create_task(table._watch_recovery(table))
    await asyncio.wait_for(app._crashed.wait(), 60)
    watching.cancel()

    assert isinstance(app.crash_reason, RecoveryStuckError)


async def test_a_worker_that_recovered_is_left_in_peace(
    table: SiteTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_table, "RECOVERY_WITHIN_S", 0.0)
    await table.on_recovery_completed(set(), set())
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(table._watch_recovery(table), 0.1)

    assert table.crash_reason is None
