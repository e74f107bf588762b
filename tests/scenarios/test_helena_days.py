"""Days of asking Helena, as it is described and as it is not: nothing is lost, limits are held."""

import random

import httpx
import pytest

from connectors.helena.api import LIMITS
from connectors.moments import ticks
from connectors.poller import PlatformAwayError, PlatformRefusesError
from tests.support.helena_platforms import BEGIN_S, OddPlatform, Platform

WORKING_DAY_S = 8 * 60 * 60


class Moving(httpx.ASGITransport):
    """Between two answers sessions of the pages that were read change, and so move to the end."""

    def __init__(self, platform: Platform, chance: random.Random) -> None:
        super().__init__(platform.api.app())
        self._platform = platform
        self._chance = chance
        self.left = 40

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        for _ in range(self._chance.randint(0, 6)):
            if self.left:
                self.left -= 1
                self._platform.clock.now += 0.5
                session = self._chance.choice(list(self._platform.account.sessions))
                self._platform.account.change(session, unreadCount=self.left)
        return answer


@pytest.mark.parametrize("seed", range(5))
async def test_nothing_is_lost_when_sessions_move_while_they_are_read(seed: int) -> None:
    platform = Platform()
    platform.open(450, apart_s=0.2)
    moving = Moving(platform, random.Random(seed))
    poller = platform.poller(transport=moving)
    await poller.sessions(platform.publish)
    assert set(platform.ids()) == set(platform.account.sessions)
    moving.left = 0
    await poller.sessions(platform.publish)
    assert platform.is_up_to_date()


@pytest.mark.parametrize("seed", range(3))
async def test_after_a_day_of_rounds_everything_is_known(seed: int) -> None:
    """Sessions come, change and end; now and then a round is left out."""
    platform = Platform()
    chance = random.Random(seed)
    poller = platform.poller()
    for _ in range(120):
        platform.open(chance.randint(0, 3), apart_s=chance.uniform(0.01, 90))
        for session in chance.sample(list(platform.account.sessions), min(3, len(platform.ids()))):
            if chance.random() < 0.3:
                platform.account.complete(session)
            else:
                platform.account.change(session, status=chance.choice(["PENDING", "IN_PROGRESS"]))
        if chance.random() < 0.9:
            await poller.sessions(platform.publish)
    await poller.sessions(platform.publish)
    assert platform.is_up_to_date()
    versions = [(p.fields["id"], ticks(p.fields["updatedAt"])) for p in platform.found]
    assert len(versions) == len(set(versions))


async def test_the_limits_are_held_however_much_there_is_to_ask() -> None:
    platform = Platform()
    platform.open(1)
    client = platform.client()
    began = platform.clock.now
    for _ in range(1_010):
        await client.get("/core/v1/agent")
    assert platform.api.refused == 0
    assert platform.clock.now - began >= 600


@pytest.mark.parametrize(
    "quirks",
    [
        ("capped", "moving"),
        ("capped", "untold", "wrong_total", "moving"),
        ("untold", "repeats", "decimals"),
        ("capped", "descending", "moving"),
        ("capped", "holes", "untold"),
        ("capped", "holes", "descending", "repeats", "moving"),
        ("faults", "refuses", "slow", "capped", "decimals", "moving"),
    ],
    ids=" ".join,
)
async def test_nothing_is_lost_in_a_day_of(quirks: tuple[str, ...]) -> None:
    platform = OddPlatform(len(quirks), *quirks)
    poller = platform.poller()
    while platform.now < BEGIN_S + WORKING_DAY_S:
        for _ in range(platform.chance.randint(0, 60)):
            platform.live(platform.chance.choice([0.0, 0.0, 0.001, 0.2, 240.0]))
        try:
            await poller.sessions(platform.publish)
        except (PlatformAwayError, PlatformRefusesError):
            platform.now += 60
    platform.is_moving = False
    platform.quirks -= {"faults", "refuses"}
    platform.now += 1  # two changes of one second may be told as one moment
    await poller.sessions(platform.publish)
    assert platform.is_known()
    assert poller.cursor_ms <= platform.now * 1000
    for requests, seconds in LIMITS:
        assert platform.most_within(seconds) <= requests
