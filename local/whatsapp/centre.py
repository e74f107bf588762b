"""A day of chats: customers who write, a bot, campaigns, people who answer and pass on.

Every session is a task of its own; time is the wall clock's, at a chosen speed.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from local.whatsapp.account import HelenaAccount
from local.whatsapp.desk import Desk
from local.whatsapp.truth import ChatTruth, TrueChat

QUEUES = ("Suporte", "Vendas")
AGENTS = (("Bia", "Suporte"), ("Caio", "Suporte"), ("Duda", "Vendas"), ("Eva", "Vendas"))
MOST_AT_A_TIME = 3

_TICKS_PER_MS = 10_000
_BETWEEN_ARRIVALS_S = 14.0
_PATIENCE_S = 240.0
_READING_S = 12.0
_EXCHANGES = 4
_MOST_ACROSS_S = 1_200.0


class People(NamedTuple):
    """Ids of the departments, and of the agents with their names, in the order of `AGENTS`."""

    departments: list[str]
    agents: dict[str, str]


def people(seed: int) -> People:
    """Those of the account that is played with this seed."""
    account = HelenaAccount(seed, lambda: 0, lambda _: None)
    centre = ChatCentre(account, "", seed)
    return People(list(account.departments), centre.agents)


class ChatCentre:
    """Plays until `closes_after_s`, and every session to its end."""

    def __init__(self, account: HelenaAccount, site: str, seed: int, speed: float = 1.0) -> None:
        """`speed`: how many times faster than life."""
        self._account = account
        self._chance = random.Random(seed)  # noqa: S311 - made-up people
        self._speed = speed
        self.truth = ChatTruth(site)
        self.is_over = False
        self._departments = {name: account.add_department(name) for name in QUEUES}
        self.agents = {
            account.add_agent(name, [self._departments[queue]]): name for name, queue in AGENTS
        }
        of_queue: dict[str, list[str]] = {name: [] for name in QUEUES}
        for agent, (_, queue) in zip(self.agents, AGENTS, strict=True):
            of_queue[queue].append(agent)
        self._desk = Desk(of_queue, MOST_AT_A_TIME)
        self._customers = 0

    async def run(self, closes_after_s: float | None) -> None:
        """Play; without an end for ever. Real seconds."""
        for agent in self.agents:
            await self._come(agent)
        kinds: dict[Callable[[], Awaitable[None]], int] = {
            self._plain: 60,
            self._after_bot: 14,
            self._bot_only: 10,
            self._campaign: 8,
            self._reopened: 8,
        }
        stories, weights = list(kinds), list(kinds.values())
        loop = asyncio.get_running_loop()
        ends_at = None if closes_after_s is None else loop.time() + closes_after_s
        async with asyncio.TaskGroup() as tasks:
            breaks = [tasks.create_task(self._shift(agent)) for agent in self.agents]
            sessions = set()
            while ends_at is None or loop.time() < ends_at:
                (story,) = self._chance.choices(stories, weights)
                session = tasks.create_task(_as_coroutine(story))
                sessions.add(session)
                session.add_done_callback(sessions.discard)
                await self._pause(self._chance.expovariate(1 / _BETWEEN_ARRIVALS_S))
            if sessions:
                await asyncio.wait(sessions)
            for each in breaks:
                each.cancel()
        self.is_over = True

    # --- Kinds of sessions -----------------------------------------------------------------------

    async def _plain(self) -> None:
        queue = self._chance.choice(QUEUES)
        session, at = self._open(queue)
        self._account.message(session, is_from_us=False)
        await self._be_served(session, queue, at)

    async def _after_bot(self) -> None:
        session, _ = self._open(None, status="STARTED", botId="bot-1")
        await self._talk_to_bot(session)
        queue = self._chance.choice(QUEUES)
        at = self._account.change(session, status="PENDING", departmentId=self._departments[queue])
        await self._be_served(session, queue, at)

    async def _bot_only(self) -> None:
        queue = self._chance.choice(QUEUES)
        session, at = self._open(queue, status="STARTED", botId="bot-1")
        await self._talk_to_bot(session)
        ended_at = self._account.complete(session)
        self.truth.bot_only(session, self._departments[queue], _ms(at), _ms(ended_at))

    async def _campaign(self) -> None:
        """We write first; who answers is offered then, and many never do."""
        queue = self._chance.choice(QUEUES)
        session, _ = self._open(queue, status="STARTED", windowStatus="NOT_STARTED")
        self._account.message(session, is_from_us=True, origin="CAMPAIGN")
        await self._pause(self._chance.uniform(20, 90))
        if self._chance.random() < 0.5:  # noqa: PLR2004 - half of them
            self._account.complete(session)
            return
        self._account.message(session, is_from_us=False)
        at = self._account.change(session, status="PENDING", windowStatus="ACTIVE")
        await self._be_served(session, queue, at)

    async def _reopened(self) -> None:
        queue = self._chance.choice(QUEUES)
        session, at = self._open(queue, metadata={"reopened": "later"})
        self._account.message(session, is_from_us=False)
        await self._be_served(session, queue, at)
        await self._pause(self._chance.uniform(30, 120))
        at = self._account.change(
            session,
            status="PENDING",
            departmentId=self._departments[queue],
            userId=None,
            agentDetails=None,
            endAt=None,
            active=True,
        )
        await self._be_served(session, queue, at)

    # --- Their parts -----------------------------------------------------------------------------

    def _open(self, queue: str | None, **content: object) -> tuple[str, int]:
        self._customers += 1
        department = self._departments[queue] if queue else None
        return self._account.open(self._customers, departmentId=department, **content)

    async def _talk_to_bot(self, session: str) -> None:
        for _ in range(self._chance.randint(1, 3)):
            await self._pause(self._chance.uniform(3, 15))
            self._account.message(session, is_from_us=False)
            self._account.message(session, is_from_us=True, origin="BOT")
        await self._pause(5)

    async def _be_served(self, session: str, queue: str, at: int) -> None:
        """From entering a queue to the end of the session, now and then through another queue."""
        while True:
            visit = self.truth.entered(session, self._departments[queue], _ms(at))
            patience_s = self._chance.expovariate(1 / _PATIENCE_S)
            async with self._desk.agent_for(queue, patience_s / self._speed) as agent:
                if agent is None:
                    self.truth.ended(visit, _ms(self._account.complete(session)))
                    return
                await self._converse(session, visit, agent)
                if self._chance.random() < 0.1:  # noqa: PLR2004 - one of ten is passed on
                    queue = QUEUES[1 - QUEUES.index(queue)]
                    at = self._account.change(
                        session,
                        status="PENDING",
                        userId=None,
                        agentDetails=None,
                        departmentId=self._departments[queue],
                    )
                    self.truth.passed_on(visit, _ms(at))
                    continue
                self.truth.ended(visit, _ms(self._account.complete(session)))
                return

    async def _converse(self, session: str, visit: TrueChat, agent: str) -> None:
        at = self._account.assign(session, agent)
        self.truth.answered(visit, f"{visit.site}/{agent}", self.agents[agent], _ms(at))
        for _ in range(self._chance.randint(1, _EXCHANGES)):
            await self._pause(self._chance.expovariate(1 / _READING_S))
            self._account.message(session, is_from_us=True, agent=agent)
            await self._pause(self._chance.expovariate(1 / _READING_S))
            self._account.message(session, is_from_us=False)
            self._account.change(session, unreadCount=self._chance.randint(0, 3))

    async def _shift(self, agent: str) -> None:
        """Breaks, which only polling tells."""
        while True:
            await self._pause(self._chance.uniform(300, _MOST_ACROSS_S))
            if self._desk.goes(agent):
                self._account.set_available(agent, is_available=False)
                await self._pause(self._chance.uniform(60, 180))
                await self._come(agent)

    async def _come(self, agent: str) -> None:
        self._account.set_available(agent, is_available=True)
        await self._desk.comes(agent)

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed)


async def _as_coroutine(story: Callable[[], Awaitable[None]]) -> None:
    await story()


def _ms(ticks: int) -> int:
    return ticks // _TICKS_PER_MS
