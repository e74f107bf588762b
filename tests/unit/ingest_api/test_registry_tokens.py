import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ingest_api import registry_tokens
from ingest_api.auth import RegistryState, SiteIdentity, admit, authenticate, token_digest
from ingest_api.errors import ConfigError, UnauthorizedError
from ingest_api.registry_tokens import RegistryTokens
from ingest_api.token_source import (
    ClickHouseTokenSource,
    RegisteredToken,
    RegistryAwayError,
)


class Source:
    """A registry that can be away, and tells when it was asked."""

    def __init__(self, *tokens: RegisteredToken) -> None:
        self.tokens = list(tokens)
        self.is_away = False
        self.is_broken = False
        self.asked = threading.Semaphore(0)

    def load(self) -> list[RegisteredToken]:
        self.asked.release()
        if self.is_broken:
            raise ZeroDivisionError
        if self.is_away:
            raise RegistryAwayError("made up")
        return list(self.tokens)


class Clock:
    now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


def token(text: str, until_ms: int | None = None, site: str = "pbx-01") -> RegisteredToken:
    return RegisteredToken(
        sha256=token_digest(text), tenant="acme", site=site, valid_until_ms=until_ms
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "tokens-copy.json"


@contextmanager
def opened(
    source: Source, copy: Path, clock: Callable[[], float] | None = None
) -> Iterator[RegistryTokens]:
    with RegistryTokens(source, copy, clock or Clock()) as tokens:
        yield tokens


def is_let_in(tokens: RegistryTokens, text: str) -> bool:
    try:
        return authenticate(tokens, text).identity.tenant == "acme"
    except UnauthorizedError:
        return False


def test_a_token_stands_for_its_site(copy: Path) -> None:
    source = Source(token("one"), token("two", site="pbx-02"))
    with opened(source, copy) as tokens:
        assert authenticate(tokens, "two").identity == SiteIdentity("acme", "pbx-02")
        assert not is_let_in(tokens, "three")


def test_a_token_taken_back_ends_with_the_next_look(copy: Path) -> None:
    source = Source(token("one"))
    with opened(source, copy) as tokens:
        source.tokens = [token("two")]
        assert tokens.refresh()
        assert (is_let_in(tokens, "one"), is_let_in(tokens, "two")) == (False, True)


def test_a_rotated_token_ends_at_its_moment_even_while_the_registry_is_away(copy: Path) -> None:
    clock = Clock()
    end_ms = int(clock.now_s * 1000) + 1_000
    source = Source(token("old", end_ms), token("new"))
    with opened(source, copy, clock) as tokens:
        source.is_away = True
        assert not tokens.refresh()
        assert is_let_in(tokens, "old")
        clock.now_s += 1
        assert (is_let_in(tokens, "old"), is_let_in(tokens, "new")) == (False, True)


def test_who_was_let_in_stays_in_while_the_registry_is_away(copy: Path) -> None:
    source = Source(token("one"))
    with opened(source, copy) as tokens:
        source.is_away = True
        assert not tokens.refresh()
        assert is_let_in(tokens, "one")


def test_a_copy_carries_the_tokens_over_a_restart(copy: Path) -> None:
    source = Source(token("one"))
    with opened(source, copy):
        pass
    source.is_away = True
    with opened(source, copy) as tokens:
        assert is_let_in(tokens, "one")
        source.is_away = False
        source.tokens = []
        tokens.refresh()
        assert not is_let_in(tokens, "one")


def test_the_copy_holds_digests_and_is_for_its_owner_only(copy: Path) -> None:
    with opened(Source(token("secret-text")), copy):
        assert copy.stat().st_mode & 0o777 == 0o600
        assert "secret-text" not in copy.read_text()
        assert token_digest("secret-text") in copy.read_text()


def test_a_copy_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    with opened(Source(token("one")), tmp_path / "missing" / "copy.json") as tokens:
        assert is_let_in(tokens, "one")


def test_without_registry_and_copy_ingest_does_not_start(copy: Path) -> None:
    source = Source()
    source.is_away = True
    with pytest.raises(ConfigError, match="no copy of it yet"):
        RegistryTokens(source, copy)
    copy.write_text('{"tokens": [{"sha256": "x"}]}')
    with pytest.raises(ConfigError, match="is no copy of it"):
        RegistryTokens(source, copy)


def test_the_thread_looks_again_and_survives_a_bug(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_tokens, "LOOK_AGAIN_S", 0.002)
    monkeypatch.setattr(registry_tokens, "LOOK_FOR_UNKNOWN_S", 0.001)
    source = Source(token("one"))
    source.asked.release()
    with opened(source, copy) as tokens:
        source.is_broken = True
        for _ in range(5):
            assert source.asked.acquire(timeout=60)
        source.tokens = [token("two")]
        source.is_broken = False
        while not is_let_in(tokens, "two"):
            assert source.asked.acquire(timeout=60)
        assert not is_let_in(tokens, "one")


async def test_a_token_made_just_now_is_let_in_at_its_first_request(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_tokens, "LOOK_FOR_UNKNOWN_S", 0.001)
    source = Source(token("one"))
    with opened(source, copy) as tokens:
        source.tokens = [token("one"), token("two")]
        assert (await admit(tokens, "two")).identity.tenant == "acme"
        with pytest.raises(UnauthorizedError):
            await admit(tokens, "three")
        # Who is known waits for nothing.
        source.asked = threading.Semaphore(0)
        assert (await admit(tokens, "one")).identity.tenant == "acme"
        assert not source.asked.acquire(blocking=False)


async def test_of_many_unknown_ones_few_wait_and_all_are_refused(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_tokens, "LOOK_FOR_UNKNOWN_S", 0.2)
    source = Source(token("one"))
    with opened(source, copy) as tokens:
        looks = asyncio.gather(*(tokens.news() for _ in range(1_000)))
        told = await looks
        assert told.count(True) == registry_tokens.MAX_WAITING
        assert told.count(False) == 1_000 - registry_tokens.MAX_WAITING


async def test_while_the_registry_is_away_the_unknown_are_refused(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_tokens, "LOOK_FOR_UNKNOWN_S", 0.001)
    source = Source(token("one"))
    with opened(source, copy) as tokens:
        source.is_away = True
        with pytest.raises(UnauthorizedError):
            await admit(tokens, "two")
        source.is_broken = True
        with pytest.raises(UnauthorizedError):
            await admit(tokens, "two")


async def test_nobody_waits_longer_than_two_seconds(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_tokens, "NEWS_WITHIN_S", 0.01)
    monkeypatch.setattr(registry_tokens, "LOOK_FOR_UNKNOWN_S", 3_600.0)
    with opened(Source(token("one")), copy) as tokens:
        assert not await tokens.news()


def test_its_age_grows_while_the_registry_is_away_and_over_a_restart(copy: Path) -> None:
    source, clock = Source(token("one"), token("two")), Clock()
    with opened(source, copy, clock) as tokens:
        clock.now_s += 3_600
        assert tokens.refresh()
        assert tokens.state() == RegistryState(tokens=2, age_s=0, failures=0)
        source.is_away = True
        for _ in range(3):
            clock.now_s += 5
            tokens.refresh()
        assert tokens.state() == RegistryState(tokens=2, age_s=15, failures=3)
    clock.now_s += 85
    with opened(source, copy, clock) as tokens:
        assert tokens.state() == RegistryState(tokens=2, age_s=100, failures=1)
        source.is_away = False
        assert tokens.refresh()
        assert tokens.state().age_s == 0


@pytest.mark.parametrize("url", ["", "clickhouse", "ftp://host", "http://"])
def test_an_address_of_another_form_names_the_setting(url: str) -> None:
    with pytest.raises(ConfigError, match="CLICKHOUSE_URL"):
        ClickHouseTokenSource(url)
