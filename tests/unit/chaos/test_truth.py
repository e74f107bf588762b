"""What may be missing of a call that lasted through a coverage gap, and what may not."""

import pytest

from local.comparison import Difference
from tests.chaos.truth import Span, lacks_what_fell_into_a_gap

CALL = Span(10_000, 20_000)
GAP = Span(13_000, 14_000)


def off(name: str, true: int | str | None, found: int | str | None) -> Difference:
    return Difference("pbx-01", "support", name, true, found, "1795582391.854")


def is_excused(*ones: Difference, gap: Span = GAP) -> bool:
    return lacks_what_fell_into_a_gap(ones, [CALL], [gap])


def test_an_offer_that_was_missed_in_the_gap_may_be_missing() -> None:
    assert is_excused(off("missed_offers", 1, 0))


def test_no_offer_may_be_made_up() -> None:
    assert not is_excused(off("missed_offers", 0, 1))


def test_talk_and_hold_must_be_right_in_sum() -> None:
    assert is_excused(off("talk_ms", 4_210, 1_088), off("hold_ms", 727, 3_849))
    assert not is_excused(off("talk_ms", 9_210, 1_088), off("hold_ms", 727, 3_849))


@pytest.mark.parametrize(
    "wrong",
    [
        off("outcome", "answered", "abandoned"),
        off("wait_ms", 2_000, 4_000),
        off("agent_name", "Ana Souza", "Bruno Lima"),
        off("queue call", "answered", None),
        off("answered_at", None, 13_000),
    ],
)
def test_nothing_else_is_excused(wrong: Difference) -> None:
    assert not is_excused(wrong)
    assert not is_excused(off("missed_offers", 1, 0), wrong)


def test_nothing_is_excused_of_a_call_that_no_gap_touched() -> None:
    assert not is_excused(off("missed_offers", 1, 0), gap=Span(40_000, 41_000))
