import json

import pytest

from tenants.__main__ import main
from tenants.outcome import Outcome, as_json, as_text


def test_an_address_that_is_missing_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"], {}) == 2
    assert capsys.readouterr().err.startswith("CLICKHOUSE_URL is not set")


@pytest.mark.parametrize(
    "place", ["tcp://{}127.0.0.1:9000", "http://{}127.0.0.1:x", "http://{}[::1"]
)
def test_an_address_of_another_form_is_named_without_its_password(
    capsys: pytest.CaptureFixture[str], place: str
) -> None:
    assert main(["list"], {"CLICKHOUSE_URL": place.format("admin:made-up@")}) == 2
    told = capsys.readouterr().err
    assert told.startswith("CLICKHOUSE_URL must look like")
    assert "made-up" not in told


def test_a_server_that_does_not_answer_is_named_without_the_password(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["list"], {"CLICKHOUSE_URL": "http://admin:made-up@127.0.0.1:1"}) == 1
    told = capsys.readouterr().err
    assert told.startswith("ClickHouse at 127.0.0.1:1 does not answer")
    assert told.count("\n") == 1
    assert "made-up" not in told


@pytest.mark.parametrize("words", [[], ["remove", "acme"], ["site"], ["queue", "set", "acme"]])
def test_wrong_words_end_with_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words, {})
    assert ended.value.code == 2


def test_nothing_to_tell_is_told() -> None:
    assert as_text(Outcome()) == "nothing changed"
    assert json.loads(as_json(Outcome())) == {"changed": False, "changes": [], "notes": []}


def test_secrets_stand_apart_and_once() -> None:
    text = as_text(Outcome(("site a/b: added",), ("see",), {"token": "t0k3n"}, "[site]\n"))
    assert text.startswith("site a/b: added\nnote: see\n\nShown only now, and stored nowhere:\n")
    assert text.count("t0k3n") == 1
    assert text.endswith("\n\n[site]\n")
