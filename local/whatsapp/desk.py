"""The people who answer: some sessions at a time each, in the order in which sessions ask."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence


class Desk:
    """Who may take a session of which queue, and how many each has."""

    def __init__(self, queues: Mapping[str, Sequence[str]], most_at_a_time: int) -> None:
        """`queues` are the agents of each queue; nobody is there yet."""
        self._queues = queues
        self._most = most_at_a_time
        self._chats: dict[str, int] = {}
        self._changed = asyncio.Condition()

    async def comes(self, agent: str) -> None:
        """The agent takes sessions from now on."""
        async with self._changed:
            self._chats.setdefault(agent, 0)
            self._changed.notify_all()

    def goes(self, agent: str) -> bool:
        """The agent takes no more, if there is none left; whether that is so."""
        if self._chats.get(agent, 1):
            return False
        del self._chats[agent]
        return True

    @contextlib.asynccontextmanager
    async def agent_for(self, queue: str, within_s: float) -> AsyncIterator[str | None]:
        """The agent who takes a session of the queue, for the block; None if nobody did in time."""
        agent = await self._taken(queue, within_s)
        try:
            yield agent
        finally:
            if agent is not None:
                async with self._changed:
                    self._chats[agent] -= 1
                    self._changed.notify_all()

    async def _taken(self, queue: str, within_s: float) -> str | None:
        async with self._changed:
            try:
                async with asyncio.timeout(within_s):
                    await self._changed.wait_for(lambda: self._free(queue) is not None)
            except TimeoutError:
                return None
            agent = self._free(queue)
            assert agent is not None
            self._chats[agent] += 1
            return agent

    def _free(self, queue: str) -> str | None:
        """The one with the fewest sessions who may have one more."""
        there = [agent for agent in self._queues[queue] if agent in self._chats]
        free = [agent for agent in there if self._chats[agent] < self._most]
        return min(free, key=lambda agent: self._chats[agent], default=None)
