"""The whole collector in this process, between a real TCP port and a real HTTP server."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent import collector as collector_module
from agent import delivery, listener, spooler
from agent.ami import session
from agent.collector import Collector
from agent.config import AmiConfig, CollectorConfig
from tests.support.fake_ami import SECRET, USER, FakeAmi, packet
from tests.support.fake_ingest import TOKEN, Batch, FakeIngest, Planned, fake_ingest


def call(number: int) -> tuple[str, ...]:
    return (
        f"Channel: PJSIP/trunk-{number:08x}",
        "CallerIDNum: +5511900000001",
        f"Uniqueid: 1773147600.{number}",
        f"Linkedid: 1773147600.{number}",
    )


def join(number: int) -> bytes:
    return packet("Event: QueueCallerJoin", "Privilege: agent,all", *call(number), "Queue: support")


def hangup(number: int) -> bytes:
    return packet("Event: Hangup", "Privilege: call,all", *call(number), "Cause: 16")


@pytest.fixture
def ami() -> Iterator[FakeAmi]:
    with FakeAmi() as running:
        yield running


@pytest.fixture
def ingest() -> Iterator[FakeIngest]:
    with fake_ingest() as running:
        yield running


@pytest.fixture(autouse=True)
def _paces_of_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it writes five times a second, and tries again half a second later, and later still."""
    monkeypatch.setattr(spooler, "COMMIT_EVERY_S", 0.01)
    for module in (delivery, listener):
        monkeypatch.setattr(module, "FIRST_RETRY_S", 0.01)
        monkeypatch.setattr(module, "MOST_RETRY_S", 0.02)


class Running:
    """A collector on its thread."""

    def __init__(self, config: CollectorConfig) -> None:
        self.collector = Collector(config)
        self._thread = threading.Thread(target=self.collector.run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.collector.stop()
        self._thread.join(10)
        assert not self._thread.is_alive()


@pytest.fixture
def config(ami: FakeAmi, ingest: FakeIngest, tmp_path: Path) -> CollectorConfig:
    return CollectorConfig(
        site="pbx-01",
        ami=AmiConfig("127.0.0.1", ami.port, USER, SECRET, reads_dialplan=False),
        ingest_url=ingest.url,
        ingest_token=TOKEN,
        ca_file="",
        numbers="last4",
        privacy_key=b"made-up tenant key",
        spool_path=str(tmp_path / "spool.db"),
        spool_max_bytes=1024 * 1024,
        queue_log_path=str(tmp_path / "queue_log"),
        queues_path=str(tmp_path / "queues.conf"),
    )


@pytest.fixture
def collector(config: CollectorConfig) -> Iterator[Running]:
    running = Running(config)
    yield running
    running.stop()


def names(events: list[dict[str, Any]]) -> list[str]:
    return [event["name"] for event in events if event["name"] != "heartbeat"]


@pytest.mark.usefixtures("collector")
def test_events_go_out_in_order_after_the_snapshot(ami: FakeAmi, ingest: FakeIngest) -> None:
    ami.queue_items = [["Event: QueueParams", "Queue: support"]]
    ami.wait_for("CoreShowChannels")
    ami.send(join(1) + hangup(1))
    ingest.wait_for_event("Hangup")
    assert names(ingest.events) == [
        "started",
        "ami_connected",
        "FullyBooted",
        "begin",
        "QueueParams",
        "end",
        "begin",
        "end",
        "QueueCallerJoin",
        "Hangup",
    ]
    assert [event["sequence"] for event in ingest.events] == list(range(1, len(ingest.events) + 1))


@pytest.mark.usefixtures("collector")
def test_number_of_the_caller_stays_on_the_pbx(ami: FakeAmi, ingest: FakeIngest) -> None:
    ami.wait_for("QueueStatus")
    ami.send(join(1))
    event = ingest.wait_for_event("QueueCallerJoin")
    assert event["fields"]["CallerIDNum"] == "…0001"
    assert "5511900000001" not in str(ingest.batches)


@pytest.mark.usefixtures("collector")
def test_after_a_cut_the_log_is_read_back_and_a_new_snapshot_taken(
    ami: FakeAmi, ingest: FakeIngest, tmp_path: Path
) -> None:
    ami.wait_for("QueueStatus")
    ami.send(join(1))
    at = ingest.wait_for_event("QueueCallerJoin")["at"]
    (tmp_path / "queue_log").write_text(
        "1773147000|1.1|support|NONE|ABANDON|1|1|5\n4102444800|1773147600.1|support|Ana|CONNECT|1|2.2|1\n"
    )
    ami.cut()
    connected = ingest.wait_for_event("ami_connected", 2)
    ingest.wait_for_event("end", 4)
    after = names(ingest.events[connected["sequence"] - 1 :])
    assert after[:4] == ["ami_connected", "CONNECT", "FullyBooted", "begin"]
    assert connected["fields"]["log"] == "read"
    lost = ingest.wait_for_event("ami_lost")
    assert lost["fields"]["reason"] == "closed by the PBX"
    assert at <= lost["at"] <= connected["at"]


@pytest.mark.usefixtures("collector")
def test_queue_configuration_is_taken_where_it_may_be_read(
    ami: FakeAmi, ingest: FakeIngest
) -> None:
    ami.config = ["Category-000000: support", "Line-000000-000000: wrapuptime=4"]
    ami.cut()
    fields = ingest.wait_for_event("QueueConfig")["fields"]
    assert fields == {"queue": "support", "wrapuptime": "4"}


@pytest.mark.usefixtures("collector")
def test_queue_configuration_is_read_from_its_file_where_ami_may_not_be_asked(
    ami: FakeAmi, ingest: FakeIngest, tmp_path: Path
) -> None:
    (tmp_path / "queues.conf").write_text("[support]\nwrapuptime = 5\n")
    ami.cut()
    assert ingest.wait_for_event("QueueConfig")["fields"] == {"queue": "support", "wrapuptime": "5"}
    lists = [e["fields"]["list"] for e in ingest.events if e["name"] == "begin"]
    assert lists.index("QueueConfig") == lists.index("QueueStatus") - 1


@pytest.mark.usefixtures("collector")
def test_heartbeat_tells_the_counters(
    ami: FakeAmi, ingest: FakeIngest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spooler, "HEARTBEAT_BUSY_S", 0.1)
    ami.wait_for("QueueStatus")
    ami.send(join(1) + packet("Event: QueueCallerAbandon", "Queue: support") + b"garbage\r\n\r\n")
    ingest.wait_for(
        lambda events: any(
            event["name"] == "heartbeat"
            and event["fields"]["open_calls"] == "1"
            and event["fields"]["packets_forged"] == "1"
            and event["fields"]["unknown_lines"] == "1"
            for event in events
        )
    )


def test_what_was_spooled_while_ingest_was_away_arrives_after_a_restart(
    ami: FakeAmi, ingest: FakeIngest, config: CollectorConfig
) -> None:
    is_spooled = threading.Event()

    def refuses(batch: Batch) -> int:
        if "QueueCallerJoin" in names(batch["events"]):
            is_spooled.set()
        return 503

    ingest.refuses = refuses
    first = Running(config)
    ami.wait_for("QueueStatus")
    ami.send(join(1))
    assert is_spooled.wait(10)
    first.stop()
    ingest.refuses = lambda _batch: None
    second = Running(config)
    ingest.wait_for_event("started", 2)
    second.stop()
    assert "QueueCallerJoin" in names(ingest.events)
    assert [event["sequence"] for event in ingest.events] == list(range(1, len(ingest.events) + 1))
    assert len({batch["spool"] for batch in ingest.batches}) == 1


class Outage:
    """An ingest that is away until it was offered a gap of a certain reason."""

    def __init__(self, ingest: FakeIngest, reason: str) -> None:
        self.gap_is_spooled = threading.Event()
        self._reason = reason
        self._ingest = ingest
        ingest.refuses = self._refuse

    def end(self) -> None:
        assert self.gap_is_spooled.wait(30)
        self._ingest.refuses = lambda _batch: None

    def _refuse(self, batch: Batch) -> Planned:
        first = batch["events"][0]
        if first["name"] == "gap" and first["fields"]["reason"] == self._reason:
            self.gap_is_spooled.set()
        return Planned(503, {"Retry-After": "0"})


def covered(events: list[dict[str, Any]]) -> list[int]:
    numbers: list[int] = []
    for event in events:
        first = int(event["fields"]["from"]) if event["name"] == "gap" else event["sequence"]
        numbers.extend(range(first, event["sequence"] + 1))
    return numbers


def test_after_a_full_spool_the_gap_is_told_and_the_lists_are_asked_anew(
    ami: FakeAmi, ingest: FakeIngest, config: CollectorConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "SNAPSHOT_WANTED_EVERY_S", 0.0)
    outage = Outage(ingest, "spool_full")
    running = Running(config._replace(spool_max_bytes=5000))
    ami.wait_for("CoreShowChannels")
    for number in range(60):
        ami.send(join(number))
    outage.end()
    gap = ingest.wait_for_event("gap")
    ami.wait_for("CoreShowChannels")
    ingest.wait_for(
        lambda events: "end" in [e["name"] for e in events if e["sequence"] > gap["sequence"]]
    )
    running.stop()
    assert covered(ingest.events) == list(range(1, ingest.events[-1]["sequence"] + 1))


def test_a_disk_without_space_stops_nothing_and_what_had_to_go_is_told(
    ami: FakeAmi, ingest: FakeIngest, config: CollectorConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collector_module, "INTAKE_MAX_EVENTS", 50)
    monkeypatch.setattr(spooler, "RETRY_S", 0.02)
    outage = Outage(ingest, "disk_full")
    running = Running(config)
    ami.wait_for("CoreShowChannels")
    spool = running.collector._spool
    with spool._lock:
        spool._file.execute("PRAGMA max_page_count=20")
    for number in range(600):
        ami.send(join(number))
    outage.end()
    ingest.wait_for(
        lambda events: any(
            event["fields"].get("Uniqueid") == "1773147600.599" for event in events[-100:]
        )
    )
    assert "ami_lost" not in names(ingest.events)
    running.stop()
    assert covered(ingest.events) == list(range(1, ingest.events[-1]["sequence"] + 1))


def test_wrong_secret_is_told_and_does_not_end_the_collector(
    config: CollectorConfig, caplog: pytest.LogCaptureFixture
) -> None:
    is_logged = threading.Event()

    def note(_record: logging.LogRecord) -> bool:
        is_logged.set()
        return True

    caplog.handler.addFilter(note)
    wrong = config._replace(ami=config.ami._replace(secret="another secret"))
    running = Running(wrong)
    assert is_logged.wait(10)
    running.stop()
    caplog.handler.removeFilter(note)
    assert "login refused: Authentication failed" in caplog.text
    assert "another secret" not in caplog.text


def test_thread_that_dies_ends_the_collector_with_its_error(
    config: CollectorConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    collector = Collector(config)

    def broken(_events: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(collector._spool, "append", broken)
    with pytest.raises(ZeroDivisionError):
        collector.run()
    assert Path(config.spool_path).exists()


@pytest.mark.usefixtures("collector")
def test_megabyte_field_and_garbage_keep_the_connection_and_the_neighbours(
    ami: FakeAmi, ingest: FakeIngest
) -> None:
    ami.wait_for("QueueStatus")
    big = packet("Event: Newexten", "Privilege: dialplan,all", "AppData: " + "x" * 1_000_000)
    ami.send(join(1) + big + b"\xff\xfe\x00\r\n\r\n" + join(2))
    ingest.wait_for_event("QueueCallerJoin", 2)
    assert "ami_lost" not in names(ingest.events)
