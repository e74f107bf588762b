"""How long to wait before the next attempt."""

import random


class Backoff(object):
    """Delays that double from `first_s` to `most_s`, each drawn between half and whole of it.

    The jitter keeps the collectors of many PBXs from coming back in step after an outage.
    """

    def __init__(self, first_s: float, most_s: float) -> None:
        """Seconds, both positive."""
        self._first_s = first_s
        self._most_s = most_s
        self._next_s = first_s

    def next_s(self) -> float:
        """The delay before the next attempt, in seconds."""
        delay_s = self._next_s
        self._next_s = min(self._most_s, delay_s * 2)
        return delay_s * random.uniform(0.5, 1.0)  # noqa: S311

    def reset(self) -> None:
        """An attempt has succeeded."""
        self._next_s = self._first_s
