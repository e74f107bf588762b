"""Helena's API as far as it is asked: paced, patient, and never louder than allowed.

An account may make 1,000 requests in five minutes and 200 in five seconds, whoever makes them; half
of that is ours, the rest is left to the customer's own programs.
"""

import asyncio
import math
import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from connectors.json_text import parsed
from connectors.pace import Pace
from connectors.poller import PlatformAwayError, PlatformRefusesError

LIMITS = ((500, 300.0), (100, 5.0))
TRIES = 5
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
TIMEOUT_S = 20.0
LONGEST_ANSWER_S = 60.0
"""From the request to the last byte, however often something comes."""

MOST_BYTES = 32 * 1024 * 1024
"""Of an answer; a page of 100 sessions has some hundred kilobytes."""


Parameters = Sequence[tuple[str, str]]


class HelenaApi:
    """The API of one account."""

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        pace: Pace | None = None,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        """`base_url` is without a path, as `https://api.wts.chat`: products of other names differ.

        `transport` and `pace` are the real ones unless a test brings others.
        """
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout=TIMEOUT_S,
            transport=transport,
        )
        self._pace = pace or Pace(LIMITS, time.monotonic, asyncio.sleep)
        self._first_pause_s = first_pause_s

    async def get(self, path: str, parameters: Parameters = ()) -> Any:
        """The JSON at this path, which includes the service (`/chat/v2/session`).

        Tried again with growing pauses while the platform is busy or away. Raises PlatformAwayError
        in the end, PlatformRefusesError at once.
        """
        pause_s = self._first_pause_s
        for attempt in range(1, TRIES + 1):
            await self._pace.wait()
            try:
                return await self._get(path, parameters)
            except PlatformAwayError as error:
                if attempt == TRIES or error.retry_after_s > LONGEST_PAUSE_S:
                    raise
                asked_for_s = error.retry_after_s
            await asyncio.sleep(max(asked_for_s, pause_s * random.uniform(0.8, 1.2)))  # noqa: S311
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
        raise AssertionError("unreachable")

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def _get(self, path: str, parameters: Parameters) -> Any:
        query = httpx.QueryParams(list(parameters))
        body = bytearray()
        try:
            async with (
                asyncio.timeout(LONGEST_ANSWER_S),
                self._http.stream("GET", path, params=query) as answer,
            ):
                _check(path, answer)
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise PlatformAwayError(f"{path}: the answer is too long")
        except (httpx.HTTPError, TimeoutError) as error:
            raise PlatformAwayError(f"{path}: {type(error).__name__}") from error
        try:
            return parsed(body)
        except (ValueError, RecursionError) as error:
            raise PlatformAwayError(f"{path}: the answer is no JSON") from error


def _check(path: str, answer: httpx.Response) -> None:
    if answer.status_code in (401, 403):
        raise PlatformRefusesError(f"{path}: answer {answer.status_code}")
    if answer.status_code != httpx.codes.OK:
        after_s = _retry_after_s(answer.headers)
        raise PlatformAwayError(f"{path}: answer {answer.status_code}", after_s)


def _retry_after_s(headers: Mapping[str, str]) -> float:
    text = headers.get("Retry-After", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0
