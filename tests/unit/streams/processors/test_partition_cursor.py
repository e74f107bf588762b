import pytest

from streams.processors.partition_cursor import PartitionCursor, Verdict


def test_messages_in_order_are_next() -> None:
    cursor = PartitionCursor(floor=9)

    for offset in (10, 11, 12):
        assert cursor.judge(offset, now=0.0) is Verdict.NEXT
        cursor.advance()

    assert cursor.expected == 13
    assert cursor.floor == 9


def test_a_lower_offset_is_repeated() -> None:
    assert PartitionCursor(floor=9).judge(9, now=0.0) is Verdict.REPEATED


def test_a_hole_asks_for_one_rewind_at_a_time() -> None:
    cursor = PartitionCursor()

    assert cursor.judge(3, now=0.0) is Verdict.HOLE
    assert cursor.judge(4, now=1.9) is Verdict.EARLY
    assert cursor.judge(0, now=1.9) is Verdict.NEXT


def test_the_next_hole_is_met_with_fresh_patience() -> None:
    cursor = PartitionCursor()
    cursor.judge(3, now=0.0)
    cursor.judge(0, now=0.1)
    cursor.advance()

    assert cursor.judge(3, now=0.2) is Verdict.HOLE


def test_a_hole_that_stays_after_ten_rewinds_is_passed() -> None:
    cursor = PartitionCursor()

    verdicts = [cursor.judge(5, now=2.0 * number) for number in range(11)]
    assert verdicts == [Verdict.HOLE] * 10 + [Verdict.NEXT]
    cursor.advance()
    assert cursor.expected == 6


def test_messages_in_flight_do_not_use_up_the_rewinds() -> None:
    cursor = PartitionCursor()
    cursor.judge(5, now=0.0)

    assert {cursor.judge(offset, now=1.5) for offset in range(6, 99)} == {Verdict.EARLY}
    assert cursor.judge(5, now=2.0) is Verdict.HOLE


@pytest.mark.parametrize(("offset", "has_seen"), [(8, False), (9, True), (50, True)])
def test_it_knows_what_it_has_seen_without_a_hole(offset: int, has_seen: bool) -> None:
    cursor = PartitionCursor(floor=9)

    assert cursor.has_seen_all_since(offset) is has_seen


def test_going_back_makes_the_past_seen() -> None:
    cursor = PartitionCursor(floor=9)
    cursor.go_back(4)

    assert cursor.expected == 4
    assert cursor.has_seen_all_since(3)
    assert cursor.floor == 9


def test_the_floor_never_falls() -> None:
    cursor = PartitionCursor(floor=9)
    cursor.flushed(5)

    assert cursor.floor == 9


def test_a_new_log_is_read_from_its_start() -> None:
    cursor = PartitionCursor(floor=877)
    cursor.start_over()

    assert (cursor.expected, cursor.floor) == (0, -1)
