"""Single answers of a platform that is not as it is described; whole days are in the scenarios."""

from typing import Any

import httpx
import pytest

from connectors.helena.api import MOST_BYTES, HelenaApi
from connectors.helena.poller import MOST_IDLE_PAGES, HelenaPoller
from connectors.poller import PlatformAwayError
from tests.support.helena_platforms import BEGIN_S, OddPlatform

DAY_S = 24 * 60 * 60


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
