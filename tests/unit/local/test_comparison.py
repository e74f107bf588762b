"""What the demo says when facts and truth differ."""

from dataclasses import asdict
from typing import Any

import pytest

from local.comparison import Difference, call_differences, sum_differences
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
    return [asdict(call) for call in of.calls]


def test_calls_as_they_were_differ_nowhere() -> None:
    assert call_differences(rows(of=truth()), truth().as_dict()) == []


def test_a_second_is_no_difference_and_more_is() -> None:
    calls = rows(of=truth())
    calls[0]["talk_ms"] += 1_000
    assert call_differences(calls, truth().as_dict()) == []
    calls[0]["talk_ms"] += 1
    assert call_differences(calls, truth().as_dict()) == [
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
    (found,) = call_differences(calls, truth().as_dict())
    assert (found.name, found.true, found.found, found.uniqueid) == (name, true, wrong, "1.1")


def test_missing_and_invented_calls_are_named() -> None:
    missing = rows(of=truth())[:2]
    assert call_differences(missing, truth().as_dict()) == [
        Difference("pbx-01", "support", "queue call", "timed_out", None, "1.2")
    ]
    invented = [*rows(of=truth()), {**rows(of=truth())[0], "uniqueid": "1.3"}]
    assert call_differences(invented, truth().as_dict()) == [
        Difference("pbx-01", "support", "queue call", None, "answered", "1.3")
    ]


def test_calls_the_truth_has_let_go_are_compared_in_the_sums_only() -> None:
    short = Truth("pbx-01", max_kept=1)
    for n in range(3):
        gone = short.entered("support", f"1.{n}", "", 1, ENTERED + n * 60_000)
        short.left(gone, "abandoned", ENTERED + n * 60_000 + 5_000)
    row = {"site": "pbx-01", "queue": "support", **short.totals()["support"]}
    everything = [asdict(short.calls[0]), {**asdict(short.calls[0]), "entered_at": ENTERED}]

    assert call_differences(everything, short.as_dict()) == []
    assert sum_differences([row], [short.as_dict()]) == []
    assert sum_differences([{**row, "abandoned": 2}], [short.as_dict()]) == [
        Difference("pbx-01", "support", "abandoned", 3, 2)
    ]
