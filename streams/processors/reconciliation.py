"""Compares the windows with the sums over their queue calls, always: a metric that must stay 0.

A flush is not atomic over two tables, so a window that is just being written differs for some
milliseconds. What counts is a difference that is found twice in a row with the same contents: one
that still changes is met again when its window has come to rest.

Only the worker that owns source partition 0 does it, for all tenants: one look a minute is enough,
whatever the number of workers.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog
from faust import App
from faust.types import TP

from ingest_api.contract.topics import PBX_EVENTS
from streams import metrics
from streams.domain.interval import WINDOW_MS
from streams.storage.errors import StorageRefusedError, StorageUnavailableError
from streams.storage.rows import WindowDifference

BACK_MS = 48 * 60 * 60 * 1000
MOST_FOUND = 1_000
MOST_LOGGED = 20

Look = Callable[[int, int, int], Sequence[WindowDifference]]
"""Differences of windows that begin in `[since, until)` milliseconds, at most `limit` of them.

Blocks. Raises StorageUnavailableError and StorageRefusedError.
"""

_log = structlog.get_logger()


def register(app: App, look: Look, interval_s: float) -> None:
    """Add the comparison to the app, every `interval_s` seconds."""
    reconciliation = Reconciliation(look)

    async def compare() -> None:
        if TP(PBX_EVENTS, 0) in app.consumer.assignment():
            await asyncio.to_thread(reconciliation.compare)
        else:
            reconciliation.leave()

    app.timer(interval_s)(compare)


class Reconciliation:
    """Remembers what the look before found."""

    def __init__(self, look: Look, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives seconds since the epoch."""
        self._look = look
        self._clock = clock
        self._before: frozenset[WindowDifference] = frozenset()

    def compare(self) -> None:
        """One look at the windows of the last 48 hours; blocks.

        A ClickHouse that does not answer costs this look and nothing else.
        """
        now = self._clock()
        now_ms = int(now * 1000)
        began = time.perf_counter()
        try:
            found = self._look(now_ms - BACK_MS, now_ms + WINDOW_MS, MOST_FOUND)
        except StorageUnavailableError as error:
            self._skip("away", error)
            return
        except StorageRefusedError as error:
            self._skip("refused", error)
            return
        lasting = [difference for difference in found if difference in self._before]
        self._before = frozenset(found)
        metrics.RECONCILE_SECONDS.observe(time.perf_counter() - began)
        metrics.WINDOW_DIFFERENCES.set(len(lasting))
        metrics.RECONCILED.set(now)
        for difference in lasting[:MOST_LOGGED]:
            _log.error(
                "window differs from its queue calls",
                tenant=difference.tenant_id,
                site=difference.site,
                queue=difference.queue,
                window_start=difference.window_start,
            )

    def leave(self) -> None:
        """Another worker does it."""
        self._before = frozenset()
        metrics.WINDOW_DIFFERENCES.set(0)
        metrics.RECONCILED.set(0)

    @staticmethod
    def _skip(reason: str, error: Exception) -> None:
        metrics.RECONCILE_SKIPPED.labels(reason).inc()
        _log.warning("windows not compared", reason=str(error))
