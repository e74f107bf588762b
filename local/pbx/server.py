"""The simulated PBX on a TCP port: sessions around a source that plays along the wall clock.

A source begins to play when the first client has logged in, so that a client that waits for nobody
hears the whole day.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from local.pbx.session import Pbx, Session, User

MAX_UNSENT_BYTES = 8 * 1024 * 1024
"""A client that reads so much too slowly is cut off, as Asterisk does."""

_log = structlog.get_logger()

Say = Callable[[str, bytes], None]
"""Sends bytes to every client that hears events of a class; the class `""` reaches all."""


class Source(Pbx, Protocol):
    """What is played."""

    name: str

    def begin(self) -> None:
        """The first client logs in now."""

    async def play(self, say: Say, cut: Callable[[], None]) -> None:
        """Plays until the end; `cut` ends the connections that are open."""

    async def may_greet(self) -> bool:
        """Waits for the moment to greet a client; False: the connection is to be closed."""


class AmiServer:
    """One port. Use as an asynchronous context manager."""

    def __init__(self, source: Source, users: dict[str, User]) -> None:
        """Plays `source` to clients that log in as one of `users`."""
        self._source = source
        self._users = users
        self._clients: dict[Session, asyncio.StreamWriter] = {}
        self._has_begun = asyncio.Event()
        self.is_over = asyncio.Event()

    async def serve(self, host: str, port: int, on_listening: Callable[[int], None]) -> None:
        """Listens and plays until cancelled; `on_listening` is told the port."""
        server = await asyncio.start_server(self._connected, host, port)
        async with server:
            on_listening(server.sockets[0].getsockname()[1])
            await self._has_begun.wait()
            await self._source.play(self._say, self._cut)
            _log.info("pbx_played_to_the_end", pbx=self._source.name)
            self.is_over.set()
            await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if await self._source.may_greet():
                await self._converse(reader, writer)
        except ConnectionError as error:
            _log.info("ami_client_lost", pbx=self._source.name, reason=str(error))
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(self._users, self._source, self._logged_in)
        self._clients[session] = writer
        try:
            writer.write(session.greet())
            while not session.is_closing:
                data = await reader.read(64 * 1024)
                if not data:
                    return
                writer.write(session.receive(data))
                await writer.drain()
        finally:
            del self._clients[session]

    def _logged_in(self) -> None:
        if not self._has_begun.is_set():
            self._source.begin()
            self._has_begun.set()

    def _say(self, privilege: str, data: bytes) -> None:
        for session, writer in self._clients.items():
            if session.hears(privilege) or (not privilege and session.user is not None):
                writer.write(data)
                if writer.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
                    _log.warning("ami_client_too_slow", pbx=self._source.name)
                    writer.transport.abort()

    def _cut(self) -> None:
        for writer in self._clients.values():
            writer.transport.abort()


def wall_clock_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


async def sleep_until(moment_ms: float, sleep: Callable[[float], Awaitable[None]]) -> None:
    """Sleeps until the wall clock shows this moment; does not sleep if it has passed."""
    left_ms = moment_ms - wall_clock_ms()
    if left_ms > 0:
        await sleep(left_ms / 1000)
