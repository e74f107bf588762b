"""The `Publisher` port without a broker. It passes the same tests as the real one."""

import asyncio
from collections.abc import Sequence

from ingest_api.budget import ByteBudget
from ingest_api.errors import Shortage, UnavailableError
from ingest_api.publisher import PublisherCounts


class MemoryPublisher:
    """Keeps what is published; while `is_away` nothing is acknowledged."""

    def __init__(self, max_in_flight_bytes: int = 1 << 26, ack_timeout_s: float = 0.05) -> None:
        self.counts = PublisherCounts()
        self.written: list[tuple[bytes, bytes]] = []
        self._budget = ByteBudget(max_in_flight_bytes, Shortage.MESSAGES)
        self._ack_timeout_s = ack_timeout_s
        self._back = asyncio.Event()
        self._back.set()

    @property
    def is_away(self) -> bool:
        return not self._back.is_set()

    @is_away.setter
    def is_away(self, away: bool) -> None:
        (self._back.clear if away else self._back.set)()

    @property
    def in_flight_bytes(self) -> int:
        return self._budget.used

    @property
    def max_in_flight_bytes(self) -> int:
        return self._budget.limit

    async def start(self) -> None:
        pass

    async def publish(self, key: bytes, messages: Sequence[bytes]) -> None:
        try:
            async with asyncio.timeout(self._ack_timeout_s):
                for message in messages:
                    with self._budget.lease() as lease:
                        lease.grow(len(message))
                        await self._back.wait()
                        self.written.append((key, message))
        except TimeoutError as error:
            raise UnavailableError("not stored", 2, Shortage.BROKER) from error

    async def problems(self) -> list[str]:
        return ["it was told to be away"] if self.is_away else []

    async def close(self) -> None:
        pass
