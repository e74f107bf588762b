"""A client that does not read loses its connection, and the answer gives back what it holds."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.server import ServerState

from local.clickhouse.app import _StreamedResponse
from local.clickhouse.unread import READ_WITHIN_S, ReadWithinProtocol

ENDS_WITHIN_S = 60


class Impatient(ReadWithinProtocol):
    read_within_s = 0.05


class Timers:
    """A loop whose timers are called by the test."""

    def __init__(self) -> None:
        self.due: list[tuple[float, Callable[[], None]]] = []

    def call_later(self, after_s: float, call: Callable[..., None], *given: Any) -> "Timers":
        self.due.append((after_s, lambda: call(*given)))
        return self

    def cancel(self) -> None:
        self.due.clear()

    def pass_time(self) -> None:
        after_s, call = self.due.pop()
        assert after_s == READ_WITHIN_S
        call()


class Waiting:
    """A transport with bytes that wait to be sent."""

    def __init__(self) -> None:
        self.size = 100
        self.is_aborted = False

    def get_write_buffer_size(self) -> int:
        return self.size

    def abort(self) -> None:
        self.is_aborted = True


def paused() -> tuple[ReadWithinProtocol, Waiting, Timers]:
    transport, timers = Waiting(), Timers()
    protocol = ReadWithinProtocol(
        uvicorn.Config(lambda: None),
        ServerState(),
        {},
        timers,  # type: ignore[arg-type]
    )
    protocol.transport = transport  # type: ignore[assignment]
    protocol.flow = FlowControl(transport)  # type: ignore[arg-type]
    protocol.pause_writing()
    return protocol, transport, timers


def test_who_reads_slowly_is_kept_and_who_stops_is_not() -> None:
    _, transport, timers = paused()
    for transport.size in (99, 50, 49):
        timers.pass_time()
        assert not transport.is_aborted
    timers.pass_time()
    assert transport.is_aborted
    assert timers.due == []


def test_who_has_taken_all_is_looked_at_no_more() -> None:
    protocol, _, timers = paused()
    protocol.resume_writing()
    assert timers.due == []


async def test_an_answer_that_nobody_reads_ends() -> None:
    ended = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 100_000
            # As an answer's own pieces: each is waited for.
            await asyncio.sleep(0)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await _StreamedResponse(endless(), {}, ended.set)(scope, receive, send)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(
            uvicorn.Config(app, http=Impatient, lifespan="off", log_level="error")
        )
        serving = asyncio.create_task(server.serve([listener]))
        with socket.create_connection(listener.getsockname()) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.wait_for(ended.wait(), ENDS_WITHIN_S)
        server.should_exit = True
        await asyncio.wait_for(serving, ENDS_WITHIN_S)
