"""One worker over a broker: what it does with its neighbours' faults, end to end."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from kafka import KafkaProducer

from ingest_api.contract.published import decode_batch, encode_batch
from ingest_api.contract.topics import ALL_TOPICS, DEAD_EVENTS, PBX_EVENTS
from local.broker import running_broker
from local.process import LOOPBACK, free_port
from streams.__main__ import main
from streams.dead_letter_list import read_dead_letters
from streams.errors import TopicsError
from streams.names import SITE_CHANGELOG
from streams.processors.dead_letters import DeadLetter, FloodGuard
from streams.processors.ports import SiteFold
from streams.processors.site_carrier import SiteCarrier
from streams.processors.site_record import record_place
from streams.processors.source_message import Message
from streams.topics import check_topics, create_topics, topic_id
from tests.integration.recorded_rows import RowRecorder, expected_rows
from tests.integration.shift_of_sites import SourceMessage, shift
from tests.integration.stream_brokers import BROKERS, broker_with_topics
from tests.integration.stream_workers import PARTITIONS, feed, workers
from tests.support import kafka_broker
from tests.support.stories import Story

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


@pytest.fixture(params=BROKERS)
def bootstrap(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with broker_with_topics(request.param, tmp_path) as address:
        yield address


def dead_letters(bootstrap: str) -> list[tuple[bytes, str]]:
    """Value and reason of every dead letter."""
    return [
        (record.value, dict(record.headers)["reason"].decode())
        for record in kafka_broker.read_records(bootstrap, DEAD_EVENTS)
    ]


def produced(bootstrap: str, messages: Sequence[SourceMessage]) -> list[Message]:
    """The messages as the source topic holds them."""
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    futures = [producer.send(PBX_EVENTS, key=m.key, value=m.value) for m in messages]
    places = [future.get(10) for future in futures]
    producer.close()
    return [
        Message(PBX_EVENTS, place.partition, place.offset, message.key, message.value, bool)
        for message, place in zip(messages, places, strict=True)
    ]


def put_aside(bootstrap: str, key: bytes, value: bytes, reason: str, offset: int) -> None:
    message = Message(PBX_EVENTS, 0, offset, key, value, bool)
    letter = DeadLetter.of(message, reason)
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    producer.send(DEAD_EVENTS, key=key, value=value, headers=letter.headers()).get(10)
    producer.close()


def changelog(bootstrap: str, records: Mapping[bytes, bytes]) -> None:
    """Put state records where a worker finds them.

    One by one: the embedded broker understates a log's end by its last batch, and these are not in
    the order in which a worker would have written them, so all of them must be read.
    """
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    for key, data in records.items():
        partition = record_place(data).partition
        producer.send(SITE_CHANGELOG, key=key, value=data, partition=partition).get(10)
    producer.close()


def test_topics_are_made_once(bootstrap: str) -> None:
    assert create_topics(bootstrap, PARTITIONS, 1) == []
    check_topics(bootstrap, PARTITIONS)


def test_a_topic_with_another_number_of_partitions_is_refused(bootstrap: str) -> None:
    with pytest.raises(TopicsError, match=f"has {PARTITIONS} partitions, .* says 3"):
        check_topics(bootstrap, 3)


def test_missing_topics_are_named(tmp_path: Path) -> None:
    with (
        running_broker(tmp_path / "broker.log") as address,
        pytest.raises(TopicsError, match=f"topic {ALL_TOPICS[0]} is missing"),
    ):
        check_topics(address, PARTITIONS)


def test_a_worker_told_to_stop_in_the_middle_ends_well(bootstrap: str, tmp_path: Path) -> None:
    messages = list(shift(sites=6, events_per_site=1_500, seed=25))
    with workers(bootstrap, tmp_path, STREAMS_FLUSH_INTERVAL_MS="10") as group:
        worker = group.start()
        feeding = feed(bootstrap, messages, seconds=4)
        group.wait_for_more(within_s=90)
        worker.terminate()

        assert worker.wait(90) == 0
        assert "the worker stops" not in group.log()
        feeding.join()
        group.start()
        assert not group.wait_for(expected_rows(messages), within_s=90), group.log_tail()


def test_clickhouse_away_is_waited_out_without_losing_the_partitions(
    bootstrap: str, tmp_path: Path
) -> None:
    messages = list(shift(sites=6, events_per_site=1_500, seed=21))
    expected = expected_rows(messages)
    with workers(bootstrap, tmp_path, STREAMS_FLUSH_MAX_ROWS="500") as group:
        group.start()
        feed(bootstrap, messages[:50]).join()
        group.wait_for(expected_rows(messages[:50]), within_s=90)
        away = group.rows.with_suffix(".away")
        away.touch()
        feed(bootstrap, messages[50:], seconds=12).join()  # four times its session
        away.unlink()

        assert not group.wait_for(expected, within_s=90), group.log_tail()
        assert group.log().count("partitions recovered") == 1
        assert "ClickHouse is away" in group.log()


def test_a_batch_that_breaks_the_fold_leaves_a_gap_and_the_site_goes_on(
    bootstrap: str, tmp_path: Path
) -> None:
    messages = list(shift(sites=2, events_per_site=300, seed=22, repeated=0))
    garbage = SourceMessage(messages[0].key, b"not json")
    with workers(bootstrap, tmp_path, "--break-at=150") as group:
        feed(bootstrap, [*messages[:5], garbage, *messages[5:]]).join()
        group.start()
        wrong = group.wait_for(expected_rows(messages, broken_at=150), within_s=90)

        assert not wrong, group.log_tail()
    broken = [
        message.value
        for message in messages
        if any(event.sequence == 150 for event in decode_batch(message.value).events)
    ]
    letters = dead_letters(bootstrap)
    assert sorted(value for value, _ in letters) == sorted([*broken, b"not json"])
    assert {reason.split(" ")[0] for _, reason in letters} == {"KeyError", "DecodeError"}
    listed = read_dead_letters(bootstrap, "acme")
    assert len(listed) == len(letters)
    for letter in listed:
        assert (letter.first_sequence or 0) <= 150 <= (letter.last_sequence or 150)


def test_dead_letters_are_listed_with_the_command_that_counts_them(
    bootstrap: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def listing(*options: str) -> list[str]:
        assert main(["dead-letters", "list", *options], {"KAFKA_BOOTSTRAP": bootstrap}) == 0
        return capsys.readouterr().out.splitlines()

    assert listing() == ["0 dead letters"]
    batch = Story().started("10:00:00").batches("10:00:04")[0]
    put_aside(bootstrap, b"acme/pbx-01", encode_batch(batch), "KeyError in fold (x.py:1)", 7)
    put_aside(bootstrap, b"other/pbx-02", b"not json", "DecodeError in decode (y.py:2)", 8)

    lines = listing()
    assert lines[0].endswith(
        "Z  acme/pbx-01  events 1 to 4  KeyError in fold (x.py:1)  pbx.events.v1/0/7"
    )
    assert lines[1].endswith(
        "Z  other/pbx-02  no events of the site  DecodeError in decode (y.py:2)  pbx.events.v1/0/8"
    )
    assert lines[2:] == [
        "2 dead letters",
        "To count them once the rules take them, rebuild their sites:",
        "  python -m streams rebuild --tenant acme --site pbx-01 --from 2026-03-10T13:00:00Z",
    ]
    (letter,) = map(json.loads, listing("--tenant", "other", "--json"))
    assert (letter["site"], letter["first_sequence"]) == ("pbx-02", None)
    assert "pbx-02" in listing("--limit", "1")[0]


def test_a_flood_of_them_stops_the_worker(bootstrap: str, tmp_path: Path) -> None:
    garbage = [SourceMessage(b"acme/pbx-01", b"not json")] * 5
    with workers(bootstrap, tmp_path, STREAMS_DEAD_LETTERS_PER_MINUTE="3") as group:
        feed(bootstrap, garbage).join()
        worker = group.start()

        assert worker.wait(90) == 1
        assert "4 batches within 60 s broke the fold; the limit is 3" in group.log()


def test_a_site_whose_record_is_older_than_the_floor_is_healed_by_one_rewind(
    bootstrap: str, tmp_path: Path
) -> None:
    """As a worker leaves it that stood still, wrote late, and whose rivals were compacted away."""
    messages = list(shift(sites=8, events_per_site=1_000, seed=23, repeated=0))
    sent = produced(bootstrap, messages)
    carrier = SiteCarrier({}, SiteFold(), FloodGuard(0))
    carrier.load(range(PARTITIONS), topic_id(bootstrap, PBX_EVENTS))
    with workers(bootstrap, tmp_path) as group:
        recorder = RowRecorder(group.rows)

        def flushed(part: Sequence[Message]) -> dict[bytes, bytes]:
            for message in part:
                carrier.take(message)
            unit = carrier.cut()
            recorder.write(unit.facts, unit.batches)
            carrier.flushed(unit)
            return unit.records

        old = flushed(sent[: len(sent) // 4])
        records = flushed(sent[len(sent) // 4 : len(sent) // 2])
        records |= flushed(sent[len(sent) // 2 : len(sent) // 2 + 20])
        late = messages[0].key
        changelog(bootstrap, records | {late: old[late]})
        group.start()

        assert not group.wait_for(expected_rows(messages), within_s=90), group.log_tail()
        assert group.log().count("site jumped") == 1


def test_a_broker_that_comes_back_empty_is_read_from_its_start(tmp_path: Path) -> None:
    messages = list(shift(sites=4, events_per_site=600, seed=24, repeated=0))
    half = len(messages) // 2
    port = free_port()
    bootstrap = f"{LOOPBACK}:{port}"
    with workers(bootstrap, tmp_path, STREAMS_PARTITIONS=str(kafka_broker.PARTITIONS)) as group:
        with running_broker(tmp_path / "broker.log", port):
            create_topics(bootstrap, kafka_broker.PARTITIONS, 1)
            group.start()
            feed(bootstrap, messages[:half]).join()
            assert not group.wait_for(expected_rows(messages[:half]), within_s=90)
        with running_broker(tmp_path / "broker.log", port):
            create_topics(bootstrap, kafka_broker.PARTITIONS, 1)
            feed(bootstrap, messages[half:]).join()
            assert not group.wait_for(expected_rows(messages), within_s=90), group.log_tail()
