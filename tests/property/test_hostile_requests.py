"""Nothing that is posted is a fault of ours, reaches another tenant, or is repeated anywhere.

Ten thousand bent batches, in memory, against the application as it is served. `HOSTILE_REQUESTS`
makes it more or less, `HOSTILE_SEED` others.
"""

import gc
import json
import logging
import os
import resource
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import structlog.testing

from ingest_api.app import IngestApp, create_app
from ingest_api.auth import token_digest
from ingest_api.config import IngestConfig
from ingest_api.contract.published import decode_batch
from ingest_api.token_file import FileTokenRegistry, TokenEntry, add_token
from tests.support.captures import events_of, scenario
from tests.support.hostile_bodies import NUMBER, PERSON, Hostile, hostile_requests
from tests.support.ingest_bodies import SITE, TENANT, body, event, gap
from tests.support.memory_publisher import MemoryPublisher

REQUESTS = int(os.environ.get("HOSTILE_REQUESTS", "10000"))
SEED = int(os.environ.get("HOSTILE_SEED", "20261125"))
TOKEN = "the-made-up-token-of-acme"
RIVALS_TOKEN = "the-made-up-token-of-rival"
STATUSES = {202, 400, 401, 403, 413, 415, 422}
MIB = 1024 * 1024
ALLOWED_GROWTH = 20 * MIB
NEIGHBOUR_EVERY = 100


class Door:
    """The application, called as a server calls it."""

    def __init__(self, folder: Path) -> None:
        path = folder / "tokens.json"
        for tenant, token in ((TENANT, TOKEN), ("rival", RIVALS_TOKEN)):
            add_token(path, TokenEntry(sha256=token_digest(token), tenant=tenant, site=SITE))
        config = IngestConfig("unused:9092", path, requests_per_second_and_token=1_000_000)
        self.publisher = MemoryPublisher()
        self.app: IngestApp = create_app(
            config, self.publisher, FileTokenRegistry(path), chat_publisher=MemoryPublisher()
        )

    async def post(self, request: Hostile, token: str = TOKEN) -> tuple[int, bytes]:
        """Status and body of the answer."""
        headers = [(b"authorization", f"Bearer {token}".encode()), *request.headers]
        pieces = list(request.pieces)
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            piece = pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/v1/events", "headers": headers}
        await self.app(scope, receive, send)
        return sent[0]["status"], sent[1]["body"]

    async def metrics(self) -> str:
        """What /metrics tells now."""
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/metrics",
            "raw_path": b"/metrics",
            "query_string": b"",
            "root_path": "",
            "headers": [],
        }
        await self.app(scope, receive, send)
        return b"".join(message.get("body", b"") for message in sent).decode()


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def real_batches() -> list[bytes]:
    """What a collector posts, from a recording and by hand, with a person in each."""
    heard = events_of(scenario("18.26.4/m_two_queues_v2").connections, mode="full")[:40]
    recorded = [
        event(
            number,
            kind=one.kind,
            name=one.name,
            fields={**one.fields, "CallerIDName": PERSON, "CallerIDNum": NUMBER},
        )
        for number, one in enumerate(heard, 1)
    ]
    person = {"CallerIDNum": NUMBER, "CallerIDName": PERSON, "Queue": "support"}
    return [
        body(*recorded),
        body(event(1, fields=person), gap(2, 9), event(10, fields={**person, "X": ["a", "é"]})),
        body(event(1, kind="collector", name="heartbeat", fields={**person, "spool_events": "1"})),
    ]


@pytest.mark.timeout(300)
async def test_no_bent_batch_is_a_fault_or_reaches_anybody_else(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    statuses: Counter[int] = Counter()
    real = real_batches()
    fine = Hostile((), (body(event(1), event(2)),))
    answers: set[bytes] = set()
    before = 0
    with structlog.testing.capture_logs() as ours, caplog.at_level(logging.DEBUG):
        for number, request in enumerate(hostile_requests(real, REQUESTS, SEED)):
            if number == REQUESTS // 10:
                before = resident_bytes()
            status, answer = await door.post(request)
            assert status in STATUSES, request
            statuses[status] += 1
            check_written(door, status, answer)
            answers.add(answer)
            if number % NEIGHBOUR_EVERY == 0:
                assert (await door.post(fine, RIVALS_TOKEN))[0] == 202
                assert [key for key, _ in door.publisher.written] == [b"rival/pbx-01"]
                door.publisher.written.clear()
    assert resident_bytes() - before < ALLOWED_GROWTH
    assert min(statuses[status] for status in (202, 400, 403, 415, 422)) > 0
    told = [json.dumps(ours, default=str), *(record.getMessage() for record in caplog.records)]
    assert_tells_nothing(await door.metrics(), b"".join(answers).decode(), *told)


def check_written(door: Door, status: int, answer: bytes) -> None:
    """What was answered 202 is published under the token's site, each event kept or named."""
    written = door.publisher.written
    assert bool(written) <= (status == 202)
    kept = 0
    for key, value in written:
        assert key == b"acme/pbx-01"
        batch = decode_batch(value)
        assert (batch.tenant, batch.site) == (TENANT, SITE)
        kept += len(batch.events)
    if status == 202:
        told = json.loads(answer)
        assert told["accepted"] + len(told["refused"]) == kept
    written.clear()


def assert_tells_nothing(*texts: str) -> None:
    """No number, no name, no token; their parts neither."""
    for text in texts:
        for secret in (NUMBER[1:], NUMBER[-8:], PERSON, "Segredo", TOKEN, RIVALS_TOKEN):
            assert secret not in text


def resident_bytes() -> int:
    """Memory of this process now."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def test_a_flood_of_unknown_tokens_is_answered_alike_and_costs_no_memory(door: Door) -> None:
    fine = Hostile((), (body(),))
    texts = {(await door.post(fine, f"unknown-{number}"))[1] for number in range(2_000)}
    before = resident_bytes()
    for number in range(10_000):
        status, text = await door.post(fine, f"unknown-token-{number}-{'x' * (number % 200)}")
        assert status == 401
        texts.add(text)
    assert len(texts) == 1
    assert door.publisher.written == []
    assert resident_bytes() - before < MIB
    assert "unknown-token" not in await door.metrics()
