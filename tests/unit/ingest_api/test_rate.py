import pytest

from ingest_api.errors import TooManyRequestsError
from ingest_api.rate import RateLimiter


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def refused(limiter: RateLimiter, token: str = "a") -> int:
    """Seconds to wait; 0 if the request is allowed."""
    try:
        limiter.take(token)
    except TooManyRequestsError as error:
        return error.retry_after_s
    return 0


def test_a_burst_of_two_seconds_then_the_rate() -> None:
    clock = Clock()
    limiter = RateLimiter(5, clock)
    assert [refused(limiter) for _ in range(11)] == [0] * 10 + [1]
    clock.now += 0.2
    assert [refused(limiter), refused(limiter)] == [0, 1]
    clock.now += 100
    assert [refused(limiter) for _ in range(11)] == [0] * 10 + [1]


def test_tokens_do_not_share_a_bucket() -> None:
    limiter = RateLimiter(1, Clock())
    assert [refused(limiter, "a") for _ in range(3)] == [0, 0, 1]
    assert refused(limiter, "b") == 0


def test_slow_rates_tell_how_long_to_wait() -> None:
    limiter = RateLimiter(0.5, Clock())
    assert [refused(limiter), refused(limiter)] == [0, 2]


def test_buckets_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest_api.rate._MAX_BUCKETS", 2)
    limiter = RateLimiter(1, Clock())
    for token in ("a", "b", "c"):
        assert [refused(limiter, token) for _ in range(3)] == [0, 0, 1]
    assert refused(limiter, "c") == 1
    assert refused(limiter, "a") == 0
