import msgspec
import pytest

from ingest_api.contract.events import ReceivedBatch
from ingest_api.contract.published import (
    PublishedBatch,
    PublishedEvent,
    decode_batch,
    encode_batch,
)
from ingest_api.contract.timestamps import LATEST_MS
from ingest_api.publisher import MAX_MESSAGE_BYTES, messages_of


def published(events: list[PublishedEvent]) -> PublishedBatch:
    return PublishedBatch("acme", "pbx-01", "spool-a", 2, 1, events, "0.1.0")


def test_an_ordinary_batch_is_one_message() -> None:
    batch = published([PublishedEvent(1, 1, "ami", "Hangup"), PublishedEvent(2, refused="x")])
    assert [decode_batch(message) for message in messages_of(batch)] == [batch]


def test_a_batch_without_events_is_no_message() -> None:
    assert messages_of(published([])) == []


def test_a_large_batch_is_split_in_order() -> None:
    # Of very different sizes, the largest a quarter of a megabyte as an event may be.
    sizes = [10, 250_000, 250_000, 250_000, 100, 250_000, 3, 250_000, 250_000, 40_000]
    events = [
        PublishedEvent(number, number, "ami", "X", {"F": "d" * size})
        for number, size in enumerate(sizes, 1)
    ]
    messages = messages_of(published(events))
    assert len(messages) > 1
    assert max(map(len, messages)) <= MAX_MESSAGE_BYTES
    parts = [decode_batch(message) for message in messages]
    assert [event for part in parts for event in part.events] == events
    assert {(part.tenant, part.site, part.spool, part.received_at) for part in parts} == {
        ("acme", "pbx-01", "spool-a", 2)
    }


@pytest.mark.parametrize("name", ["received_at", "sent_at"])
@pytest.mark.parametrize("moment", [-1, LATEST_MS + 1, 2**62, 2**70])
def test_a_batch_of_a_moment_that_cannot_be_is_read_as_none(name: str, moment: int) -> None:
    batch = published([PublishedEvent(1, 1, "ami", "Hangup")])
    value = encode_batch(msgspec.structs.replace(batch, **{name: moment}))
    with pytest.raises(msgspec.DecodeError, match=name):
        decode_batch(value)


def test_a_batch_of_a_collector_whose_clock_is_centuries_off_can_be_read() -> None:
    year_9999 = 253_402_300_799_999
    events = [PublishedEvent(1, year_9999, "ami", "Hangup")]
    received = ReceivedBatch("pbx-01", "spool-a", "0.1.0", year_9999, events, [])
    (message,) = messages_of(received.published("acme", received_at=2))
    assert decode_batch(message).sent_at == LATEST_MS
    assert decode_batch(message).events == events
