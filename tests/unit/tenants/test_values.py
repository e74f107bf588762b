import pytest

from streams.domain.kpi import CATALOGUE
from tenants.errors import WrongInputError
from tenants.values import (
    SERVICE_LEVEL_VARIANTS,
    ingest_url_of,
    name_of,
    seconds_of,
    share_of,
    text_of,
    time_zone_of,
    written_seconds,
    written_share,
)

ZONES = ("America/Sao_Paulo", "America/Manaus", "UTC")


def test_the_variants_are_those_of_the_kpis() -> None:
    named = {kpi.name.removeprefix("service_level_") for kpi in CATALOGUE
             if kpi.name.startswith("service_level_")}  # fmt: skip
    assert set(SERVICE_LEVEL_VARIANTS) == named


@pytest.mark.parametrize("text", ["acme", "a", "a.b-c_9", "x" * 64])
def test_names_are_those_that_keys_can_hold(text: str) -> None:
    assert name_of(text, "tenant") == text


@pytest.mark.parametrize("text", ["", "a/b", "-a", "x" * 65, "a b", "açaí", "a\n", "a'b", "*"])
def test_other_names_are_refused(text: str) -> None:
    with pytest.raises(WrongInputError, match="tenant"):
        name_of(text, "tenant")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("20", 20), ("20s", 20), ("15m", 900), ("1h30m", 5400), ("24h", 86_400), ("1h1m1s", 3661)],
)
def test_durations_are_written_as_people_do(text: str, seconds: int) -> None:
    assert seconds_of(text, "limit") == seconds
    assert seconds_of(written_seconds(seconds), "limit") == seconds


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "1.5", "20 s", "s", "m5", "25h", "86401", "²", "9" * 99, "20ss"]
)
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(WrongInputError, match="limit"):
        seconds_of(text, "limit")


def test_a_duration_may_be_nothing_where_that_means_something() -> None:
    assert seconds_of("0", "S", least=0) == seconds_of("0s", "S", least=0) == 0
    assert written_seconds(0) == "0s"


@pytest.mark.parametrize(
    ("text", "share"), [("80%", 0.8), ("100%", 1.0), ("92.5%", 0.925), ("0.1%", 0.001)]
)
def test_shares_are_percentages(text: str, share: float) -> None:
    assert share_of(text, "target") == share
    assert written_share(share) == text


@pytest.mark.parametrize(
    "text", ["", "0%", "80", "0.8", "101%", "-5%", "%", "80 %", "\u0661\u0660%"]
)
def test_other_shares_are_refused(text: str) -> None:
    with pytest.raises(WrongInputError, match="target"):
        share_of(text, "target")


def test_an_unknown_zone_is_told_with_those_that_are_near() -> None:
    assert time_zone_of("UTC", ZONES) == "UTC"
    with pytest.raises(WrongInputError, match="did you mean America/Sao_Paulo"):
        time_zone_of("Sao_Paulo", ZONES)
    with pytest.raises(WrongInputError, match="use a name such as"):
        time_zone_of("+03", ZONES)


@pytest.mark.parametrize("text", ["", " ", "a\nb", "a\x00", "x" * 129])
def test_texts_that_no_board_can_show_are_refused(text: str) -> None:
    with pytest.raises(WrongInputError, match="--name"):
        text_of(text, "--name")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ingest.example.com",
        "http://ingest.example.com",
        "https://user@ingest.example.com",
        "https://ingest.example.com:99999",
        "https://[::1",
        "https://ingest.example.com/?a=b",
        "https://ingest.example.com/\nsite = x",
        "ftp://ingest.example.com",
    ],
)
def test_addresses_that_no_collector_takes_are_refused(url: str) -> None:
    with pytest.raises(WrongInputError, match="ingest address"):
        ingest_url_of(url)


@pytest.mark.parametrize("url", ["https://ingest.example.com/pbx", "http://127.0.0.1:8080"])
def test_addresses_that_collectors_take_stay_as_they_are(url: str) -> None:
    assert ingest_url_of(url) == url
