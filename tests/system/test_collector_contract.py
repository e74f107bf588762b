"""What the collector writes is what ingest reads: the two share no code."""

import uuid
from pathlib import Path

import pytest

from agent.envelope import encode_batch, encode_event
from agent.event import Event
from agent.spool import Spool
from ingest_api.batches import read_batch
from tests.support.captures import Scenario, events_of, scenarios

NOW = 1_773_147_600_000


@pytest.mark.parametrize("recorded", scenarios(), ids=lambda recorded: recorded.name)
def test_every_recording_is_accepted_whole(recorded: Scenario) -> None:
    events = events_of(recorded.connections, log=recorded.read("queue_log"))
    received = read_batch(_batch(events))
    assert received.refused == []
    assert [(e.sequence, e.at, e.kind, e.name, e.fields) for e in received.events] == [
        (sequence, *event) for sequence, event in enumerate(events, 1)
    ]


def test_spool_that_was_full_and_refused_is_accepted_whole(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path / "spool.db"), 3000, NOW)
    for number in range(40):
        spool.append([Event(NOW + number, "ami", "Hangup", {"Uniqueid": f"1773147600.{number}"})])
    spool.refuse(spool.spool_id, 39)
    batch = spool.read(500, 10**6)
    texts = [event.text for event in batch.events]
    received = read_batch(encode_batch("pbx-01", batch.spool_id, NOW, texts))
    assert received.refused == []
    assert [event.sequence for event in received.events][-1] == 40


def test_batch_without_events_is_read() -> None:
    assert read_batch(encode_batch("pbx-01", str(uuid.uuid4()), NOW, [])).events == []


def _batch(events: list[Event]) -> bytes:
    texts = [encode_event(sequence, event) for sequence, event in enumerate(events, 1)]
    return encode_batch("pbx-01", str(uuid.uuid4()), NOW, texts)
