"""The wire form is what is committed: its schema, its samples, and what our collector writes."""

from pathlib import Path

import pytest

from agent.envelope import encode_batch, encode_event, gap
from agent.event import Event
from ingest_api.batches import read_batch, read_carefully
from ingest_api.contract import schema
from ingest_api.contract.published import decode_batch
from ingest_api.errors import IngestError, InvalidBatchError
from ingest_api.publisher import messages_of

SAMPLES = Path(schema.__file__).parent / "samples"

REFUSED_EVENTS = {
    "some_events_refused": {2: "unknown_kind", 3: "queue_name_too_long", 4: "name_missing"}
}
REFUSED_BATCHES = {
    "field_is_a_number": (422, "events[0].fields.Cause"),
    "gap_not_its_own_end": (422, "events[1].fields.to"),
    "not_json": (400, None),
    "repeated_key": (400, None),
    "sequence_as_text": (422, "events[0].sequence"),
    "sequence_repeated": (422, "events[1].sequence"),
    "sequence_skipped": (422, "events[1].sequence"),
    "site_missing": (422, "site"),
    "time_without_zone": (422, "events[0].at"),
}


def samples(kind: str) -> list[Path]:
    return sorted((SAMPLES / kind).glob("*.json"))


def test_the_schema_is_fresh() -> None:
    committed = schema.SCHEMA_FILE.read_text()
    assert committed == schema.schema_text(), "run `make contract` and read the difference"


@pytest.mark.parametrize("sample", samples("accepted"), ids=lambda path: path.stem)
def test_accepted_samples_are_accepted_and_published_whole(sample: Path) -> None:
    received = read_batch(sample.read_bytes())
    refused = {e.sequence: e.refused for e in received.events if e.refused}
    assert refused == REFUSED_EVENTS.get(sample.stem, {})
    (message,) = messages_of(received.published("acme", 1_773_147_600_500))
    assert decode_batch(message).events == received.events


def test_every_refused_sample_has_its_answer() -> None:
    assert {path.stem for path in samples("refused")} == set(REFUSED_BATCHES)


@pytest.mark.parametrize("sample", samples("refused"), ids=lambda path: path.stem)
def test_refused_samples_are_refused(sample: Path) -> None:
    with pytest.raises(IngestError) as found:
        read_batch(sample.read_bytes())
    field = found.value.field if isinstance(found.value, InvalidBatchError) else None
    assert (found.value.status, field) == REFUSED_BATCHES[sample.stem]


@pytest.mark.parametrize(
    "sample", samples("accepted") + samples("refused"), ids=lambda path: path.stem
)
def test_both_ways_of_reading_agree_on_the_samples(sample: Path) -> None:
    outcomes = []
    for read in (read_batch, read_carefully):
        try:
            outcomes.append(repr(read(sample.read_bytes())))
        except IngestError as error:
            outcomes.append(repr(vars(error)))
    assert outcomes[0] == outcomes[1]


def test_what_the_collector_writes_is_accepted() -> None:
    heard = Event(
        1_773_147_600_003, "ami", "QueueCallerJoin", {"Queue": "Atenção", "X": ["1", "2"]}
    )
    lost = gap(2, 9, 1_773_147_600_004, 1_773_147_600_009, "spool_full")
    body = encode_batch(
        "pbx-01",
        "0f8fad5bd9cb469fa16570867728950e",
        1_773_147_600_120,
        [encode_event(1, heard), encode_event(9, lost)],
    )
    received = read_batch(body)
    assert received.refused == []
    assert [event.sequence for event in received.events] == [1, 9]
    assert received.events[0].at == 1_773_147_600_003
    assert received.events[0].fields == heard.fields
