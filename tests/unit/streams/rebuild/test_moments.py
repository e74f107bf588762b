import pytest

from streams.rebuild.moments import moment_text, parse_moment

MIDNIGHT = 1_773_100_800_000  # 2026-03-10 00:00 UTC


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-03-10", MIDNIGHT),
        ("2026-03-10T00:00", MIDNIGHT),
        ("2026-03-10T00:00:00Z", MIDNIGHT),
        ("2026-03-09T21:00:00-03:00", MIDNIGHT),
        ("2026-03-10 00:00:00.250", MIDNIGHT + 250),
    ],
)
def test_a_moment_is_utc_unless_it_names_a_zone(text: str, at: int) -> None:
    assert parse_moment(text) == at


@pytest.mark.parametrize("text", ["", "yesterday", "10/03/2026", "1773100800"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="isoformat"):
        parse_moment(text)


def test_a_moment_is_said_in_utc() -> None:
    assert moment_text(MIDNIGHT) == "2026-03-10T00:00:00Z"
    assert moment_text(MIDNIGHT + 5) == "2026-03-10T00:00:00.005Z"
