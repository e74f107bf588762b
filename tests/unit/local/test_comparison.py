"""What the demo says when facts and truth differ."""

from dataclasses import asdict
from typing import Any

import pytest

from local.comparison import Difference, Gap, call_differences, paired, sum_differences
from local.pbx.truth import Truth

ENTERED = 1_773_147_600_000


def truth() -> Truth:
    """Two callers: one answered after 4 s for a minute, one gone after 9 s and back at once."""
    truth = Truth("pbx-01")
    answered = truth.entered("support", "1.1", "+5511900000001", 1, ENTERED)
    truth.answered(answered, "PJSIP/201", "Ana Souza", ENTERED + 4_000)
    truth.talk_ended(answered, "caller", ENTERED + 64_000)
    for entered_at in (ENTERED, ENTERED + 9_000):
        gone = truth.entered("support", "1.2", "+5511900000002", 2, entered_at)
        truth.left(gone, "timed_out", entered_at + 9_000)
    return truth


def rows(*, of: Truth) -> list[dict[str, Any]]:
    return [{**asdict(call), "is_estimated": False} for call in of.calls]


def differing(calls: list[dict[str, Any]], *gaps: Gap, of: Truth) -> list[Difference]:
    return call_differences(paired(calls, of.as_dict(), gaps))


def test_calls_as_they_were_differ_nowhere() -> None:
    assert differing(rows(of=truth()), of=truth()) == []


def test_a_second_is_no_difference_and_more_is() -> None:
    calls = rows(of=truth())
    calls[0]["talk_ms"] += 1_000
    assert differing(calls, of=truth()) == []
    calls[0]["talk_ms"] += 1
    assert differing(calls, of=truth()) == [
        Difference("pbx-01", "support", "talk_ms", 60_000, 61_001, "1.1")
    ]


@pytest.mark.parametrize(
    ("name", "true", "wrong"),
    [
        ("outcome", "answered", "abandoned"),
        ("agent_name", "Ana Souza", "Bruno Lima"),
        ("ended_by", "caller", "agent"),
        ("transfer", "none", "blind"),
        ("missed_offers", 0, 1),
        ("answered_at", ENTERED + 4_000, None),
    ],
)
def test_each_wrong_value_of_a_call_is_named(name: str, true: object, wrong: object) -> None:
    calls = rows(of=truth())
    calls[0][name] = wrong
    (found,) = differing(calls, of=truth())
    assert (found.name, found.true, found.found, found.uniqueid) == (name, true, wrong, "1.1")


def test_missing_and_invented_calls_are_named() -> None:
    missing = rows(of=truth())[:2]
    assert differing(missing, of=truth()) == [
        Difference("pbx-01", "support", "queue call", "timed_out", None, "1.2")
    ]
    invented = [*rows(of=truth()), {**rows(of=truth())[0], "uniqueid": "1.3"}]
    assert differing(invented, of=truth()) == [
        Difference("pbx-01", "support", "queue call", None, "answered", "1.3")
    ]


def test_calls_the_truth_has_let_go_are_compared_in_the_sums_only() -> None:
    short = Truth("pbx-01", max_kept=1)
    for n in range(3):
        gone = short.entered("support", f"1.{n}", "", 1, ENTERED + n * 60_000)
        short.left(gone, "abandoned", ENTERED + n * 60_000 + 5_000)
    row = {"site": "pbx-01", "queue": "support", **short.totals()["support"]}
    everything = [asdict(short.calls[0]), {**asdict(short.calls[0]), "entered_at": ENTERED}]

    assert differing(everything, of=short) == []
    assert sum_differences([row], [short.as_dict()]) == []
    assert sum_differences([{**row, "abandoned": 2}], [short.as_dict()]) == [
        Difference("pbx-01", "support", "abandoned", 3, 2)
    ]


def unknown(call: dict[str, Any]) -> dict[str, Any]:
    nothing = {"answered_at": None, "ended_at": None, "wait_ms": None, "talk_ms": 0}
    return {**call, **nothing, "outcome": "unknown", "agent_name": "", "ended_by": ""}


def test_an_unknown_call_in_a_gap_is_not_seen_and_not_wrong() -> None:
    calls = rows(of=truth())
    calls[0] = unknown(calls[0])
    gap = Gap(ENTERED + 60_000, ENTERED + 70_000)

    found = differing(calls, gap, of=truth())

    assert [one.name for one in found if one.is_unseen][:2] == ["outcome", "agent_name"]
    assert [one for one in found if not one.is_unseen] == []


@pytest.mark.parametrize(
    "gap", [Gap(ENTERED - 9_000, ENTERED - 2_000), Gap(ENTERED + 66_000, ENTERED + 90_000)]
)
def test_an_unknown_call_that_could_be_seen_whole_is_wrong(gap: Gap) -> None:
    calls = rows(of=truth())
    calls[0] = unknown(calls[0])
    assert not any(one.is_unseen for one in differing(calls, gap, of=truth()))


def test_a_wrong_value_that_is_told_as_if_it_had_been_seen_is_wrong() -> None:
    calls = rows(of=truth())
    calls[0]["outcome"] = "abandoned"
    gap = Gap(ENTERED, ENTERED + 70_000)

    assert [one.is_unseen for one in differing(calls, gap, of=truth())] == [False]
    calls[0]["is_estimated"] = True
    assert [one.is_unseen for one in differing(calls, gap, of=truth())] == [True]


def test_only_a_call_that_began_in_a_gap_may_be_missing() -> None:
    missing = rows(of=truth())[1:]
    began = Gap(ENTERED - 5_000, ENTERED + 500)
    ended = Gap(ENTERED + 30_000, ENTERED + 70_000)
    assert [one.is_unseen for one in differing(missing, began, of=truth())] == [True]
    assert [one.is_unseen for one in differing(missing, ended, of=truth())] == [False]


def test_of_two_visits_the_one_that_was_seen_is_compared_with_its_own_truth() -> None:
    only_second = [row for row in rows(of=truth()) if row["entered_at"] != ENTERED]
    gap = Gap(ENTERED - 5_000, ENTERED + 500)

    found = differing(only_second, gap, of=truth())

    assert [(one.uniqueid, one.name, one.found) for one in found] == [
        ("1.1", "queue call", None),
        ("1.2", "queue call", None),
    ]


def test_sums_are_those_of_the_calls_that_were_seen() -> None:
    seen = rows(of=truth())[1:]
    pairs = paired(seen, truth().as_dict(), [Gap(ENTERED - 5_000, ENTERED + 500)])
    row = {"site": "pbx-01", "queue": "support", "offered": 2, "timed_out": 2}
    assert sum_differences([row], [truth().as_dict()], pairs) == []
    assert [one.name for one in sum_differences([row], [truth().as_dict()])] == [
        *("offered", "answered", "answered_wait_ms", "talk_ms")
    ]
