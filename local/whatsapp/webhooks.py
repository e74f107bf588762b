"""Posts events as the platform does: late, some twice, out of order, and some of them never.

What is never posted is what later events or asking tell all the same: ends, and first assignments.
Bounded: of more than `MOST_WAITING` events the newest are let go, as if they had never been posted.
"""

import asyncio
import random

import httpx

from local.whatsapp.account import Event

MOST_WAITING = 2_000
_LATEST_S = 0.4
_TWICE = 0.05
_NEVER = 0.05
_TRIES = 40
_AGAIN_AFTER_S = 0.5
_AGAIN_AT_MOST_S = 3.0
"""A platform that keeps at it for two minutes, so that what it tells is whole but for `_NEVER`."""
# The client looks through all that wait for a connection at each of them: thousands would cost it
# more than what they wait for.
_AT_A_TIME = 20


class Webhooks:
    """Events of one account to one address."""

    def __init__(self, address: str, seed: int) -> None:
        """`address` holds the secret."""
        self._address = address
        self._chance = random.Random(seed)  # noqa: S311 - faults, not secrets
        self._http = httpx.AsyncClient(timeout=10)
        self._places = asyncio.Semaphore(_AT_A_TIME)
        self._posting: set[asyncio.Task[None]] = set()
        self.lost = 0
        """Events that were never posted, or never taken."""

    def post(self, event: Event) -> None:
        """Post it some time soon; called within the event loop."""
        if len(self._posting) >= MOST_WAITING or self._is_never_posted(event):
            self.lost += 1
            return
        for _ in range(2 if self._chance.random() < _TWICE else 1):
            task = asyncio.create_task(self._post(event, self._chance.uniform(0, _LATEST_S)))
            self._posting.add(task)
            task.add_done_callback(self._posting.discard)

    async def close(self) -> None:
        """Wait for what is under way."""
        if self._posting:
            await asyncio.wait(self._posting)
        await self._http.aclose()

    def _is_never_posted(self, event: Event) -> bool:
        """A last end is found by asking; a first assignment is told by everything that follows."""
        name, content = event["eventType"], event["content"]
        is_first = name == "SESSION_UPDATE" and "firstUserInteractionAt" in {
            change["property"] for change in event["changeMetadata"]["changes"]
        }
        is_last = name == "SESSION_COMPLETE" and not content["metadata"]
        is_told_again = is_last or (is_first and content["userId"])
        return bool(is_told_again) and self._chance.random() < _NEVER

    async def _post(self, event: Event, after_s: float) -> None:
        for attempt in range(_TRIES):
            await asyncio.sleep(after_s + min(attempt * _AGAIN_AFTER_S, _AGAIN_AT_MOST_S))
            try:
                async with self._places:
                    answer = await self._http.post(self._address, json=event)
            except httpx.HTTPError:
                continue
            if answer.is_success:
                return
        self.lost += 1
