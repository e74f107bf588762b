from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.config import AmiConfig, CollectorConfig
from agent.errors import CaptureError
from agent.replay import replay
from tests.support.captures import events_of, scenario
from tests.support.fake_ingest import TOKEN, FakeIngest, fake_ingest

RECONNECT = scenario("18.26.4/o_reconnect_v2")


@pytest.fixture
def ingest() -> Iterator[FakeIngest]:
    with fake_ingest() as running:
        yield running


@pytest.fixture
def config(ingest: FakeIngest) -> CollectorConfig:
    return CollectorConfig(
        site="pbx-01",
        ami=AmiConfig("127.0.0.1", 5038, "unused", "unused", reads_dialplan=False),
        ingest_url=ingest.url,
        ingest_token=TOKEN,
        ca_file="",
        numbers="last4",
        privacy_key=b"made-up tenant key",
        spool_path="",
        spool_max_bytes=1,
        queue_log_path="",
        queues_path="",
    )


def test_capture_arrives_whole_with_its_own_times(
    config: CollectorConfig, ingest: FakeIngest, tmp_path: Path
) -> None:
    progress: list[int] = []
    total = replay(config, str(RECONNECT.unpack(tmp_path / "capture")), progress.append)
    expected = [event for event in events_of(RECONNECT.connections) if event.name != "heartbeat"]
    names = [event["name"] for event in ingest.events]
    assert names[:-1] == [event.name for event in expected]
    assert names[-1] == "ami_lost"
    assert ingest.events[0]["at"].startswith("2026-11-24T23:")
    assert total == progress[-1] == len(names)


def test_same_capture_twice_is_the_same_spool(
    config: CollectorConfig, ingest: FakeIngest, tmp_path: Path
) -> None:
    path = str(RECONNECT.unpack(tmp_path / "capture"))
    for _ in range(2):
        replay(config, path, lambda _count: None)
    first, second = ingest.batches
    assert first["spool"] == second["spool"]
    assert first["events"] == second["events"]


def test_single_file_is_a_capture_as_well(
    config: CollectorConfig, ingest: FakeIngest, tmp_path: Path
) -> None:
    directory = RECONNECT.unpack(tmp_path / "capture")
    replay(config, str(directory / "capture.2.ami"), lambda _count: None)
    assert [event["name"] for event in ingest.events].count("ami_connected") == 1


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("queue_log", "", "no recorded connection"),
        ("capture.ami", "", "cannot read .*capture.idx.jsonl"),
        ("capture.idx.jsonl", '{"t": 1', "no recorded connection"),
    ],
)
def test_what_is_no_capture_is_said(
    config: CollectorConfig, tmp_path: Path, file: str, content: str, message: str
) -> None:
    (tmp_path / file).write_text(content)
    with pytest.raises(CaptureError, match=message):
        replay(config, str(tmp_path), lambda _count: None)


def test_wrong_index_is_said_by_its_line(config: CollectorConfig, tmp_path: Path) -> None:
    (tmp_path / "capture.ami").write_text("")
    (tmp_path / "capture.idx.jsonl").write_text('{"t": 1, "o": 0, "n": 0}\nnonsense\n')
    with pytest.raises(CaptureError, match="line 2 is wrong"):
        replay(config, str(tmp_path), lambda _count: None)
