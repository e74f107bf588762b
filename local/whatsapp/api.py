"""The part of Helena's API that is asked for, over a simulated account: an ASGI application.

As the real one: a token or 401, 429 beyond 200 requests in five seconds or 1,000 in five minutes,
pages of at most 100 with `hasMorePages`, only what changed later, and its own form of errors.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from connectors.moments import ticks
from local.whatsapp.account import Content, HelenaAccount

MOST_A_PAGE = 100
_USUAL_A_PAGE = 15
_LIMITS = ((1_000, 300.0), (200, 5.0))

_UNAUTHORIZED = 401
_NOT_FOUND = 404
_TOO_MANY = 429


class HelenaApi:
    """Answers for one account."""

    def __init__(
        self,
        account: HelenaAccount,
        token: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        limits: Iterable[tuple[int, float]] = _LIMITS,
    ) -> None:
        """`clock` is steady, in seconds; `limits` are (requests, seconds)."""
        self._account = account
        self._token = token
        self._clock = clock
        self._limits = tuple(limits)
        self._asked: deque[float] = deque(maxlen=max(requests for requests, _ in self._limits) + 1)
        self.requests: list[str] = []
        """Paths and queries that were answered with 200, for tests."""
        self.refused = 0
        """How often it was asked too often."""

    def app(self) -> Starlette:
        """The application."""
        return Starlette(
            routes=[
                Route("/chat/v2/session", self._answered(self._sessions)),
                Route("/core/v1/agent", self._answered(self._agents)),
                Route("/{rest:path}", self._answered(None)),
            ]
        )

    def _answered(self, answer: Callable[[Request], Any] | None) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> JSONResponse:
            if request.headers.get("Authorization") != f"Bearer {self._token}":
                return _error(_UNAUTHORIZED, "UNAUTHORIZED")
            if retry_after_s := self._is_too_often():
                self.refused += 1
                return _error(_TOO_MANY, "TOO_MANY_REQUESTS", retry_after_s)
            if answer is None:
                return _error(_NOT_FOUND, "NOT_FOUND")
            self.requests.append(str(request.url).partition(request.url.netloc)[2])
            return JSONResponse(answer(request))

        return endpoint

    def _is_too_often(self) -> int:
        """Seconds to wait; 0 if the limits are kept."""
        now = self._clock()
        for requests, seconds in self._limits:
            if len(self._asked) >= requests and now - self._asked[-requests] < seconds:
                return 1
        self._asked.append(now)
        return 0

    def _sessions(self, request: Request) -> Content:
        query = request.query_params
        after = ticks(query.get("UpdatedAt.After"))
        sessions = self._account.sessions.values()
        found = [session for session in sessions if session["updatedAt"] > after]
        is_backwards = query.get("OrderDirection", "DESCENDING").upper().startswith("DESC")
        by = "updatedAt" if query.get("OrderBy", "").lower() == "updatedat" else "createdAt"
        found.sort(key=lambda session: session[by], reverse=is_backwards)
        page = max(int(query.get("PageNumber", 1)), 1)
        size = min(max(int(query.get("PageSize", _USUAL_A_PAGE)), 1), MOST_A_PAGE)
        items = found[(page - 1) * size : page * size]
        return {
            "pageNumber": page,
            "pageSize": size,
            "totalItems": len(found),
            "totalPages": -(-len(found) // size),
            "hasMorePages": page * size < len(found),
            "items": [self._account.shown(session) for session in items],
        }

    def _agents(self, _: Request) -> list[Content]:
        return list(self._account.agents.values())


def _error(status: int, key: str, retry_after_s: int = 0) -> JSONResponse:
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s else None
    content = {
        "id": {"value": "made-up", "shortValue": "up"},
        "httpStatusCode": status,
        "error": True,
        "key": key,
        "text": key.lower(),
        "isUnsolvableError": False,
    }
    return JSONResponse(content, status, headers)
