from streams.domain.interval import WINDOW_MS, window_start

TEN = 1_773_147_600_000  # 2026-03-10 13:00 UTC


def test_a_window_begins_at_its_start_and_ends_before_the_next() -> None:
    assert window_start(TEN) == TEN
    assert window_start(TEN + WINDOW_MS - 1) == TEN
    assert window_start(TEN + WINDOW_MS) == TEN + WINDOW_MS
