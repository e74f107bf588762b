"""The witness: a proxy between the collectors and ingest, which writes down what is said.

It is also where the network breaks: it cuts a connection in the middle of a body, cuts it between
ingest's answer and the collector, sends a body twice, and can be told to let nothing of a site
through. Every fate is drawn from a seed. One connection to ingest per request, as many to the
collectors as they like.
"""

import asyncio
import gzip
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import NamedTuple

from local.process import LOOPBACK
from tests.chaos.record import Record, read_body

_ACCEPTED = b" 202 "
_MAX_HEAD_BYTES = 16 * 1024
_ANSWERS_WITHIN_S = 30.0
_BREAKS = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError)


class Fate(StrEnum):
    """What happens to one POST on its way."""

    PASSED = "passed"
    CUT_IN_BODY = "TCP cut in the middle of a batch"
    CUT_BEFORE_ANSWER = "TCP cut between ingest and collector, answer lost"
    SENT_TWICE = "POST sent twice"
    HELD_BACK = "POST refused: ingest cannot be reached"


_FAULTS = (Fate.CUT_IN_BODY, Fate.CUT_BEFORE_ANSWER, Fate.SENT_TWICE)


class _Request(NamedTuple):
    head: bytes
    body: bytes

    @property
    def text(self) -> bytes:
        is_gzip = b"content-encoding: gzip" in self.head.lower()
        return gzip.decompress(self.body) if is_gzip else self.body


class Witness:
    """One proxy in a thread of its own; `port` is where the collectors find it."""

    def __init__(self, record: Record, ingest_port: int, seed: int, share: float) -> None:
        """`share` of the POSTs, of each kind of fault, meet that fault."""
        self.record = record
        self.faults: Counter[Fate] = Counter()
        self.port = 0
        self._ingest_port = ingest_port
        self._chance = random.Random(f"witness {seed}")
        self._share = share
        self._held_back: set[str] = set()
        self._loop = asyncio.new_event_loop()
        self._is_listening = threading.Event()

    def hold_back(self, site: str) -> None:
        """From now on ingest cannot be reached from this site."""
        self._held_back.add(site)

    def let_through(self, site: str) -> None:
        """Ingest can be reached again."""
        self._held_back.discard(site)

    def break_nothing_more(self) -> None:
        """From now on every POST passes."""
        self._share = 0.0
        self._held_back.clear()

    @contextmanager
    def running(self) -> Iterator["Witness"]:
        """Listens while the block runs."""
        task = self._loop.create_task(self._serve())
        thread = threading.Thread(target=self._run, args=(task,), name="witness")
        thread.start()
        try:
            if not self._is_listening.wait(_ANSWERS_WITHIN_S):
                raise TimeoutError("the witness does not listen")
            yield self
        finally:
            self._loop.call_soon_threadsafe(task.cancel)
            thread.join()

    def _run(self, task: asyncio.Task[None]) -> None:
        try:
            self._loop.run_until_complete(task)
        except asyncio.CancelledError:
            pass  # asked for by `running`
        finally:
            for left in asyncio.all_tasks(self._loop):
                left.cancel()
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, LOOPBACK, 0, limit=_MAX_HEAD_BYTES)
        self.port = server.sockets[0].getsockname()[1]
        self._is_listening.set()
        await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = await _read_message(reader)
                answer = await self._carry(_Request(*request))
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
        except _BREAKS:
            pass  # the collector was killed, or ingest was: both are what this is for
        except asyncio.CancelledError:
            pass  # the run is over; asyncio 3.11 would print a cancelled connection as an error
        finally:
            writer.transport.abort()

    async def _carry(self, request: _Request) -> bytes | None:
        """The answer for the collector; None: its connection breaks."""
        batch = read_body(request.text)
        fate = Fate.HELD_BACK if batch.site in self._held_back else self._draw()
        if fate is not Fate.PASSED:
            self.faults[fate] += 1
        # A body that was cut cannot be taken: ingest knows its length.
        self.record.heard(batch, may_arrive=fate not in (Fate.HELD_BACK, Fate.CUT_IN_BODY))
        if fate is Fate.HELD_BACK:
            return None
        if fate is Fate.CUT_IN_BODY:
            await self._send_part(request)
            return None
        answer = await self._forward(request)
        if _is_accepted(answer):
            self.record.answered(batch)
        if fate is Fate.SENT_TWICE:
            answer = await self._forward(request)
            if _is_accepted(answer):
                self.record.answered(batch)
        return None if fate is Fate.CUT_BEFORE_ANSWER else answer

    def _draw(self) -> Fate:
        drawn = self._chance.random()
        for number, fate in enumerate(_FAULTS, 1):
            if drawn < number * self._share:
                return fate
        return Fate.PASSED

    async def _forward(self, request: _Request) -> bytes:
        reader, writer = await asyncio.open_connection(LOOPBACK, self._ingest_port)
        try:
            writer.write(request.head + request.body)
            return b"".join(await asyncio.wait_for(_read_message(reader), _ANSWERS_WITHIN_S))
        finally:
            writer.close()

    async def _send_part(self, request: _Request) -> None:
        _, writer = await asyncio.open_connection(LOOPBACK, self._ingest_port)
        try:
            part = self._chance.randrange(len(request.body))
            writer.write(request.head + request.body[:part])
            await writer.drain()
        finally:
            writer.transport.abort()


async def _read_message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Head and body of a request or an answer. Raises one of _BREAKS if it does not come whole."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return head, await reader.readexactly(length)


def _is_accepted(answer: bytes) -> bool:
    return _ACCEPTED in answer.split(b"\r\n", 1)[0]
