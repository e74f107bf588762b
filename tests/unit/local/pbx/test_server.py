"""The simulated PBX on a real port: what a client hears folds to the truth."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from agent.redaction import Redaction
from agent.transcript import Transcript
from local.fold import fold_events
from local.pbx.call_centre import COLLECTOR_CLASSES, CallCentre
from local.pbx.live import LiveCallCentre
from local.pbx.plan import at_speed, default_plan
from local.pbx.recorded import RecordedCapture, Recording
from local.pbx.server import AmiServer, Source
from local.pbx.session import ALL_CLASSES, User
from local.pbx.truth_http import serve_truth
from streams.domain.facts import Fact, QueueCall
from tests.support.captures import SETTLED_AFTER_MS, events_of, heartbeats, scenario
from tests.support.simulated_pbx import call_differences

pytestmark = pytest.mark.integration

USER = User(
    "collector", "made up", COLLECTOR_CLASSES | ALL_CLASSES, frozenset(("reporting", "config"))
)


class Client:
    """Logs in, asks for lists, keeps what it hears and when; reconnects when cut off."""

    def __init__(self) -> None:
        self.heard: list[list[tuple[int, bytes]]] = []

    async def connect(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        requests = (
            b"Action: Login\r\nActionID: me-1\r\nUsername: collector\r\nSecret: made up\r\n\r\n"
            b"Action: GetConfig\r\nActionID: me-2\r\nFilename: queues.conf\r\n\r\n"
            b"Action: QueueStatus\r\nActionID: me-3\r\n\r\n"
            b"Action: CoreShowChannels\r\nActionID: me-4\r\n\r\n"
        )
        writer.write(requests)
        connection: list[tuple[int, bytes]] = []
        try:
            while data := await reader.read(65536):
                connection.append((time.time_ns() // 1_000_000, data))
        except ConnectionError:
            pass
        finally:
            if connection:
                self.heard.append(connection)
            writer.close()

    async def listen(self, port: int) -> None:
        while True:
            await self.connect(port)
            await asyncio.sleep(0.05)

    def facts(self) -> list[Fact]:
        transcript = Transcript(Redaction("full", b"made-up tenant key"), "me-")
        events = []
        for connection in self.heard:
            events += transcript.connected(connection[0][0])
            for at, data in connection:
                events += transcript.feed(data, at)
            if connection is not self.heard[-1]:
                events += transcript.lost(connection[-1][0], "connection ended")
        last_ms = self.heard[-1][-1][0]
        events += heartbeats(last_ms, last_ms + SETTLED_AFTER_MS)
        return fold_events(events, "demo", "pbx-01")


@asynccontextmanager
async def served(source: Source) -> AsyncIterator[tuple[AmiServer, int]]:
    server = AmiServer(source, {USER.name: USER})
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(server.serve("127.0.0.1", 0, port.set_result))
    try:
        yield server, await port
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def hear_all(source: Source, linger_s: float = 0.2) -> Client:
    client = Client()
    async with served(source) as (server, port):
        listening = asyncio.create_task(client.listen(port))
        await server.is_over.wait()
        await asyncio.sleep(linger_s)  # what was said last is on its way
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    return client


def fast_centre(now: int) -> CallCentre:
    plan = at_speed(replace(default_plan(), utc_offset_hours=10 - now // 3_600_000), 60)
    return CallCentre(8, now, plan, closes_at=now + 2_000)


async def test_a_live_call_centre_folds_to_its_truth() -> None:
    live = LiveCallCentre("pbx-01", fast_centre)
    client = await hear_all(live)

    assert len(live.centre.truth.calls) > 5
    assert call_differences(client.facts(), live.centre.truth) == []


async def test_the_truth_can_be_asked_for_over_http() -> None:
    centre = fast_centre(0)
    while not centre.is_over:
        centre.run_next()
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    serving = serve_truth("127.0.0.1", 0, lambda: [centre], port.set_result)
    task = asyncio.create_task(serving)
    answers = {}
    for path in ("/totals", "/truth", "/else"):
        reader, writer = await asyncio.open_connection("127.0.0.1", await port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        answers[path] = (head.split(b"\r\n")[0], json.loads(body))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    status, totals = answers["/totals"]
    assert status == b"HTTP/1.1 200 OK"
    assert totals["sites"][0]["is_over"] is True
    assert totals["sites"][0]["totals"] == centre.truth.totals()
    assert len(answers["/truth"][1]["sites"][0]["calls"]) == len(centre.truth.calls)
    assert answers["/else"][0] == b"HTTP/1.1 404 Not Found"


def told(facts: list[Fact]) -> list[tuple[str, str, str, str, str]]:
    return sorted(
        (fact.uniqueid, fact.queue, fact.outcome, fact.agent_name, fact.ended_by)
        for fact in facts
        if isinstance(fact, QueueCall)
    )


@pytest.mark.parametrize(
    "name",
    [
        "22.10.1/c_abandon",
        "18.26.4/m_two_queues_v2",
        "16.30.1/l_blind_transfer_v2",
        "13.38.3/s_names",
        "18.26.4/o_reconnect_v2",
        "22.10.1/p_restart",
    ],
)
async def test_a_recorded_capture_played_live_counts_as_it_did(name: str, tmp_path: Path) -> None:
    story = scenario(name)
    folder = story.unpack(tmp_path / "capture")
    speed = 4.0
    client = await hear_all(RecordedCapture(name, Recording(folder), speed), linger_s=0.5)
    facts = client.facts()
    recorded = fold_events(iter(events_of(story.connections, mode="full")), "demo", "pbx-01")

    assert told(facts) == told(recorded)
    assert len(client.heard) == len(story.connections)
    waits = {f.call_id: f.wait_ms for f in facts if isinstance(f, QueueCall)}
    for fact in recorded:
        # An estimated wait is Asterisk's own count of seconds, which no speed changes.
        if isinstance(fact, QueueCall) and fact.wait_ms is not None and not fact.is_estimated:
            wait = waits[fact.call_id]
            assert wait is not None
            assert wait * speed == pytest.approx(fact.wait_ms, abs=1_000)
