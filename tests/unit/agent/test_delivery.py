import json
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.delivery import MAX_BATCH_EVENTS, Delivery
from agent.event import Event
from agent.ingest_client import IngestClient
from agent.spool import Spool
from tests.support.fake_ingest import TOKEN, Batch, FakeIngest, fake_ingest

NOW = 1_773_147_600_000


@pytest.fixture
def ingest() -> Iterator[FakeIngest]:
    with fake_ingest() as running:
        yield running


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(str(tmp_path / "spool.db"), 1024 * 1024, NOW)


def delivery(ingest: FakeIngest, spool: Spool, token: str = TOKEN) -> Delivery:
    client = IngestClient(ingest.url, token, "")
    return Delivery("pbx-01", spool, client, clock=lambda: NOW / 1000)


def events(count: int) -> list[Event]:
    return [Event(NOW, "ami", "Hangup", {"Uniqueid": str(n)}) for n in range(1, count + 1)]


def run(sender: Delivery, spool: Spool) -> list[float]:
    """Steps until the spool is empty; the delays asked for on the way."""
    delays = []
    while spool.events:
        delays.append(sender.step())
        assert len(delays) < 100
    return delays


def test_batch_is_as_documented(ingest: FakeIngest, spool: Spool) -> None:
    spool.append(events(1))
    assert delivery(ingest, spool).step() == 0.0
    assert ingest.batches == [
        {
            "site": "pbx-01",
            "spool": spool.spool_id,
            "collector": {"version": "0.1.0"},
            "sent_at": "2026-03-10T13:00:00.000Z",
            "events": [
                {
                    "sequence": 1,
                    "at": "2026-03-10T13:00:00.000Z",
                    "kind": "ami",
                    "name": "Hangup",
                    "fields": {"Uniqueid": "1"},
                }
            ],
        }
    ]
    assert spool.events == 0


def test_empty_spool_sends_nothing(ingest: FakeIngest, spool: Spool) -> None:
    assert delivery(ingest, spool).step() == 0.0
    assert ingest.requests == 0


def test_everything_arrives_in_order_over_one_connection(ingest: FakeIngest, spool: Spool) -> None:
    spool.append(events(1234))
    run(delivery(ingest, spool), spool)
    assert [event["sequence"] for event in ingest.events] == list(range(1, 1235))
    assert [len(batch["events"]) for batch in ingest.batches] == [500, 500, 234]
    assert ingest.connections == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_trouble_of_the_server_drops_nothing(ingest: FakeIngest, spool: Spool, status: int) -> None:
    spool.append(events(3))
    ingest.plan(status)
    ingest.plan(status)
    sender = delivery(ingest, spool)
    first, second, third = run(sender, spool)
    assert 0.25 <= first <= 0.5 <= second <= 1.0
    assert third == 0.0
    assert len(ingest.events) == 3


def test_retry_after_is_honoured(ingest: FakeIngest, spool: Spool) -> None:
    spool.append(events(1))
    ingest.plan(503, Retry_After="7")
    assert 7.0 <= delivery(ingest, spool).step() <= 8.0


def test_nonsense_in_retry_after_is_ignored(ingest: FakeIngest, spool: Spool) -> None:
    spool.append(events(1))
    ingest.plan(503, Retry_After="soon")
    assert delivery(ingest, spool).step() <= 0.5


def test_refused_token_drops_nothing_and_is_tried_slowly(ingest: FakeIngest, spool: Spool) -> None:
    spool.append(events(2))
    assert 30.0 <= delivery(ingest, spool, token="another").step() <= 60.0
    assert spool.events == 2


def test_server_that_is_away_is_tried_with_back_off(spool: Spool) -> None:
    with fake_ingest() as gone:
        pass
    spool.append(events(1))
    sender = delivery(gone, spool)
    assert [sender.step() > 0 for _ in range(3)] == [True, True, True]
    assert spool.events == 1


@pytest.mark.parametrize(
    ("status", "culprit"),
    [(400, 1), (413, 2), (422, 250), (422, 251), (422, 500), (422, 501), (422, 700)],
)
def test_single_culprit_becomes_a_gap_and_all_others_arrive(
    ingest: FakeIngest, spool: Spool, status: int, culprit: int
) -> None:
    def refuses(batch: Batch) -> int | None:
        is_in = any(
            e["name"] == "Hangup" and e["fields"]["Uniqueid"] == str(culprit)
            for e in batch["events"]
        )
        return status if is_in else None

    ingest.refuses = refuses
    spool.append(events(700))
    sender = delivery(ingest, spool)
    run(sender, spool)
    assert [event["sequence"] for event in ingest.events] == list(range(1, 701))
    gaps = [event for event in ingest.events if event["name"] == "gap"]
    assert [(gap["sequence"], gap["fields"]["reason"]) for gap in gaps] == [(culprit, "refused")]
    assert sender.refused_events == 1
    assert ingest.requests < 40


def test_server_that_refuses_everything_costs_one_event_and_then_people_are_waited_for(
    ingest: FakeIngest, spool: Spool
) -> None:
    ingest.refuses = lambda _batch: 422
    spool.append(events(MAX_BATCH_EVENTS))
    sender = delivery(ingest, spool)
    delays = [sender.step() for _ in range(12)]
    assert max(delays) >= 30.0
    names = [json.loads(event.text)["name"] for event in spool.read(500, 10**9).events]
    assert names == ["gap"] + ["Hangup"] * (MAX_BATCH_EVENTS - 1)


def test_connection_closed_while_idle_is_opened_again_at_once(
    ingest: FakeIngest, spool: Spool
) -> None:
    sender = delivery(ingest, spool)
    spool.append(events(1))
    ingest.plan(503, Connection="close")
    sender.step()
    assert sender.step() == 0.0
    assert ingest.connections == 2


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1, signed by itself, with its key in the same file."""
    directory = tmp_path_factory.mktemp("certificate")
    key, signed = directory / "key.pem", directory / "signed.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-days", "2"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(signed)),
        ],
        check=True,
        capture_output=True,
    )
    both = directory / "both.pem"
    both.write_text(key.read_text() + signed.read_text())
    return both


def test_own_authority_is_accepted_when_it_is_named(certificate: Path, spool: Spool) -> None:
    spool.append(events(1))
    with fake_ingest(certificate) as ingest:
        client = IngestClient(ingest.url, TOKEN, str(certificate.with_name("signed.pem")))
        assert Delivery("pbx-01", spool, client).step() == 0.0
        assert len(ingest.events) == 1
        client.close()


def test_certificate_of_an_unknown_authority_is_refused(certificate: Path, spool: Spool) -> None:
    spool.append(events(1))
    with fake_ingest(certificate) as ingest:
        sender = delivery(ingest, spool)
        assert sender.step() > 0.0
        assert "certificate" in sender.last_trouble.lower()
        assert ingest.requests == 0


def test_tls_older_than_1_2_is_not_spoken() -> None:
    client = IngestClient("https://ingest.example.com", TOKEN, "")
    context = client._connection._context  # type: ignore[attr-defined]
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
