import pytest

from ingest_api.contract.published import PublishedEvent
from ingest_api.contract.sequences import BatchFormError, check_sequences


def plain(sequence: int) -> PublishedEvent:
    return PublishedEvent(sequence, kind="ami", name="Hangup")


def gap(first: object, last: object, sequence: int) -> PublishedEvent:
    fields = {"from": first, "to": last}
    return PublishedEvent(sequence, kind="collector", name="gap", fields=fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "events",
    [
        [],
        [plain(7)],
        [plain(7), plain(8), plain(9)],
        [plain(7), PublishedEvent(8, refused="unknown_kind"), plain(9)],
        [gap("1", "7", 7), plain(8)],
        [plain(7), gap("8", "20", 20), plain(21)],
        [plain(7), gap("8", "8", 8), gap("9", "12", 12)],
        [plain(7), gap("5", "20", 20)],
    ],
    ids=[
        "no events",
        "one, of any sequence",
        "rising by one",
        "a refused one keeps its place",
        "a gap first",
        "a gap between",
        "two gaps in a row",
        "a gap that names what was sent already",
    ],
)
def test_sequences_that_follow_each_other_pass(events: list[PublishedEvent]) -> None:
    check_sequences(events)


@pytest.mark.parametrize(
    ("events", "field"),
    [
        ([plain(7), plain(7)], "events[1].sequence"),
        ([plain(7), plain(6)], "events[1].sequence"),
        ([plain(7), plain(8), plain(10)], "events[2].sequence"),
        ([plain(7), gap("9", "20", 20)], "events[1].sequence"),
        ([plain(7), gap("1", "6", 6)], "events[1].sequence"),
        ([plain(7), gap("8", "20", 21)], "events[1].fields.to"),
        ([gap("8", "7", 7)], "events[0].fields.from"),
        ([gap("0", "7", 7)], "events[0].fields.from"),
        ([gap("-1", "7", 7)], "events[0].fields.from"),
        ([gap("", "7", 7)], "events[0].fields.from"),
        ([gap(["1"], "7", 7)], "events[0].fields.from"),
        ([gap("\u0661", "7", 7)], "events[0].fields.from"),
        ([gap("1" * 5000, "7", 7)], "events[0].fields.from"),
        (
            [PublishedEvent(7, kind="collector", name="gap", fields={"from": "1"})],
            "events[0].fields.to",
        ),
    ],
)
def test_the_field_that_breaks_the_order_is_named(events: list[PublishedEvent], field: str) -> None:
    with pytest.raises(BatchFormError) as found:
        check_sequences(events)
    assert found.value.field == field
