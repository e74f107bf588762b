"""The threads in which statements read. A tenant has a share of them, the admin has its own.

A statement may take half a minute: without shares a few of one tenant would keep everybody waiting.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from local.clickhouse.users import User

THREADS = 4
THREADS_OF_A_TENANT = 2

Result = TypeVar("Result")


class ReadingThreads:
    """Runs what blocks while it reads, for one event loop."""

    def __init__(self) -> None:
        """Starts nothing yet."""
        self._of_tenants = ThreadPoolExecutor(THREADS, "clickhouse-read")
        self._of_admin = ThreadPoolExecutor(THREADS, "clickhouse-read-admin")
        # One for each tenant that ever asked: no more than the file of readers names.
        self._shares: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(THREADS_OF_A_TENANT)
        )

    async def run(self, user: User, work: Callable[[], Result]) -> Result:
        """What the work returns or raises. Waits while the tenant has its share under way."""
        if user.tenant is None:
            return await asyncio.wrap_future(self._of_admin.submit(work))
        share = self._shares[user.tenant]
        await share.acquire()
        loop = asyncio.get_running_loop()

        def give_back(_: Future[Result]) -> None:
            # A loop that has ended has nobody who waits.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(share.release)

        # With the end of the work and not of the waiting: who went away still keeps a thread busy.
        running = self._of_tenants.submit(work)
        running.add_done_callback(give_back)
        return await asyncio.wrap_future(running)

    def close(self) -> None:
        """Waits for what runs."""
        self._of_tenants.shutdown()
        self._of_admin.shutdown()
