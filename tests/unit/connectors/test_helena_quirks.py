"""A day of asking a platform that is not as it is described: nothing is lost, limits are held."""

import random
from collections import deque
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from connectors.door import Passed
from connectors.helena.api import LIMITS, MOST_BYTES, HelenaApi
from connectors.helena.poller import MOST_IDLE_PAGES, HelenaPoller
from connectors.moments import ticks
from connectors.pace import Pace
from connectors.poller import PlatformAwayError, PlatformRefusesError

BEGIN_S = 1_773_147_600.0
DAY_S = 24 * 60 * 60
WORKING_DAY_S = 8 * 60 * 60

Session = dict[str, Any]


class OddPlatform(httpx.AsyncBaseTransport):
    """Sessions that come and change, behind answers as odd as `quirks` say."""

    def __init__(self, seed: int, *quirks: str) -> None:
        self.chance = random.Random(seed)
        self.quirks = frozenset(quirks)
        self.now = BEGIN_S
        self.sessions: dict[str, Session] = {}
        self.found: list[Passed] = []
        self.asked: deque[float] = deque()
        self.is_moving = True
        self.changes = 0

    def change(self, key: str, **content: Any) -> None:
        self.sessions[key] = {
            **self.sessions.get(key, {"id": key, "createdAt": self.now}),
            "updatedAt": self.now,
            **content,
        }

    def live(self, seconds: float) -> None:
        """Some of a centre's life."""
        self.now += seconds
        if self.chance.random() < 0.5 or not self.sessions:
            self.change(f"s{len(self.sessions)}", status="PENDING")
        else:
            key = self.chance.choice(list(self.sessions))
            status = self.chance.choice(["PENDING", "IN_PROGRESS", "COMPLETED"])
            self.changes += 1  # nothing is twice as it was, whatever its moment
            self.change(key, status=status, userId=f"a{self.changes}")

    def told(self, moment: float) -> str:
        at = datetime.fromtimestamp(moment, UTC)
        if "decimals" not in self.quirks:
            return at.isoformat(timespec="microseconds")
        zone = timezone(timedelta(hours=self.chance.choice([-3, 0, 5])))
        forms = at.astimezone(zone).isoformat(timespec="seconds"), f"{at:%Y-%m-%dT%H:%M:%S}"
        return self.chance.choice(forms)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(self.now)
        self.now += 25.0 if "slow" in self.quirks and self.chance.random() < 0.05 else 0.05
        if "faults" in self.quirks and self.chance.random() < 0.3:
            return httpx.Response(self.chance.choice([429, 500, 502, 503, 504]))
        if "refuses" in self.quirks and self.chance.random() < 0.05:
            return httpx.Response(401, json={"error": True})
        answer = self._page(dict(request.url.params))
        if "moving" in self.quirks and self.is_moving and self.chance.random() < 0.5:
            self.live(0.01)
        return httpx.Response(200, json=answer)

    def _page(self, query: dict[str, str]) -> dict[str, Any]:
        after = ticks(query["UpdatedAt.After"]) / 1e7
        found = [s for s in self.sessions.values() if s["updatedAt"] > after]
        found.sort(key=lambda s: s["updatedAt"], reverse="descending" in self.quirks)
        number, size = int(query["PageNumber"]), int(query["PageSize"])
        size = 15 if "capped" in self.quirks else size
        place = number
        if "holes" in self.quirks:  # every second page is empty
            place = (number + 1) // 2 if number % 2 else -1
        items = found[(place - 1) * size : place * size] if place > 0 else []
        if "repeats" in self.quirks:
            items = items + items[:3]
        shown = [{**s, "updatedAt": self.told(s["updatedAt"])} for s in items]
        pages = -(-len(found) // size) * (2 if "holes" in self.quirks else 1)
        answer: dict[str, Any] = {"pageNumber": number, "items": shown, "totalPages": pages}
        if "untold" not in self.quirks:
            answer["hasMorePages"] = number < pages
        if "wrong_total" in self.quirks:
            answer["totalPages"] = self.chance.choice([None, 0, 1, "3"])
        return answer

    # --- The other side --------------------------------------------------------------------------

    async def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 0.001)

    def poller(self) -> HelenaPoller:
        pace = Pace(LIMITS, lambda: self.now, self.sleep)
        api = HelenaApi("http://helena", "pn_made_up", transport=self, pace=pace, first_pause_s=0)
        return HelenaPoller(api, int(BEGIN_S * 1000), lambda: self.now, lambda: self.now)

    async def publish(self, passed: Passed) -> None:
        self.found.append(passed)

    def is_known(self) -> bool:
        """Whether the last that was published of each session is how it is."""
        known = {passed.fields["id"]: passed.fields.get("userId") for passed in self.found}
        return known == {key: session.get("userId") for key, session in self.sessions.items()}

    def most_within(self, seconds: float) -> int:
        """The most requests that were made within so many seconds."""
        most, window = 0, deque[float]()
        for moment in self.asked:
            window.append(moment)
            while moment - window[0] >= seconds:
                window.popleft()
            most = max(most, len(window))
        return most


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


async def test_a_moment_in_the_future_does_not_blind_the_poller() -> None:
    platform = OddPlatform(1)
    platform.change("ahead", status="PENDING", updatedAt=BEGIN_S + 10_000 * DAY_S)
    poller = platform.poller()
    await poller.sessions(platform.publish)
    platform.now += 3_600
    platform.change("later", status="PENDING")
    await poller.sessions(platform.publish)
    assert [passed.fields["id"] for passed in platform.found] == ["ahead", "later"]


async def test_a_cursor_from_the_future_is_not_believed() -> None:
    platform = OddPlatform(1)
    poller = platform.poller()
    poller.cursor_ms = int((BEGIN_S + DAY_S) * 1000)
    platform.live(1)
    await poller.sessions(platform.publish)
    assert platform.is_known()


@pytest.mark.parametrize("moment", [None, "when it was", "2026-03-10T13:00:00Z"])
async def test_a_session_whose_moment_does_not_move_is_told_when_it_changes(moment: object) -> None:
    platform = OddPlatform(1)

    async def told(status: str) -> int:
        item = {"id": "s", "updatedAt": moment, "status": status}
        transport = httpx.MockTransport(
            lambda _: httpx.Response(200, json={"items": [item], "hasMorePages": False})
        )
        poller._api = HelenaApi("http://helena", "pn_made_up", transport=transport)
        return (await poller.sessions(platform.publish)).published

    poller = platform.poller()
    assert [await told(status) for status in ("PENDING", "PENDING", "COMPLETED")] == [1, 0, 1]


async def test_a_platform_that_always_has_more_is_not_asked_for_ever() -> None:
    asked = []

    def endless(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"items": [], "hasMorePages": True, "totalPages": 10**9})

    api = HelenaApi("http://helena", "pn_made_up", transport=httpx.MockTransport(endless))
    platform = OddPlatform(1)
    await HelenaPoller(api, 0).sessions(platform.publish)
    assert len(asked) == MOST_IDLE_PAGES


async def test_an_answer_without_end_is_given_up() -> None:
    async def bytes_without_end() -> Any:
        while True:
            yield b" " * (1024 * 1024)

    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=bytes_without_end()))
    api = HelenaApi("http://helena", "pn_made_up", transport=transport, first_pause_s=0)
    with pytest.raises(PlatformAwayError, match="too long"):
        await api.get("/chat/v2/session")
    assert MOST_BYTES < 1 << 30
