"""How often a token may post: a bucket of requests per token that fills steadily."""

import math
from collections import OrderedDict
from collections.abc import Callable

from ingest_api.errors import TooManyRequestsError

_BURST_S = 2
_MAX_BUCKETS = 10_000


class RateLimiter:
    """Allows `rate` requests per second and token, and a burst of two seconds' worth.

    Of more than 10,000 tokens the one that was silent for longest is forgotten: its bucket is full.
    """

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        """`rate` in requests per second; `clock` in seconds, never going back."""
        self._rate = rate
        self._clock = clock
        self._burst = rate * _BURST_S
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, token_digest: str) -> None:
        """Count one request. Raises TooManyRequestsError if the bucket is empty."""
        now = self._clock()
        left, since = self._buckets.pop(token_digest, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._rate)
        allowed = left >= 1
        self._buckets[token_digest] = (left - 1 if allowed else left, now)
        if len(self._buckets) > _MAX_BUCKETS:
            self._buckets.popitem(last=False)
        if not allowed:
            wait_s = math.ceil((1 - left) / self._rate)
            raise TooManyRequestsError("too many requests with this token", wait_s)
