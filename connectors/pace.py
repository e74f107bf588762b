"""How often a platform may be asked: so many requests in so many seconds, several such rules."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence

Sleep = Callable[[float], Awaitable[None]]


class Pace:
    """Keeps the requests of one account within its limits, for all tasks of one event loop."""

    def __init__(
        self, limits: Sequence[tuple[int, float]], clock: Callable[[], float], sleep: Sleep
    ) -> None:
        """`limits` are (requests, seconds); `clock` is steady, in seconds."""
        self._limits = limits
        self._clock = clock
        self._sleep = sleep
        self._asked: deque[float] = deque(maxlen=max(requests for requests, _ in limits))

    async def wait(self) -> None:
        """Returns when one more request keeps every limit, which then counts as made."""
        while (pause_s := self._pause()) > 0:
            await self._sleep(pause_s)
        self._asked.append(self._clock())

    def _pause(self) -> float:
        now = self._clock()
        pauses = (
            self._asked[-requests] + seconds - now
            for requests, seconds in self._limits
            if len(self._asked) >= requests
        )
        return max(pauses, default=0.0)
