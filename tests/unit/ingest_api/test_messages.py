from ingest_api.contract.published import PublishedBatch, PublishedEvent, decode_batch
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
