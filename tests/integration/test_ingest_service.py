"""The ingest API in its process, with a real broker: limits, faults, hostile bodies."""

import asyncio
import contextlib
import gzip
import json
import random
import socket
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from ingest_api.auth import SiteIdentity
from ingest_api.contract.published import decode_batch
from ingest_api.contract.topics import PBX_EVENTS, site_key
from local.process import free_port
from tests.support.ingest_bodies import body, event, gap
from tests.support.ingest_process import RunningIngest, running_ingest
from tests.support.kafka_broker import RunningBroker, broker_at, deaf_broker_at

pytestmark = pytest.mark.integration

SITE = SiteIdentity("acme", "pbx-01")
OTHER = SiteIdentity("globex", "pbx-01")
MIB = 1024 * 1024
ALLOWED_GROWTH = 20 * MIB


@pytest.fixture(scope="module")
def shared_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBroker]:
    with broker_at(free_port(), tmp_path_factory.mktemp("broker") / "broker.log") as running:
        yield running


@pytest.fixture(scope="module")
def shared_ingest(
    shared_broker: RunningBroker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningIngest]:
    folder = tmp_path_factory.mktemp("ingest")
    with running_ingest(shared_broker.bootstrap, folder, [SITE, OTHER]) as running:
        yield running


@pytest.fixture
async def client(shared_ingest: RunningIngest) -> AsyncIterator[httpx.AsyncClient]:
    async with session(shared_ingest, SITE) as opened:
        yield opened


def session(ingest: RunningIngest, site: SiteIdentity) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=ingest.url,
        headers={"Authorization": f"Bearer {ingest.tokens[site]}"},
        timeout=60,
        limits=httpx.Limits(max_connections=100),
    )


async def post(client: httpx.AsyncClient, content: bytes, **headers: str) -> httpx.Response:
    return await client.post("/v1/events", content=content, headers=headers)


async def post_until_accepted(client: httpx.AsyncClient, content: bytes) -> None:
    async with asyncio.timeout(60):
        while (await post(client, content)).status_code != 202:
            pass


def sequences(broker: RunningBroker) -> dict[bytes, list[int]]:
    """By key, the sequences in all messages, in the order of their partition."""
    found: dict[bytes, list[int]] = {}
    for key, value in broker.messages(PBX_EVENTS):
        found.setdefault(key, []).extend(event.sequence for event in decode_batch(value).events)
    return found


async def test_sites_keep_their_order_side_by_side(tmp_path: Path) -> None:
    async def send_all(ingest: RunningIngest, site: SiteIdentity) -> None:
        async with session(ingest, site) as client:
            for first in range(1, 100, 3):
                content = body(*(event(first + step) for step in range(3)))
                assert (await post(client, content)).status_code == 202

    with (
        broker_at(free_port(), tmp_path / "broker.log") as broker,
        running_ingest(broker.bootstrap, tmp_path, [SITE, OTHER]) as ingest,
    ):
        await asyncio.gather(send_all(ingest, SITE), send_all(ingest, OTHER))
        expected = list(range(1, 100))
        assert sequences(broker) == {b"acme/pbx-01": expected, b"globex/pbx-01": expected}


@pytest.mark.parametrize("fault", ["frozen", "ended", "deaf"])
async def test_while_the_broker_is_away_posts_are_told_and_health_answers(
    tmp_path: Path, fault: str
) -> None:
    port = free_port()
    content = body(event(1))
    with running_ingest(f"127.0.0.1:{port}", tmp_path, [SITE]) as ingest:
        async with session(ingest, SITE) as client:
            with broker_at(port, tmp_path / "broker.log") as broker:
                await post_until_accepted(client, content)
                # What a busy machine takes for itself; the limits are for one that is not.
                calm = await slowest_beside_posts(client, content, 202)
                if fault == "frozen":
                    broker.freeze()
                    await assert_posts_are_told_and_health_answers(client, content, calm)
                    broker.thaw()
                    await post_until_accepted(client, content)
            if fault != "frozen":
                with deaf_broker_at(port) if fault == "deaf" else contextlib.nullcontext():
                    await assert_posts_are_told_and_health_answers(client, content, calm)
                with broker_at(port, tmp_path / "broker.log"):
                    await post_until_accepted(client, content)
                    assert (await client.get("/readyz")).status_code == 200


class Slowest(NamedTuple):
    """The slowest answers of a time, in seconds."""

    post: float
    health: float


async def assert_posts_are_told_and_health_answers(
    client: httpx.AsyncClient, content: bytes, calm: Slowest
) -> None:
    slowest = await slowest_beside_posts(client, content, 503)
    assert slowest.post <= max(2.0, 1.5 + 3 * calm.post)
    assert slowest.health <= max(0.2, 3 * calm.health)
    ready = await client.get("/readyz")
    assert ready.status_code == 503
    assert "no broker answers" in ready.text


async def slowest_beside_posts(client: httpx.AsyncClient, content: bytes, status: int) -> Slowest:
    """Twenty posts at once, again and again for a second, and `/healthz` asked meanwhile."""
    slowest_health, told = 0.0, []
    until = time.monotonic() + 1.0
    while time.monotonic() < until:
        posts = [asyncio.create_task(timed_post(client, content)) for _ in range(20)]
        while not all(task.done() for task in posts):
            started = time.monotonic()
            assert (await client.get("/healthz")).status_code == 200
            slowest_health = max(slowest_health, time.monotonic() - started)
            await asyncio.sleep(0.01)
        told += [task.result() for task in posts]
    for answer, _ in told:
        assert answer.status_code == status
        assert status == 202 or int(answer.headers["Retry-After"]) >= 1
    return Slowest(max(seconds for _, seconds in told), slowest_health)


async def timed_post(client: httpx.AsyncClient, content: bytes) -> tuple[httpx.Response, float]:
    started = time.monotonic()
    answer = await post(client, content)
    return answer, time.monotonic() - started


async def test_a_broker_that_stumbles_loses_and_reorders_nothing(tmp_path: Path) -> None:
    """One batch in flight per site, sent again until it is accepted, as a collector does."""
    sites = [SiteIdentity("acme", f"pbx-{number}") for number in range(6)]
    batches, events = 15, 5
    is_done = asyncio.Event()
    attempts = 0

    async def send_all(ingest: RunningIngest, site: SiteIdentity) -> None:
        nonlocal attempts
        async with session(ingest, site) as client:
            for first in range(1, batches * events, events):
                content = body(*(event(first + step) for step in range(events)), site=site.site)
                status = 0
                while status != 202:
                    attempts += 1
                    status = (await post(client, content)).status_code
                    assert status in (202, 503)
                await asyncio.sleep(0.02)

    async def stumble(broker: RunningBroker) -> None:
        while not is_done.is_set():
            await asyncio.sleep(0.5)
            broker.freeze()
            await asyncio.sleep(1.7)
            broker.thaw()

    with (
        broker_at(free_port(), tmp_path / "broker.log") as broker,
        running_ingest(broker.bootstrap, tmp_path, sites) as ingest,
    ):
        trouble = asyncio.create_task(stumble(broker))
        await asyncio.gather(*(send_all(ingest, site) for site in sites))
        is_done.set()
        await trouble
        seen = {key: list(dict.fromkeys(all_)) for key, all_ in sequences(broker).items()}
        expected = list(range(1, batches * events + 1))
        assert seen == {site_key(*site): expected for site in sites}
    assert attempts > batches * len(sites)


async def test_while_the_broker_is_away_what_is_held_is_bounded(tmp_path: Path) -> None:
    limit = 16 * MIB
    fields = {f"F{number}": "x" * 1_000 for number in range(100)}
    content = body(*(event(number, fields=fields) for number in range(1, 9)))
    with (
        broker_at(free_port(), tmp_path / "broker.log") as broker,
        running_ingest(broker.bootstrap, tmp_path, [SITE], max_in_flight_bytes=limit) as ingest,
    ):
        async with session(ingest, SITE) as client:
            await post_until_accepted(client, content)
            before = ingest.resident_bytes()
            broker.freeze()
            held = []
            for _ in range(4):
                answers = await asyncio.gather(*(post(client, content) for _ in range(40)))
                assert {answer.status_code for answer in answers} == {503}
                assert metric(await client.get("/metrics"), 'bytes{stage="messages"}') <= limit
                held.append(ingest.resident_bytes())
            # One limit for bodies and one for messages; 128 MB are sent.
            assert max(held) - before < 2 * limit + ALLOWED_GROWTH
            told = await client.get("/metrics")
            assert metric(told, 'unavailable_total{reason="bodies"}') > 0
            assert metric(told, 'unavailable_total{reason="broker"}') > 0
            broker.thaw()
            await post_until_accepted(client, content)
            async with asyncio.timeout(60):
                while metric(await client.get("/metrics"), 'bytes{stage="messages"}'):
                    pass


def metric(answer: httpx.Response, name: str) -> float:
    """The value of the one series of ours with that name, which is given from behind `ingest_`."""
    lines = answer.text.splitlines()
    (line,) = (
        one for one in lines if one.startswith((f"ingest_{name} ", f"ingest_in_flight_{name} "))
    )
    return float(line.rpartition(" ")[2])


async def test_it_starts_without_a_broker_and_says_what_is_missing(tmp_path: Path) -> None:
    port = free_port()
    with running_ingest(f"127.0.0.1:{port}", tmp_path, [SITE]) as ingest:
        async with session(ingest, SITE) as client:
            assert "no broker" in (await client.get("/readyz")).json()["problems"][0]
            with broker_at(port, tmp_path / "broker.log", with_topics=False) as broker:
                async with asyncio.timeout(60):
                    while PBX_EVENTS not in (await client.get("/readyz")).text:
                        pass
                broker.make_topics()
                async with asyncio.timeout(60):
                    while (await client.get("/readyz")).status_code != 200:
                        pass
                assert (await post(client, body(event(1)))).status_code == 202


async def test_50_mb_are_refused_before_they_are_sent(
    client: httpx.AsyncClient, shared_ingest: RunningIngest
) -> None:
    await post(client, body())
    before = shared_ingest.resident_bytes()
    head = (
        f"POST /v1/events HTTP/1.1\r\nHost: ingest\r\nContent-Length: {50 * MIB}\r\n"
        f"Authorization: {client.headers['Authorization']}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", shared_ingest.port), timeout=5) as connection:
        connection.sendall(head.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")
    assert shared_ingest.resident_bytes() - before < ALLOWED_GROWTH


async def test_50_mb_in_chunks_are_refused_while_they_come(
    client: httpx.AsyncClient, shared_ingest: RunningIngest
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield bytes(MIB)

    before = shared_ingest.resident_bytes()
    try:
        answer = await client.post("/v1/events", content=chunks())
        assert answer.status_code == 413
    except httpx.WriteError:
        pass  # It answered and hung up while we were still sending.
    assert shared_ingest.resident_bytes() - before < ALLOWED_GROWTH


@pytest.mark.parametrize("piece", [b"a" * 60_000, b"X-Header: " + b"a" * 60_000 + b"\r\n"])
def test_a_head_that_does_not_end_is_cut_off(shared_ingest: RunningIngest, piece: bytes) -> None:
    before = shared_ingest.resident_bytes()
    with socket.create_connection(("127.0.0.1", shared_ingest.port), timeout=5) as connection:
        connection.sendall(b"POST /v1/events HTTP/1.1\r\nX-First: ")
        with contextlib.suppress(ConnectionError):
            for _ in range(1_000):
                connection.sendall(piece)
            pytest.fail("60 MB of a head were taken")
    assert shared_ingest.resident_bytes() - before < ALLOWED_GROWTH


async def test_gzip_bombs_and_cuts_cost_no_memory(
    client: httpx.AsyncClient, shared_ingest: RunningIngest
) -> None:
    encoding = {"Content-Encoding": "gzip"}
    bomb = gzip.compress(bytes(100 * MIB))
    await post(client, body())
    before = shared_ingest.resident_bytes()
    for _ in range(10):
        assert (await post(client, bomb, **encoding)).status_code == 413
        assert (await post(client, bomb[:-20], **encoding)).status_code in (400, 413)
        assert (await post(client, gzip.compress(body())[:-4], **encoding)).status_code == 400
    assert shared_ingest.resident_bytes() - before < ALLOWED_GROWTH


async def test_health_answers_while_the_largest_bodies_are_decoded(
    client: httpx.AsyncClient,
) -> None:
    fields = {f"F{number}": "\\" * 60 for number in range(20)}
    content = gzip.compress(body(*(event(number, fields=fields) for number in range(1, 2001))))
    posts = [
        asyncio.create_task(post(client, content, **{"Content-Encoding": "gzip"})) for _ in range(8)
    ]
    answers = 0
    while not all(task.done() for task in posts):
        answers += (await client.get("/healthz")).status_code == 200
    # Counted and not timed, so that a busy machine changes nothing: one or two for each body are
    # all that a loop gives which stands still while a body is decoded; here it is about forty.
    assert answers > 10 * len(posts)
    assert {task.result().status_code for task in posts} <= {202, 503}


async def test_no_mutation_of_a_real_batch_is_a_fault_of_ours(
    client: httpx.AsyncClient, shared_ingest: RunningIngest
) -> None:
    chance = random.Random(20260310)
    real = body(event(1), event(2, fields={"ChanVariable": ["A=1", "B=é"]}), gap(3, 9), event(10))
    before = shared_ingest.resident_bytes()
    statuses: dict[int, int] = {}
    for _ in range(1_000):
        content = bytearray(real)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(content))
            if chance.random() < 0.5:
                content[at] = chance.randrange(256)
            else:
                del content[at : at + chance.randint(1, 9)]
        status = (await post(client, bytes(content))).status_code
        statuses[status] = statuses.get(status, 0) + 1
    assert set(statuses) <= {202, 400, 403, 422}
    assert min(statuses[202], statuses[400], statuses[422]) > 0
    assert shared_ingest.resident_bytes() - before < ALLOWED_GROWTH


async def test_a_stop_signal_ends_it_after_the_answer(tmp_path: Path) -> None:
    with (
        broker_at(free_port(), tmp_path / "broker.log") as broker,
        running_ingest(broker.bootstrap, tmp_path, [SITE]) as ingest,
    ):
        async with session(ingest, SITE) as client:
            await post_until_accepted(client, body(event(1)))
            broker.freeze()
            waiting = asyncio.create_task(post(client, body(event(2))))
            await asyncio.sleep(0.2)
            started = time.monotonic()
            await asyncio.to_thread(ingest.child.stop)
            assert (await waiting).status_code == 503
            assert time.monotonic() - started < 8
        broker.thaw()
        events = [json.loads(line)["event"] for line in ingest.child.log.read_text().splitlines()]
        assert events[0] == "starting"
        assert events.count("broker_does_not_acknowledge") == 1
        assert ingest.tokens[SITE] not in ingest.child.log.read_text()
