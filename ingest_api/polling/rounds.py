"""Rounds of asking, account by account: each in a task of its own, at its own pace.

Whatever goes wrong with one account is its own: it is told, counted, and tried again later.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import structlog

from connectors.door import Passed
from connectors.poller import PlatformAwayError, PlatformRefusesError, Poller, Round
from ingest_api.chat_event import chat_event
from ingest_api.contract.chat import encode_chat_event
from ingest_api.contract.topics import site_key
from ingest_api.errors import UnavailableError
from ingest_api.masking import Maskings
from ingest_api.polling import metrics
from ingest_api.polling.accounts import PolledAccount
from ingest_api.polling.cursors import Cursors
from ingest_api.publisher import Publisher

REFUSED_PAUSE_S = 900.0
LONGEST_PAUSE_S = 600.0

_log = structlog.get_logger()


class Intervals(NamedTuple):
    """How often to ask, in seconds."""

    sessions_s: float = 60.0
    agents_s: float = 30.0


class Rounds:
    """The rounds of one account."""

    def __init__(
        self,
        account: PolledAccount,
        poller: Poller,
        *,
        publisher: Publisher,
        maskings: Maskings,
        cursors: Cursors,
        now_ms: Callable[[], int],
    ) -> None:
        """`publisher` writes to `chat.events.v1`."""
        self._account = account
        self._poller = poller
        self._publisher = publisher
        self._maskings = maskings
        self._cursors = cursors
        self._now_ms = now_ms
        # Not the moment it began: a process that crashes again and again would always be young.
        last_done_ms = cursors.last_done(account.identity, now_ms())
        metrics.LAST_DONE.labels(*account.identity).set(last_done_ms / 1000)

    async def run(self, intervals: Intervals) -> None:
        """Ask for ever."""
        try:
            await asyncio.gather(
                self._repeat("sessions", self.sessions, intervals.sessions_s),
                self._repeat("agents", self.agents, intervals.agents_s),
            )
        finally:
            await self._poller.close()

    async def sessions(self) -> Round:
        """One round over the sessions that changed. Raises PollError and UnavailableError."""
        try:
            return await self._poller.sessions(self._publish)
        finally:
            self._cursors.keep(self._account.identity, self._poller.cursor_ms)

    async def agents(self) -> Round:
        """One look at the agents. Raises as `sessions`."""
        return await self._poller.agents(self._publish)

    async def _repeat(self, what: str, ask: Callable[[], Awaitable[Round]], every_s: float) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            outcome, pause_s = await self._once(what, ask)
            failures = 0 if outcome == "done" else failures + 1
            metrics.ROUNDS.labels(self._account.connector, what, outcome).inc()
            backed_off_s = min(every_s * 2**failures, LONGEST_PAUSE_S)
            wanted_s = max(pause_s, backed_off_s if failures else every_s)
            spent_s = time.monotonic() - began
            await asyncio.sleep(max(wanted_s - spent_s, 0.0) * random.uniform(0.9, 1.0))  # noqa: S311

    async def _once(self, what: str, ask: Callable[[], Awaitable[Round]]) -> tuple[str, float]:
        """How a round ended, and how long the platform wants to be left alone."""
        log = _log.bind(tenant=self._account.tenant, site=self._account.site, what=what)
        try:
            found = await ask()
        except PlatformRefusesError as error:
            log.warning("platform_refuses_token", problem=str(error))
            return "refused", REFUSED_PAUSE_S
        except PlatformAwayError as error:
            log.warning("platform_away", problem=str(error))
            return "away", error.retry_after_s
        except UnavailableError:
            log.warning("found_but_not_stored")
            return "not_stored", 0.0
        except Exception:
            # What is wrong with one account must not stop the others.
            log.exception("poll_failed")
            return "failed", 0.0
        metrics.FOUND.labels(self._account.connector, what).inc(found.published)
        if what == "sessions":
            done_ms = self._now_ms()
            self._cursors.keep_done(self._account.identity, done_ms)
            metrics.LAST_DONE.labels(*self._account.identity).set(done_ms / 1000)
        return "done", 0.0

    async def _publish(self, passed: Passed) -> None:
        identity, connector = self._account.identity, self._account.connector
        event = chat_event(identity, connector, passed, self._maskings, self._now_ms())
        await self._publisher.publish(site_key(*identity), [encode_chat_event(event)])
