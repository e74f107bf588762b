import pytest

from streams.errors import DeadLetterFloodError
from streams.processors.dead_letters import DeadLetter, FloodGuard, reason_of


def broken(number: str) -> None:
    raise ValueError(f"the caller {number} is not wanted here")


def test_the_reason_tells_kind_and_place_but_not_the_text() -> None:
    try:
        broken("+5511900000001")
    except ValueError as error:
        reason = reason_of(error)

    assert reason.startswith("ValueError in broken (test_dead_letters.py:")
    assert "5511900000001" not in reason


def test_headers_say_why_and_where_from() -> None:
    letter = DeadLetter("pbx.events.v1", 3, 1234, b"acme/pbx-01", b"{}", "KeyError in x (y.py:1)")

    assert letter.headers() == [
        ("reason", b"KeyError in x (y.py:1)"),
        ("source", b"pbx.events.v1/3/1234"),
    ]


def test_as_many_as_the_limit_are_borne() -> None:
    guard = FloodGuard(limit=3)

    for now in (0.0, 1.0, 2.0):
        guard.count(now)


def test_one_more_within_a_minute_is_a_flood() -> None:
    guard = FloodGuard(limit=3)
    for now in (0.0, 1.0, 2.0):
        guard.count(now)

    with pytest.raises(DeadLetterFloodError, match="4 batches within 60 s"):
        guard.count(59.9)


def test_what_is_a_minute_old_counts_no_more() -> None:
    guard = FloodGuard(limit=3)

    for now in (0.0, 1.0, 2.0, 60.0, 61.0):
        guard.count(now)
