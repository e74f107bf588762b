"""Finds in Helena what its webhooks did not tell: sessions that changed, and who takes sessions.

Sessions are read in order of change from a little before the cursor on. They move while they are
read: what changes goes to the end, and everything behind it one place up, over the border of a page
that was read. So after each page the reading begins anew at the last change of that page, and only
where that leads nowhere (many sessions of one moment, or an order that is not kept) the pages are
counted. What was published already is known by its id and moment and passed over.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
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
OVERLAP_MS = 10 * 60 * 1000
"""So late may a change show up in the list."""

KEYSET_OVERLAP_TICKS = TICKS_PER_S
MOST_REMEMBERED = 50_000
AGENTS_AGAIN_S = 600.0
"""An agent whose availability has not changed is told again after so long."""

_SESSIONS = "/chat/v2/session"
_AGENTS = "/core/v1/agent"
_DETAILS = ("DepartmentsDetails", "AgentDetails", "ContactDetails")
_AGENT_PATHS = ("id", "userId", "name", "availability")


class HelenaPoller:
    """A Poller of one account."""

    def __init__(
        self, api: HelenaApi, cursor_ms: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`cursor_ms` is where to begin; `clock` is steady, in seconds."""
        self.cursor_ms = cursor_ms
        self._api = api
        self._clock = clock
        self._published: OrderedDict[tuple[str, int], None] = OrderedDict()
        self._agents: dict[str, tuple[Passed, float]] = {}

    async def sessions(self, publish: Publish) -> Round:
        """As in Poller. The cursor moves to the latest change that was found."""
        after = max(self.cursor_ms - OVERLAP_MS, 0) * TICKS_PER_MS
        latest, page = self.cursor_ms * TICKS_PER_MS, 1
        published = shown = 0
        for _ in range(MOST_PAGES):
            items, has_more = await self._page(after, page)
            moments = [ticks(item.get("updatedAt")) for item in items]
            for item, moment in zip(items, moments, strict=True):
                published += await self._publish_once(item, moment, publish)
            shown += len(items)
            latest = max([latest, *moments])
            if not has_more:
                self.cursor_ms = latest // TICKS_PER_MS
                break
            again = max(moments, default=0) - KEYSET_OVERLAP_TICKS
            is_in_order = all(before <= later for before, later in pairwise(moments))
            if is_in_order and again > after:
                after, page = again, 1
                self.cursor_ms = max(self.cursor_ms, after // TICKS_PER_MS)
            else:
                page += 1
        return Round(published, shown)

    async def agents(self, publish: Publish) -> Round:
        """As in Poller. Told are those who changed, and all once in a while."""
        published = shown = 0
        for agent in await self._all_agents():
            shown += 1
            passed = Passed(POLLED_AGENT, selected(agent, _AGENT_PATHS))
            key = str(passed.fields.get("userId") or passed.fields.get("id"))
            known, told_at = self._agents.get(key, (None, 0.0))
            if passed != known or self._clock() - told_at >= AGENTS_AGAIN_S:
                await publish(passed)
                self._agents[key] = passed, self._clock()
                published += 1
        return Round(published, shown)

    async def close(self) -> None:
        """As in Poller."""
        await self._api.close()

    async def _all_agents(self) -> list[Mapping[str, Any]]:
        """A list, or pages of one: both are met."""
        agents: list[Mapping[str, Any]] = []
        for page in range(1, MOST_PAGES + 1):
            parameters = [("PageNumber", str(page)), ("PageSize", str(PAGE_SIZE))]
            answer = await self._api.get(_AGENTS, parameters)
            if not isinstance(answer, dict):
                return list(_objects(answer, _AGENTS))
            agents += _objects(answer.get("items"), _AGENTS)
            if not _has_more(answer, page):
                break
        return agents

    async def _page(self, after: int, page: int) -> tuple[list[Mapping[str, Any]], bool]:
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
        return list(_objects(answer.get("items"), _SESSIONS)), _has_more(answer, page)

    async def _publish_once(self, item: Mapping[str, Any], moment: int, publish: Publish) -> bool:
        key = str(item.get("id")), moment
        if key in self._published:
            self._published.move_to_end(key)
            return False
        await publish(Passed(POLLED_SESSION, selected(item, SESSION_PATHS), number_of(item)))
        self._published[key] = None
        if len(self._published) > MOST_REMEMBERED:
            self._published.popitem(last=False)
        return True


def _has_more(answer: Mapping[str, Any], page: int) -> bool:
    """Whether a page follows: as it is told, or as the number of pages tells."""
    told, pages = answer.get("hasMorePages"), answer.get("totalPages")
    if isinstance(told, bool):
        return told
    return isinstance(pages, int) and page < pages


def _objects(items: object, path: str) -> Iterable[Mapping[str, Any]]:
    if not isinstance(items, list):
        raise PlatformAwayError(f"{path}: the answer is no list")
    return (item for item in items if isinstance(item, Mapping))


def _told(moment: int) -> str:
    """Ticks as Helena reads them."""
    seconds, rest = divmod(moment, TICKS_PER_S)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:07}Z"
