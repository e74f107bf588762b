"""Helena played in this process: as it is described, and as odd as it may turn out to be."""

import random
from collections import deque
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx

from connectors.door import Passed
from connectors.helena.api import LIMITS
from connectors.helena.api import HelenaApi as Client
from connectors.helena.poller import HelenaPoller
from connectors.moments import ticks
from connectors.pace import Pace
from local.whatsapp.account import TICKS_PER_S, HelenaAccount
from local.whatsapp.api import HelenaApi

TOKEN = "pn_made_up_token"
BEGIN_S = 1_773_147_600

Session = dict[str, Any]


class Clock:
    """Time that passes when it is told to, or slept."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def ticks(self) -> int:
        return BEGIN_S * TICKS_PER_S + int(self.now * TICKS_PER_S)

    async def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 0.001)


class Platform:
    """A fake account, its API, and what a poller published of it."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock()
        self.account = HelenaAccount(7, self.clock.ticks, lambda _: None)
        self.api = HelenaApi(self.account, TOKEN, clock=self.clock, **settings)
        self.found: list[Passed] = []

    def client(
        self, token: str = TOKEN, transport: httpx.AsyncBaseTransport | None = None
    ) -> Client:
        return Client(
            "http://helena",
            token,
            transport=transport or httpx.ASGITransport(self.api.app()),
            pace=Pace(((500, 300.0), (100, 5.0)), self.clock, self.clock.sleep),
            first_pause_s=0.001,
        )

    def poller(self, cursor_ms: int = 0, **client: Any) -> HelenaPoller:
        return HelenaPoller(self.client(**client), cursor_ms, self.clock)

    async def publish(self, passed: Passed) -> None:
        self.found.append(passed)

    def open(self, sessions: int, apart_s: float = 1.0) -> list[str]:
        opened = []
        for number in range(sessions):
            self.clock.now += apart_s
            opened.append(self.account.open(number)[0])
        return opened

    def ids(self) -> list[object]:
        return [passed.fields["id"] for passed in self.found]

    def is_up_to_date(self) -> bool:
        """Whether the last that was published of each session is how it is."""
        last = {passed.fields["id"]: ticks(passed.fields["updatedAt"]) for passed in self.found}
        return last == {key: s["updatedAt"] for key, s in self.account.sessions.items()}


class OddPlatform(httpx.AsyncBaseTransport):
    """Sessions that come and change, behind answers as odd as `quirks` say."""

    def __init__(self, seed: int, *quirks: str) -> None:
        self.chance = random.Random(seed)
        self.quirks = frozenset(quirks)
        self.now = float(BEGIN_S)
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
        api = Client("http://helena", "pn_made_up", transport=self, pace=pace, first_pause_s=0)
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
