"""A request's body has to come in time."""

import asyncio

import pytest
from starlette.requests import Request
from starlette.types import Message

from local.clickhouse.errors import RequestError
from local.clickhouse.requests import receive

SCOPE = {"type": "http", "method": "POST", "query_string": b"", "headers": []}


async def test_a_body_that_does_not_come_is_not_waited_for_without_end() -> None:
    pieces = iter([b"SELECT", b" "])

    async def told() -> Message:
        for piece in pieces:
            return {"type": "http.request", "body": piece, "more_body": True}
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    with pytest.raises(RequestError, match=r"Code: 159\..*\(TIMEOUT_EXCEEDED\)"):
        await receive(Request(SCOPE, told), 1_000, within_s=0.01)


async def test_a_body_that_comes_in_time_is_read() -> None:
    async def told() -> Message:
        return {"type": "http.request", "body": b"SELECT 1", "more_body": False}

    assert (await receive(Request(SCOPE, told), 1_000, within_s=60)).body == b"SELECT 1"
