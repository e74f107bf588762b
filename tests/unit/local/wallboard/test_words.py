"""Numbers as people of each language write them."""

import pytest

from local.wallboard.words import LANGUAGES, duration, percent


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "—"), (0, "0:00"), (9.99, "0:09"), (60, "1:00"), (3599, "59:59"), (3725, "1:02:05")],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_percentages_and_no_value() -> None:
    assert percent(0.8345, LANGUAGES["pt-BR"]) == "83,5 %"
    assert percent(0.8345, LANGUAGES["en"]) == "83.5 %"
    assert percent(0.0, LANGUAGES["pt-BR"]) == "0,0 %"
    assert percent(None, LANGUAGES["pt-BR"]) == "—"


def test_every_language_names_the_same_states() -> None:
    assert len({frozenset(words.states) for words in LANGUAGES.values()}) == 1
