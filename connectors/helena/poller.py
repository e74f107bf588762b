"""Finds in Helena what its webhooks did not tell: sessions that changed, and who takes sessions.

Sessions are read in order of change from a little before the cursor on. They move while they are
read: what changes goes to the end, and everything behind it one place up, over the border of a page
that was read. So after each page the reading begins anew at the last change of that page, and only
where that leads nowhere (many sessions of one moment, or an order that is not kept) the pages are
counted, and then counted again. What was published already is known by its id, moment and content
and passed over.

Whether there is more is believed where it is told plainly (`hasMorePages`); else it is read until a
page brings nothing new, since pages may be smaller than they were asked for.
"""

import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from connectors.door import Passed, selected
from connectors.helena.api import HelenaApi, Parameters
from connectors.helena.door import SESSION_PATHS, number_of
from connectors.helena.meaning import POLLED_AGENT, POLLED_SESSION
from connectors.moments import TICKS_PER_S, ticks
from connectors.poller import PlatformAwayError, Publish, Round
from streams.domain.chat_events import TICKS_PER_MS

PAGE_SIZE = 100
MOST_PAGES = 1_000
MOST_PASSES = 3
"""So often pages that had to be counted are read again, as long as that finds something."""

MOST_IDLE_PAGES = 20
"""After so many pages in a row that bring nothing, nothing is believed to follow."""

OVERLAP_MS = 10 * 60 * 1000
"""So late may a change show up in the list."""

KEYSET_OVERLAP_TICKS = TICKS_PER_S
MOST_REMEMBERED = 50_000
AGENTS_AGAIN_S = 600.0
"""An agent whose availability has not changed is told again after so long."""

MOST_AGENTS = 10_000
"""Of one account; more are neither told nor remembered."""

_SESSIONS = "/chat/v2/session"
_AGENTS = "/core/v1/agent"
_CHANGED_AT = "updatedAt"
_DETAILS = ("DepartmentsDetails", "AgentDetails", "ContactDetails")
_AGENT_PATHS = ("id", "userId", "name", "availability")


class HelenaPoller:
    """A Poller of one account."""

    def __init__(
        self,
        api: HelenaApi,
        cursor_ms: int,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`cursor_ms` is where to begin; `clock` is steady, `now` Unix time, both in seconds."""
        self.cursor_ms = cursor_ms
        self._api = api
        self._clock = clock
        self._now = now
        self._published: OrderedDict[tuple[str, int, int], None] = OrderedDict()
        self._agents: dict[str, tuple[Passed, float]] = {}
        self._missing: set[str] = set()

    async def sessions(self, publish: Publish) -> Round:
        """As in Poller. The cursor moves to the latest change that was found, never past now."""
        now = int(self._now() * 1000) * TICKS_PER_MS
        latest = min(self.cursor_ms * TICKS_PER_MS, now)
        after, page, pages = max(latest - OVERLAP_MS * TICKS_PER_MS, 0), 1, _Pages()
        published = shown = known = passes = 0
        for _ in range(MOST_PAGES):
            answer, items = await self._page(after, page)
            moments = [_changed_at(item) for item in items]
            for item, moment in zip(items, moments, strict=True):
                published += await self._publish_once(item, moment, publish)
            shown += len(items)
            in_turn = [min(moment, now) for moment in moments if moment]
            latest = max([latest, *in_turn])
            again = max(in_turn, default=0) - KEYSET_OVERLAP_TICKS
            is_in_order = all(before <= later for before, later in pairwise(in_turn))
            leads_on = is_in_order and again > after
            has_more = pages.has_more(answer, page, items)
            if has_more and not leads_on:
                page += 1
                continue
            if page > 1 and published > known and passes < MOST_PASSES:
                # What moved meanwhile may have pulled others over a border.
                page, pages, known, passes = 1, _Pages(), published, passes + 1
                continue
            if not has_more:
                self.cursor_ms = latest // TICKS_PER_MS
                break
            after, page, pages, known, passes = again, 1, _Pages(), published, 0
            self.cursor_ms = max(self.cursor_ms, after // TICKS_PER_MS)
        return Round(published, shown)

    async def agents(self, publish: Publish) -> Round:
        """As in Poller. Told are those who changed, and all once in a while.

        Who is in no list any more is told to be away: after two lists in a row that were read
        whole, as one who moves over the border of a page meanwhile is not in the first.
        """
        published = shown = 0
        listed: set[str] = set()
        reading = _Reading(self._api)
        async for agent in reading.agents():
            shown += 1
            passed = Passed(POLLED_AGENT, selected(agent, _AGENT_PATHS))
            key = str(passed.fields.get("userId") or passed.fields.get("id"))
            listed.add(key)
            known, told_at = self._agents.get(key, (None, 0.0))
            if passed != known or self._clock() - told_at >= AGENTS_AGAIN_S:
                await publish(passed)
                self._agents[key] = passed, self._clock()
                published += 1
        self._missing -= listed
        if reading.is_whole and listed:
            missing = self._agents.keys() - listed
            for key in sorted(missing & self._missing):
                published += await self._tell_away(self._agents[key][0], publish)
                del self._agents[key]
            self._missing = missing & self._agents.keys()
        others = [key for key in self._agents if key not in listed]
        for key in others[: max(len(self._agents) - MOST_AGENTS, 0)]:
            del self._agents[key]
        return Round(published, shown)

    async def close(self) -> None:
        """As in Poller."""
        await self._api.close()

    async def _tell_away(self, agent: Passed, publish: Publish) -> bool:
        if not agent.fields.get("userId"):
            return False  # nobody by this name was ever available
        await publish(agent._replace(fields=agent.fields | {"availability": "UNAVAILABLE"}))
        return True

    async def _page(
        self, after: int, page: int
    ) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
        parameters: Parameters = [
            ("UpdatedAt.After", _told(after)),
            ("OrderBy", "UpdatedAt"),
            ("OrderDirection", "ASCENDING"),
            ("PageNumber", str(page)),
            ("PageSize", str(PAGE_SIZE)),
            *(("IncludeDetails", detail) for detail in _DETAILS),
        ]
        answer = await self._api.get(_SESSIONS, parameters)
        if not isinstance(answer, dict):
            raise PlatformAwayError(f"{_SESSIONS}: the answer is no page")
        return answer, list(_objects(answer.get("items"), _SESSIONS))

    async def _publish_once(self, item: Mapping[str, Any], moment: int, publish: Publish) -> bool:
        passed = Passed(POLLED_SESSION, selected(item, SESSION_PATHS), number_of(item))
        told = {name: ticks(value) or value for name, value in passed.fields.items()}
        key = str(item.get("id")), moment, hash(tuple(sorted(told.items())))
        if key in self._published:
            self._published.move_to_end(key)
            return False
        await publish(passed)
        self._published[key] = None
        if len(self._published) > MOST_REMEMBERED:
            self._published.popitem(last=False)
        return True


class _Reading:
    """One look at all agents, page by page, of which one is held at a time."""

    def __init__(self, api: HelenaApi) -> None:
        self._api = api
        self.is_whole = False
        """Whether it came to the end of the list, not to a limit of ours."""

    async def agents(self) -> AsyncIterator[Mapping[str, Any]]:
        """A list, or pages of one: both are met."""
        left, pages = MOST_AGENTS, _Pages()
        for page in range(1, MOST_PAGES + 1):
            parameters = [("PageNumber", str(page)), ("PageSize", str(PAGE_SIZE))]
            answer = await self._api.get(_AGENTS, parameters)
            is_page = isinstance(answer, dict)
            items = list(_objects(answer.get("items") if is_page else answer, _AGENTS))
            for agent in items[:left]:
                yield agent
            left -= len(items)
            if left < 0:
                return
            if not is_page or not pages.has_more(answer, page, items):
                self.is_whole = not pages.is_given_up
                return


class _Pages:
    """Whether a page follows those of one reading."""

    def __init__(self) -> None:
        self._before: list[object] = []
        self._idle = 0

    @property
    def is_given_up(self) -> bool:
        """Whether it was told that more follows, and nothing came for too long."""
        return self._idle >= MOST_IDLE_PAGES

    def has_more(
        self, answer: Mapping[str, Any], page: int, items: Sequence[Mapping[str, Any]]
    ) -> bool:
        """As it is told; else as long as pages bring something, or should by their number.

        A page that is empty or the one before once more brings nothing.
        """
        found = [item.get("id") for item in items]
        is_idle = not found or found == self._before
        self._before, self._idle = found, self._idle + 1 if is_idle else 0
        if self.is_given_up:
            return False
        told, pages = answer.get("hasMorePages"), answer.get("totalPages")
        if isinstance(told, bool):
            return told
        return not is_idle or (isinstance(pages, int) and page < pages)


def _objects(items: object, path: str) -> Iterable[Mapping[str, Any]]:
    if not isinstance(items, list):
        raise PlatformAwayError(f"{path}: the answer is no list")
    return (item for item in items if isinstance(item, Mapping))


def _changed_at(session: Mapping[str, Any]) -> int:
    """In ticks; 0 if it is not told, or as something that no moment is told as."""
    return ticks(selected(session, (_CHANGED_AT,)).get(_CHANGED_AT))


def _told(moment: int) -> str:
    """Ticks as Helena reads them."""
    seconds, rest = divmod(moment, TICKS_PER_S)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:07}Z"
