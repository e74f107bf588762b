"""Every form in which a platform writes a moment."""

import pytest

from connectors.moments import Moments, ticks

AT = 17_731_476_001_234_567
"""2026-03-10T13:00:00.1234567Z in ticks."""


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-10T13:00:00.1234567Z",
        "2026-03-10T13:00:00.1234567",
        "2026-03-10T13:00:00.12345678Z",
        "2026-03-10T13:00:00.123456789",
        "2026-03-10 13:00:00.1234567 UTC",
        "2026-03-10T10:00:00.1234567-03:00",
        "2026-03-10T15:00:00.1234567+0200",
        " 2026-03-10T13:00:00,1234567z ",
    ],
)
def test_one_moment_in_all_its_forms(text: str) -> None:
    assert ticks(text) == AT
    assert Moments(AT // 10_000).ms(text) == 1_773_147_600_123


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-10T13:00:00.123456Z", 123_456_0),
        ("2026-03-10T13:00:00.1Z", 1_000_000),
        ("2026-03-10T13:00:00Z", 0),
        ("2026-03-10T13:00Z", 0),
        ("1773147600", 0),
        ("1773147600123", 1_230_000),
    ],
)
def test_fewer_decimals_are_fewer(text: str, expected: int) -> None:
    assert ticks(text) == 17_731_476_000_000_000 + expected


@pytest.mark.parametrize(("value", "expected"), [(1_773_147_600, 0), (1_773_147_600.5, 5_000_000)])
def test_numbers_are_unix_seconds(value: float, expected: int) -> None:
    assert ticks(value) == 17_731_476_000_000_000 + expected


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "",
        "yesterday",
        "2026-02-30T00:00:00Z",
        "2026-03-10T25:00:00Z",
        "2026-03-10T13:00:00.1Z trailing",
        "2026-03-10T13:00:00+99:99",
        "1969-12-31T23:59:59Z",
        "9" * 40,
        -5,
        0,
        "\uff12026-03-10T13:00:00Z",
    ],
)
def test_what_is_no_moment_is_none(value: str | float | None) -> None:
    assert ticks(value) == 0


@pytest.mark.parametrize("part", [1, 122, 123, 251, 999])
def test_a_number_keeps_its_milliseconds(part: int) -> None:
    moment = 1_773_147_600_000 + part
    found = [ticks(moment), ticks(str(moment)), ticks(moment / 1000), ticks(float(moment))]
    assert found == [moment * 10_000] * 4


@pytest.mark.parametrize(
    ("text", "is_believed"),
    [
        ("2019-04-01T00:00:00Z", True),
        ("2026-03-11T12:00:00Z", True),  # a clock that is wrong
        ("0001-01-01T00:00:00", False),
        ("1970-01-01T00:00:01Z", False),
        ("2026-04-10T13:00:00Z", False),
        ("9999-12-31T23:59:59.9999999Z", False),
        (1.5, False),
    ],
)
def test_a_moment_that_cannot_be_is_not_believed(text: str | float, is_believed: bool) -> None:
    moments = Moments(AT // 10_000)
    assert moments.ticks(text) == (ticks(text) if is_believed else 0)
