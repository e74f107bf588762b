"""Threads that read: what one tenant keeps busy, another and the admin need not wait for."""

import asyncio
import threading
from contextlib import closing

import pytest

from local.clickhouse.reading import THREADS_OF_A_TENANT, ReadingThreads
from local.clickhouse.users import ADMIN, User

GREEDY, OTHER, ADMIN_USER = User("reader", "acme"), User("other", "rival"), User(ADMIN, None)
WITHIN_S = 60


class Busy:
    """Work that ends when it is told to."""

    def __init__(self) -> None:
        self.started = 0
        self.end = threading.Event()
        self._starts = threading.Semaphore(0)

    async def has_taken(self, count: int) -> None:
        """Returns when it runs in so many threads."""
        for _ in range(count):
            assert await asyncio.to_thread(self._starts.acquire, timeout=WITHIN_S)

    def __call__(self) -> str:
        self.started += 1
        self._starts.release()
        assert self.end.wait(WITHIN_S)
        return "done"


async def test_a_tenant_that_keeps_its_threads_busy_holds_up_nobody_else() -> None:
    busy = Busy()
    with closing(ReadingThreads()) as threads:
        running = [asyncio.create_task(threads.run(GREEDY, busy)) for _ in range(12)]
        async with asyncio.timeout(WITHIN_S):
            await busy.has_taken(THREADS_OF_A_TENANT)
            assert await threads.run(OTHER, lambda: "other") == "other"
            assert await threads.run(ADMIN_USER, lambda: "admin") == "admin"
            assert busy.started == THREADS_OF_A_TENANT
            busy.end.set()
            assert await asyncio.gather(*running) == ["done"] * 12


async def test_who_goes_away_keeps_its_share_until_its_work_has_ended() -> None:
    busy, later = Busy(), Busy()
    later.end.set()
    with closing(ReadingThreads()) as threads:
        gone = [asyncio.create_task(threads.run(GREEDY, busy)) for _ in range(THREADS_OF_A_TENANT)]
        async with asyncio.timeout(WITHIN_S):
            await busy.has_taken(THREADS_OF_A_TENANT)
            for task in gone:
                task.cancel()
            await asyncio.gather(*gone, return_exceptions=True)
            after = asyncio.create_task(threads.run(GREEDY, later))
            assert await threads.run(OTHER, lambda: "other") == "other"
            assert later.started == 0
            busy.end.set()
            assert await after == "done"


async def test_what_fails_tells_so_and_keeps_no_thread() -> None:
    def fail() -> None:
        raise RuntimeError("no")

    with closing(ReadingThreads()) as threads:
        async with asyncio.timeout(WITHIN_S):
            for _ in range(3 * THREADS_OF_A_TENANT):
                with pytest.raises(RuntimeError, match="no"):
                    await threads.run(GREEDY, fail)
