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
from collections.abc import Callable, Iterable, Mapping, Sequence
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
        """As in Poller. Told are those who changed, and all once in a while."""
        published = shown = 0
        listed = set()
        for agent in await self._all_agents():
            shown += 1
            passed = Passed(POLLED_AGENT, selected(agent, _AGENT_PATHS))
            key = str(passed.fields.get("userId") or passed.fields.get("id"))
            listed.add(key)
            known, told_at = self._agents.get(key, (None, 0.0))
            if passed != known or self._clock() - told_at >= AGENTS_AGAIN_S:
                await publish(passed)
                self._agents[key] = passed, self._clock()
                published += 1
        self._agents = {key: self._agents[key] for key in listed}
        return Round(published, shown)

    async def close(self) -> None:
        """As in Poller."""
        await self._api.close()

    async def _all_agents(self) -> list[Mapping[str, Any]]:
        """A list, or pages of one: both are met."""
        agents: list[Mapping[str, Any]] = []
        pages = _Pages()
        for page in range(1, MOST_PAGES + 1):
            parameters = [("PageNumber", str(page)), ("PageSize", str(PAGE_SIZE))]
            answer = await self._api.get(_AGENTS, parameters)
            if not isinstance(answer, dict):
                return list(_objects(answer, _AGENTS))
            items = list(_objects(answer.get("items"), _AGENTS))
            agents += items
            if not pages.has_more(answer, page, items):
                break
        return agents

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


class _Pages:
    """Whether a page follows those of one reading."""

    def __init__(self) -> None:
        self._before: list[object] = []
        self._idle = 0

    def has_more(
        self, answer: Mapping[str, Any], page: int, items: Sequence[Mapping[str, Any]]
    ) -> bool:
        """As it is told; else as long as pages bring something, or should by their number.

        A page that is empty or the one before once more brings nothing.
        """
        found = [item.get("id") for item in items]
        is_idle = not found or found == self._before
        self._before, self._idle = found, self._idle + 1 if is_idle else 0
        if self._idle == MOST_IDLE_PAGES:
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
