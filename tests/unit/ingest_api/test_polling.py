"""Asking platforms: whose accounts, from where on, and what is done when it goes wrong."""

import json
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from connectors.door import Passed
from connectors.poller import PlatformAwayError, PlatformRefusesError, Publish, Round
from ingest_api.auth import SiteIdentity
from ingest_api.contract.chat import decode_chat_event
from ingest_api.errors import ConfigError
from ingest_api.masking import Masking, Maskings
from ingest_api.polling.accounts import PolledAccount, read_accounts
from ingest_api.polling.command import config_from
from ingest_api.polling.cursors import Cursors
from ingest_api.polling.rounds import REFUSED_PAUSE_S, Rounds
from tests.support.memory_publisher import MemoryPublisher

ACCOUNT = PolledAccount(
    tenant="acme",
    site="whatsapp-01",
    connector="helena",
    base_url="https://api.wts.chat",
    token="pn_made_up_token",
)
FOUND = Passed("polled session", {"id": "s"}, "+55|11900000001")


class Scripted:
    """A poller that finds what it is told to, or fails."""

    def __init__(self, outcome: Exception | list[Passed]) -> None:
        self.cursor_ms = 5
        self.outcome = outcome

    async def sessions(self, publish: Publish) -> Round:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        for passed in self.outcome:
            await publish(passed)
        self.cursor_ms = 9
        return Round(len(self.outcome), len(self.outcome))

    async def agents(self, publish: Publish) -> Round:
        return await self.sessions(publish)

    async def close(self) -> None:
        pass


def rounds(
    poller: Scripted,
    publisher: MemoryPublisher,
    folder: Path,
    account: PolledAccount = ACCOUNT,
    now_ms: int = 77,
) -> Rounds:
    maskings = Maskings({"acme": Masking(key="made-up-key-of-acme")})
    return Rounds(
        account,
        poller,
        publisher=publisher,
        maskings=maskings,
        cursors=Cursors(folder / "cursors.json"),
        now_ms=lambda: now_ms,
    )


async def test_what_is_found_is_published_masked_and_the_cursor_kept(tmp_path: Path) -> None:
    publisher = MemoryPublisher()
    asked = rounds(Scripted([FOUND]), publisher, tmp_path)
    assert await asked._once("sessions", asked.sessions) == ("done", 0.0)
    ((key, value),) = publisher.written
    event = decode_chat_event(value)
    assert key == b"acme/whatsapp-01"
    assert (event.name, event.received_at, event.caller) == ("polled session", 77, "…0001")
    assert Cursors(tmp_path / "cursors.json").of(ACCOUNT.identity, 0) == 9


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (PlatformAwayError("/x: answer 429", 40.0), ("away", 40.0)),
        (PlatformRefusesError("/x: answer 401"), ("refused", REFUSED_PAUSE_S)),
        (KeyError("a fault of ours"), ("failed", 0.0)),
    ],
)
async def test_what_goes_wrong_is_told_and_tried_again(
    tmp_path: Path, outcome: Exception, told: tuple[str, float]
) -> None:
    asked = rounds(Scripted(outcome), MemoryPublisher(), tmp_path)
    assert await asked._once("sessions", asked.sessions) == told


async def test_an_account_is_missed_since_it_was_last_read_whoever_read_it(tmp_path: Path) -> None:
    """An alert on a moment that is not told fires never; on one that restarts move, neither."""
    account = ACCOUNT.model_copy(update={"site": "whatsapp-crashing"})

    def told() -> float | None:
        labels = {"tenant": "acme", "site": "whatsapp-crashing"}
        return REGISTRY.get_sample_value("ingest_poll_last_done_timestamp_seconds", labels)

    def started(at_ms: int, outcome: Exception | list[Passed]) -> Rounds:
        poller = Scripted(outcome)
        return rounds(poller, MemoryPublisher(), tmp_path, account, now_ms=at_ms)

    assert told() is None
    away = PlatformAwayError("/x: no answer")
    for at_ms in (60_000, 660_000):
        asked = started(at_ms, away)
        await asked._once("sessions", asked.sessions)
        assert told() == 60.0
    asked = started(900_000, [])
    assert await asked._once("sessions", asked.sessions) == ("done", 0.0)
    assert told() == 900.0
    started(1_500_000, away)
    assert told() == 900.0
    started(300_000, away)
    assert told() == 300.0, "the clock was set back"


async def test_what_the_broker_does_not_take_is_asked_for_again(tmp_path: Path) -> None:
    publisher = MemoryPublisher()
    publisher.is_away = True
    asked = rounds(Scripted([FOUND]), publisher, tmp_path)
    assert await asked._once("sessions", asked.sessions) == ("not_stored", 0.0)
    assert Cursors(tmp_path / "cursors.json").of(ACCOUNT.identity, 0) == 5


def written(folder: Path, content: object, mode: int = 0o600) -> Path:
    path = folder / "poll.json"
    path.write_text(json.dumps(content))
    path.chmod(mode)
    return path


def test_accounts_are_read_and_their_tokens_not_shown(tmp_path: Path) -> None:
    entry = {**ACCOUNT.model_dump(), "base_url": "https://api.example.com/"}
    (account,) = read_accounts(written(tmp_path, [entry]))
    assert account.base_url == "https://api.example.com"
    assert "pn_made_up" not in repr(account)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"base_url": "http://api.wts.chat"}, "https"),
        ({"base_url": "https://api.wts.chat/chat"}, "without a path"),
        ({"connector": "chatwoot"}, "only helena"),
        ({"token": ""}, "token"),
        ({"site": "a/b"}, "site"),
        ({"more": 1}, "more"),
    ],
)
def test_an_account_that_cannot_be_asked_is_named(
    tmp_path: Path, change: dict[str, object], problem: str
) -> None:
    path = written(tmp_path, [{**ACCOUNT.model_dump(), **change}])
    with pytest.raises(ConfigError, match=problem) as caught:
        read_accounts(path)
    assert "pn_made_up" not in str(caught.value)


def test_a_file_of_tokens_is_its_owners_alone(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="chmod 600"):
        read_accounts(written(tmp_path, [], mode=0o644))
    with pytest.raises(ConfigError, match="No such file"):
        read_accounts(tmp_path / "nothing.json")


@pytest.mark.parametrize("content", ["", "[]", "{", '{"acme/whatsapp-01": "x"}'])
def test_cursors_that_cannot_be_read_are_begun_anew(tmp_path: Path, content: str) -> None:
    path = tmp_path / "cursors.json"
    path.write_text(content)
    cursors = Cursors(path)
    assert cursors.of(SiteIdentity("acme", "whatsapp-01"), 3) == 3
    cursors.keep(SiteIdentity("acme", "whatsapp-01"), 7)
    assert Cursors(path).of(SiteIdentity("acme", "whatsapp-01"), 3) == 7


def test_settings_that_are_wrong_are_named() -> None:
    good = {
        "KAFKA_BOOTSTRAP": "127.0.0.1:9092",
        "INGEST_POLL_FILE": "poll.json",
        "INGEST_POLL_CURSORS": "cursors.json",
    }
    assert config_from(good).intervals.sessions_s == 60.0
    for name, value in (
        ("KAFKA_BOOTSTRAP", ""),
        ("INGEST_POLL_FILE", ""),
        ("INGEST_POLL_SESSIONS_S", "0"),
        ("INGEST_POLL_METRICS_PORT", "x"),
    ):
        with pytest.raises(ConfigError, match=name):
            config_from({**good, name: value})
