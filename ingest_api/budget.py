"""How many bytes may be held at a time: the bound of every buffer of ingest."""

from collections.abc import Iterator
from contextlib import contextmanager

from ingest_api.errors import Shortage, UnavailableError

_RETRY_AFTER_S = 1


class ByteBudget:
    """Bytes in use against a limit; used by one thread, the event loop's."""

    def __init__(self, limit: int, shortage: Shortage) -> None:
        """At most `limit` bytes at a time; beyond them it is a `shortage`."""
        self.limit = limit
        self._shortage = shortage
        self.used = 0

    def reserve(self, size: int) -> None:
        """Take `size` bytes. Raises UnavailableError if they do not fit."""
        if self.used + size > self.limit:
            raise UnavailableError(
                "too much is being taken in at this moment", _RETRY_AFTER_S, self._shortage
            )
        self.used += size

    def release(self, size: int) -> None:
        """Give `size` reserved bytes back."""
        self.used -= size

    @contextmanager
    def lease(self) -> Iterator["Lease"]:
        """What is reserved through the lease is given back at the end of the block."""
        lease = Lease(self)
        try:
            yield lease
        finally:
            self.release(lease.size)


class Lease:
    """A part of a budget that grows."""

    def __init__(self, budget: ByteBudget) -> None:
        """Begins with nothing."""
        self._budget = budget
        self.size = 0

    def grow(self, size: int) -> None:
        """Reserve `size` bytes more. Raises UnavailableError if they do not fit."""
        self._budget.reserve(size)
        self.size += size
