import json
from pathlib import Path
from typing import Any

import pytest

from ingest_api.__main__ import main
from ingest_api.auth import (
    RegistryState,
    SiteIdentity,
    authenticate,
    new_token,
    token_digest,
)
from ingest_api.errors import ConfigError, UnauthorizedError
from ingest_api.token_file import FileTokenRegistry, TokenEntry, add_token


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


def entry(token: str, **changes: Any) -> TokenEntry:
    values = {"sha256": token_digest(token), "tenant": "acme", "site": "pbx-01", **changes}
    return TokenEntry(**values)


def test_a_token_stands_for_its_site(path: Path) -> None:
    add_token(path, entry("one"))
    add_token(path, entry("two", tenant="globex", site="pbx-9"))
    tokens = FileTokenRegistry(path)
    assert authenticate(tokens, "one").identity == SiteIdentity("acme", "pbx-01")
    assert authenticate(tokens, "two").identity == SiteIdentity("globex", "pbx-9")


def test_a_site_may_have_two_tokens_while_they_are_rotated(path: Path) -> None:
    add_token(path, entry("old"))
    add_token(path, entry("new"))
    tokens = FileTokenRegistry(path)
    assert authenticate(tokens, "old").identity == authenticate(tokens, "new").identity


def test_unknown_and_disabled_tokens_look_alike(path: Path) -> None:
    add_token(path, entry("disabled", enabled=False))
    tokens = FileTokenRegistry(path)
    told = []
    for token in ("disabled", "unknown", "", "é\udcff"):
        with pytest.raises(UnauthorizedError) as found:
            authenticate(tokens, token)
        told.append(str(found.value))
    assert len(set(told)) == 1


def test_a_digest_of_the_same_beginning_is_another_token(path: Path) -> None:
    digest = token_digest("one")
    add_token(path, entry("one", sha256=digest[:8] + "0" * 56))
    with pytest.raises(UnauthorizedError):
        authenticate(FileTokenRegistry(path), "one")


def test_a_changed_file_is_read_again_within_a_second(path: Path) -> None:
    clock = Clock()
    add_token(path, entry("one"))
    tokens = FileTokenRegistry(path, clock)
    add_token(path, entry("two"))
    clock.now = 0.5
    with pytest.raises(UnauthorizedError):
        authenticate(tokens, "two")
    clock.now = 1.0
    assert authenticate(tokens, "two").identity == SiteIdentity("acme", "pbx-01")


@pytest.mark.parametrize("damage", ["", "{", '{"tokens": [{"sha256": "x"}]}', None])
def test_a_file_that_became_unreadable_keeps_the_tokens_known(
    path: Path, damage: str | None
) -> None:
    clock = Clock()
    add_token(path, entry("one"))
    tokens = FileTokenRegistry(path, clock)
    if damage is None:
        path.unlink()
    else:
        path.write_text(damage)
    clock.now = 2.0
    assert authenticate(tokens, "one").identity == SiteIdentity("acme", "pbx-01")
    assert tokens.state() == RegistryState(tokens=1, age_s=2.0, failures=1)
    path.unlink(missing_ok=True)
    add_token(path, entry("one"))
    clock.now = 3.0
    assert tokens.state() == RegistryState(tokens=1, age_s=0.0, failures=1)


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "[]",
        '{"tokens": [{"sha256": "abc", "tenant": "acme", "site": "pbx-01"}]}',
        json.dumps({"tokens": [{"sha256": "0" * 64, "tenant": "a/b", "site": "pbx-01"}]}),
        json.dumps({"tokens": [{"sha256": "0" * 64, "tenant": "acme"}]}),
    ],
)
def test_a_file_that_cannot_be_read_at_the_start_names_the_setting(
    path: Path, content: str | None
) -> None:
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match="INGEST_TOKENS_FILE"):
        FileTokenRegistry(path)


def test_the_file_is_for_its_owner_only(path: Path) -> None:
    add_token(path, entry("one"))
    assert path.stat().st_mode & 0o777 == 0o600


def test_tokens_are_long_and_never_twice_the_same() -> None:
    made = {new_token() for _ in range(100)}
    assert len(made) == 100
    assert min(map(len, made)) >= 43


def test_the_command_shows_the_token_once_and_adds_its_entry(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["token", "--tenant", "acme", "--site", "pbx-01", "--file", str(path)]
    assert main(arguments) == 0
    token = capsys.readouterr().out.splitlines()[0].removeprefix("token: ")
    assert token not in path.read_text()
    assert authenticate(FileTokenRegistry(path), token).identity.tenant == "acme"


def test_the_command_refuses_names_that_no_key_can_hold(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["token", "--tenant", "a/b", "--site", "pbx-01"]) == 2
    assert "--tenant" in capsys.readouterr().err
