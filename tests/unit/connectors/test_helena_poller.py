"""Sessions and agents found in a fake Helena that pages, moves its items and has its limits."""

import contextlib
import weakref
from typing import Any

import httpx
import pytest

from connectors.door import Passed
from connectors.helena import poller as helena
from connectors.helena.api import HelenaApi, Parameters
from connectors.helena.poller import OVERLAP_MS
from connectors.poller import PlatformAwayError, PlatformRefusesError
from ingest_api.errors import Shortage, UnavailableError
from tests.support.helena_platforms import Platform


@pytest.fixture
def platform() -> Platform:
    return Platform()


async def test_sessions_are_found_over_all_pages_each_once(platform: Platform) -> None:
    opened = platform.open(257)
    poller = platform.poller()
    found = await poller.sessions(platform.publish)
    assert sorted(map(str, platform.ids())) == sorted(opened)
    assert found.published == 257
    first = platform.found[0]
    assert first.number.startswith("+55|119")
    assert "contactDetails.name" not in first.fields
    assert "lastMessageText" not in first.fields
    assert (await poller.sessions(platform.publish)).published == 0


async def test_the_next_round_reads_from_a_little_before_the_last_change(
    platform: Platform,
) -> None:
    platform.open(5, apart_s=3_600)
    poller = platform.poller()
    await poller.sessions(platform.publish)
    assert poller.cursor_ms == platform.clock.ticks() // 10_000
    late = next(iter(platform.account.sessions.values()))
    late["updatedAt"] = (poller.cursor_ms - OVERLAP_MS + 1_000) * 10_000
    late["status"] = "COMPLETED"
    assert (await poller.sessions(platform.publish)).published == 1
    assert platform.found[-1].fields["status"] == "COMPLETED"


async def test_many_sessions_of_one_moment_are_found(platform: Platform) -> None:
    platform.open(330)
    moment = platform.clock.ticks()
    for session in platform.account.sessions.values():
        session["updatedAt"] = moment
    await platform.poller().sessions(platform.publish)
    assert set(platform.ids()) == set(platform.account.sessions)


class Backwards(httpx.ASGITransport):
    """A platform that does not know the order it was asked for."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url.copy_set_param("OrderDirection", "DESCENDING")
        return await super().handle_async_request(
            httpx.Request(request.method, url, headers=request.headers)
        )


async def test_an_order_that_is_not_kept_costs_nothing(platform: Platform) -> None:
    platform.open(330)
    poller = platform.poller(transport=Backwards(platform.api.app()))
    await poller.sessions(platform.publish)
    assert set(platform.ids()) == set(platform.account.sessions)


async def test_a_platform_that_is_hurried_is_given_time() -> None:
    platform = Platform(limits=[(3, 0.5)])
    platform.open(450)
    poller = platform.poller(transport=Ticking(platform))
    await poller.sessions(platform.publish)
    assert platform.api.refused > 0
    assert set(platform.ids()) == set(platform.account.sessions)


class Ticking(httpx.ASGITransport):
    """Each request takes a while of the platform's time; of a refused one nothing is waited for."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform.api.app())
        self._platform = platform

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._platform.clock.now += 0.1
        answer = await super().handle_async_request(request)
        answer.headers.pop("Retry-After", None)
        return answer


async def test_a_token_that_is_refused_is_not_tried_again(platform: Platform) -> None:
    with pytest.raises(PlatformRefusesError, match="401"):
        await platform.poller(token="pn_other").sessions(platform.publish)


class Broken(httpx.AsyncBaseTransport):
    """Answers that are none."""

    def __init__(self, *answers: httpx.Response | httpx.HTTPError) -> None:
        self._answers = list(answers)

    async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, httpx.HTTPError):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(404, json={"error": True, "key": "NOT_FOUND"}),
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"items": "none", "hasMorePages": True}),
        httpx.ConnectError("refused"),
        httpx.Response(429, headers={"Retry-After": "3600"}),
    ],
)
async def test_an_answer_that_is_none_ends_the_round_and_moves_nothing(
    platform: Platform, answer: httpx.Response | httpx.HTTPError
) -> None:
    poller = platform.poller(cursor_ms=5, transport=Broken(answer))
    with pytest.raises(PlatformAwayError):
        await poller.sessions(platform.publish)
    assert (poller.cursor_ms, platform.found) == (5, [])


async def test_a_passing_fault_is_waited_out(platform: Platform) -> None:
    page = {"items": [{"id": "s", "updatedAt": "2026-03-10T13:00:00"}, 7], "hasMorePages": False}
    transport = Broken(
        httpx.ReadTimeout("slow"), httpx.Response(503), httpx.Response(200, json=page)
    )
    await platform.poller(transport=transport).sessions(platform.publish)
    assert platform.ids() == ["s"]


async def test_agents_are_told_when_they_come_and_go(platform: Platform) -> None:
    account = platform.account
    department = account.add_department("Suporte")
    ana, bia = (account.add_agent(name, [department]) for name in ("Ana", "Bia"))
    account.set_available(ana, is_available=True)
    poller = platform.poller()

    async def told() -> list[tuple[object, object]]:
        platform.found.clear()
        await poller.agents(platform.publish)
        return [(p.fields["userId"], p.fields["availability"]) for p in platform.found]

    assert await told() == [(ana, "AVAILABLE"), (bia, "UNAVAILABLE")]
    assert "email" not in platform.found[0].fields
    assert await told() == []
    account.set_available(bia, is_available=True)
    assert await told() == [(bia, "AVAILABLE")]
    platform.clock.now += 700
    assert len(await told()) == 2


async def test_agents_may_come_in_pages(platform: Platform) -> None:
    def page(number: int, **more: object) -> httpx.Response:
        agent = {"userId": f"a{number}", "availability": "AVAILABLE"}
        return httpx.Response(200, json={"items": [agent], **more})

    pages = page(1, hasMorePages=True), page(2, totalPages=3), page(3, totalPages=3)
    await platform.poller(transport=Broken(*pages)).agents(platform.publish)
    assert [passed.fields["userId"] for passed in platform.found] == ["a1", "a2", "a3"]


async def test_half_a_character_of_a_name_stops_nothing(platform: Platform) -> None:
    page = httpx.Response(200, content=rb'[{"userId": "a1", "name": "Ana \ud83d"}]')
    await platform.poller(transport=Broken(page)).agents(platform.publish)
    assert [passed.fields for passed in platform.found] == [{"userId": "a1"}]


async def found_on(platform: Platform, page: bytes) -> list[object]:
    """The ids of the sessions that are found where this page is the platform's answer."""
    poller = platform.poller(transport=Broken(httpx.Response(200, content=page)))
    await poller.sessions(platform.publish)
    return platform.ids()


@pytest.mark.parametrize(
    "name", [b"Ana \xc3", b"Ana \x01", rb"Ana \ud83d", b'", "wait": NaN, "count": "1']
)
async def test_a_broken_text_of_one_session_keeps_no_other_from_being_found(
    platform: Platform, name: bytes
) -> None:
    page = (
        b'{"hasMorePages": false, "items": [{"id": "s1", "updatedAt": "2026-03-10T13:00:00", '
        b'"title": "%s"}, {"id": "s2", "updatedAt": "2026-03-10T13:00:01"}]}' % name
    )
    assert await found_on(platform, page) == ["s1", "s2"]


@pytest.mark.parametrize("moment", [b"[]", b"{}", b"NaN", b"1e400", b"1" * 5_000, b"true"])
async def test_a_session_whose_moment_is_anything_else_is_found_like_the_others(
    platform: Platform, moment: bytes
) -> None:
    page = (
        b'{"hasMorePages": false, "items": [{"id": "s1", "updatedAt": %s}, '
        b'{"id": "s2", "updatedAt": "2026-03-10T13:00:01"}]}' % moment
    )
    assert await found_on(platform, page) == ["s1", "s2"]


def agents(*users: str) -> httpx.Response:
    return httpx.Response(200, json=[{"userId": u, "availability": "AVAILABLE"} for u in users])


async def told_of_agents(platform: Platform, *answers: httpx.Response) -> list[tuple[str, str]]:
    """What is told of whom when the platform is asked once for each answer."""
    poller = platform.poller(transport=Broken(*answers))
    for _ in answers:
        with contextlib.suppress(PlatformAwayError):
            await poller.agents(platform.publish)
    told = [passed.fields for passed in platform.found]
    return [(str(fields["userId"]), str(fields["availability"])) for fields in told]


async def test_an_agent_who_is_listed_no_more_is_told_to_be_away(platform: Platform) -> None:
    """Told once; and who comes back is told at once."""
    lists = agents("a1", "a2"), agents("a2"), agents("a2"), agents("a2"), agents("a1", "a2")
    assert await told_of_agents(platform, *lists) == [
        ("a1", "AVAILABLE"),
        ("a2", "AVAILABLE"),
        ("a1", "UNAVAILABLE"),
        ("a1", "AVAILABLE"),
    ]


async def test_one_list_alone_tells_of_nobody_that_they_left(platform: Platform) -> None:
    """Who moves over the border of a page while it is read is missing from that one."""
    lists = agents("a1", "a2"), agents("a2"), agents("a1", "a2"), agents("a2")
    assert await told_of_agents(platform, *lists) == [("a1", "AVAILABLE"), ("a2", "AVAILABLE")]


async def test_a_list_of_nobody_tells_of_nobody(platform: Platform) -> None:
    """An account has somebody who made it, so that is no list."""
    lists = agents("a1"), agents(), agents(), agents()
    assert await told_of_agents(platform, *lists) == [("a1", "AVAILABLE")]


@pytest.mark.parametrize("cut_at", ["pages", "idle", "agents", "away"])
async def test_who_is_not_in_a_list_that_was_cut_short_has_not_left(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, cut_at: str
) -> None:
    others = [{"userId": f"b{number}", "availability": "AVAILABLE"} for number in range(4)]

    def cut(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["PageNumber"])
        if cut_at == "away" and page > 1:
            return httpx.Response(404)
        items = others[:1] if cut_at == "idle" else others if cut_at == "agents" else [others[page]]
        return httpx.Response(200, json={"items": items, "hasMorePages": cut_at != "agents"})

    monkeypatch.setattr(helena, "MOST_PAGES", 3 if cut_at == "pages" else 1_000)
    monkeypatch.setattr(helena, "MOST_AGENTS", 3 if cut_at == "agents" else 1_000)
    poller = platform.poller(transport=Broken(agents("a1")))
    await poller.agents(platform.publish)
    poller._api = platform.client(transport=httpx.MockTransport(cut))
    for _ in range(4):
        with contextlib.suppress(PlatformAwayError):
            await poller.agents(platform.publish)
    told = {(passed.fields["userId"], passed.fields["availability"]) for passed in platform.found}
    assert ("a1", "AVAILABLE") in told
    assert {availability for _, availability in told} == {"AVAILABLE"}


async def test_that_one_left_is_told_until_it_is_stored(platform: Platform) -> None:
    answers = [agents("a1", "a2"), *[agents("a2")] * 4]
    poller = platform.poller(transport=Broken(*answers))
    away = []

    async def publish(passed: Passed) -> None:
        if passed.fields["availability"] == "UNAVAILABLE":
            away.append(passed.fields["userId"])
            if len(away) == 1:
                raise UnavailableError("not acknowledged", 1, Shortage.BROKER)

    for _ in answers:
        with contextlib.suppress(UnavailableError):
            await poller.agents(publish)
    assert away == ["a1", "a1"]


async def test_agents_without_number_are_neither_held_nor_remembered(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the answers of one reading, each of up to 32 MiB, nor those who were told."""
    monkeypatch.setattr(helena, "MOST_AGENTS", 250)
    most = 0

    class Answer(dict[str, Any]):
        """A page; of a plain dictionary nobody can tell when it is let go."""

    answers: list[weakref.ref[Answer]] = []

    class Endless(HelenaApi):
        """New people on every page of every reading."""

        asked = 0

        async def get(self, path: str, parameters: Parameters = ()) -> Answer:  # noqa: ARG002
            nonlocal most
            self.asked += 1
            people = ({"userId": f"{self.asked}-{number}"} for number in range(100))
            answer = Answer(items=list(people), hasMorePages=True)
            answers.append(weakref.ref(answer))
            most = max(most, sum(known() is not None for known in answers))
            return answer

    poller = platform.poller()
    poller._api = Endless("http://helena", "pn_made_up")
    for _ in range(10):
        await poller.agents(platform.publish)
    assert most <= 2
    assert len(platform.found) == 10 * 250
    assert len(poller._agents) <= 250
