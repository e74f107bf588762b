import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.errors import WrongInputError
from tenants.hours import DAY_MINUTES, Interval, week_of, written_week


def test_days_may_be_ranges_and_lists_and_have_several_times() -> None:
    week = week_of(["mon-tue=08:00-12:00,13:00-18:00", "sat,sun=09:00-10:00"])
    assert week == (
        Interval(1, 480, 720),
        Interval(1, 780, 1080),
        Interval(2, 480, 720),
        Interval(2, 780, 1080),
        Interval(6, 540, 600),
        Interval(7, 540, 600),
    )


def test_a_range_may_run_over_the_end_of_the_week() -> None:
    assert [each.weekday for each in week_of(["sat-mon=08:00-09:00"])] == [1, 6, 7]


def test_hours_over_midnight_belong_to_two_days() -> None:
    assert week_of(["sun=22:00-06:00"]) == (Interval(1, 0, 360), Interval(7, 1320, 1440))
    assert week_of(["fri=22:00-00:00"]) == (Interval(5, 1320, 1440),)


def test_hours_that_touch_become_one() -> None:
    assert week_of(["mon=08:00-12:00", "mon=12:00-18:00"]) == (Interval(1, 480, 1080),)


def test_nothing_is_never_open() -> None:
    assert week_of([]) == ()
    assert written_week(()) == "never"


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("mon", "write days=times"),
        ("seg=08:00-18:00", "day 'seg' is unknown"),
        ("mon-=08:00-18:00,", "write 08:00-18:00"),
        ("mon=8-18", "write 08:00-18:00"),
        ("mon=08:60-18:00", "write 08:00-18:00"),
        ("mon=08:00-24:01", "from 00:00 to 24:00"),
        ("mon=24:00-25:00", "from 00:00 to 24:00"),
        ("mon=08:00-08:00", "not empty"),
        ("mon=08:00-12:00,11:00-18:00", "the hours of mon overlap at 11:00"),
        ("mon,mon=08:00-12:00", "the hours of mon overlap at 08:00"),
        ("sun-mon=22:00-23:00,21:00-01:00", "the hours of mon overlap at 22:00"),
    ],
)
def test_what_cannot_be_read_is_told(part: str, told: str) -> None:
    with pytest.raises(WrongInputError, match=told):
        week_of([part])


@given(
    st.lists(
        st.tuples(st.integers(1, 7), st.integers(0, DAY_MINUTES - 2), st.integers(1, 200)),
        max_size=12,
    )
)
def test_a_week_is_read_as_it_is_written(drawn: list[tuple[int, int, int]]) -> None:
    week: list[Interval] = []
    for weekday, opens, minutes in sorted(drawn):
        closes = min(opens + minutes, DAY_MINUTES)
        last = week[-1] if week else None
        # Neither overlapping nor touching: those would be refused or joined.
        if last is None or last.weekday != weekday or last.closes_minute < opens:
            week.append(Interval(weekday, opens, closes))
    text = written_week(week)
    assert week_of([] if text == "never" else text.split()) == tuple(week)
