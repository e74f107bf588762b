"""The API over HTTP, in memory, with a publisher that needs no broker."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog.testing
from fastapi import FastAPI

from ingest_api.app import create_app
from ingest_api.auth import token_digest
from ingest_api.config import IngestConfig
from ingest_api.contract.published import PublishedEvent, decode_batch
from ingest_api.token_file import FileTokenRegistry, TokenEntry, add_token
from tests.support.ingest_bodies import SITE, TENANT, TOKEN, body, encoded, event
from tests.support.memory_publisher import MemoryPublisher

RECEIVED_AT = 1_773_147_600_500
RATE = 50


@pytest.fixture
def publisher() -> MemoryPublisher:
    return MemoryPublisher()


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whom the applications of these tests let in: they only read it."""
    path = tmp_path_factory.mktemp("registry") / "tokens.json"
    add_token(path, TokenEntry(sha256=token_digest(TOKEN), tenant=TENANT, site=SITE))
    return path


@pytest.fixture
def app(publisher: MemoryPublisher, tokens: Path) -> FastAPI:
    config = IngestConfig("unused:9092", tokens, requests_per_second_and_token=RATE)
    return create_app(
        config,
        publisher,
        FileTokenRegistry(tokens),
        chat_publisher=MemoryPublisher(),
        now_ms=lambda: RECEIVED_AT,
    )


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://ingest") as session:
        session.headers["Authorization"] = f"Bearer {TOKEN}"
        yield session


async def post(client: httpx.AsyncClient, content: bytes, **headers: str) -> httpx.Response:
    return await client.post("/v1/events", content=content, headers=headers)


async def test_a_batch_is_published_under_its_site(
    client: httpx.AsyncClient, publisher: MemoryPublisher
) -> None:
    answer = await post(client, body(event(1), event(2)))
    assert answer.status_code == 202
    assert answer.json() == {"accepted": 2, "refused": []}
    ((key, value),) = publisher.written
    assert key == b"acme/pbx-01"
    published = decode_batch(value)
    assert (published.tenant, published.site) == (TENANT, SITE)
    assert (published.received_at, published.sent_at) == (RECEIVED_AT, 1_773_147_600_120)
    assert [e.sequence for e in published.events] == [1, 2]


async def test_refused_events_are_told_and_stay_in_the_batch(
    client: httpx.AsyncClient, publisher: MemoryPublisher
) -> None:
    answer = await post(client, body(event(1), event(2, kind="sms"), event(3)))
    assert answer.status_code == 202
    assert answer.json() == {
        "accepted": 2,
        "refused": [{"sequence": 2, "reason": "unknown_kind"}],
    }
    events = decode_batch(publisher.written[0][1]).events
    assert events[1] == PublishedEvent(2, refused="unknown_kind")


async def test_a_gzip_of_two_members_is_one_batch(
    client: httpx.AsyncClient, publisher: MemoryPublisher
) -> None:
    content = body(*(event(number) for number in range(1, 11)))
    members = gzip.compress(content[:300]) + gzip.compress(content[300:])
    answer = await post(client, members, **{"Content-Encoding": "gzip"})
    assert answer.json()["accepted"] == 10
    assert len(decode_batch(publisher.written[0][1]).events) == 10


async def test_a_large_body_is_taken_like_a_small_one(
    client: httpx.AsyncClient, publisher: MemoryPublisher
) -> None:
    events = [event(number, fields={"AppData": "d" * 8000}) for number in range(1, 121)]
    answer = await post(client, body(*events))
    assert answer.json() == {"accepted": 120, "refused": []}
    parts = [decode_batch(value) for _, value in publisher.written]
    assert len(parts) == 2
    assert [e.sequence for part in parts for e in part.events] == list(range(1, 121))


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer other", f"Basic {TOKEN}", TOKEN, "Bearer \xe9"],
)
async def test_without_a_valid_token_nothing_is_taken(
    client: httpx.AsyncClient, publisher: MemoryPublisher, authorization: str | None
) -> None:
    del client.headers["Authorization"]
    headers = [] if authorization is None else [(b"Authorization", authorization.encode("latin-1"))]
    answer = await client.post("/v1/events", content=body(), headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["error"] == "unauthorized"
    assert publisher.written == []


async def test_a_token_speaks_for_one_site(
    client: httpx.AsyncClient, publisher: MemoryPublisher
) -> None:
    answer = await post(client, body(site="pbx-02"))
    assert answer.status_code == 403
    assert answer.json()["error"] == "wrong_site"
    assert publisher.written == []


async def test_the_tenant_is_never_taken_from_the_body(
    client: httpx.AsyncClient, publisher: MemoryPublisher
) -> None:
    await post(client, body(tenant="globex"))
    ((key, value),) = publisher.written
    assert key == b"acme/pbx-01"
    assert decode_batch(value).tenant == "acme"


@pytest.mark.parametrize(
    ("content", "headers", "answered"),
    [
        (b"{", {}, (400, "malformed_body")),
        (gzip.compress(body())[:-9], {"Content-Encoding": "gzip"}, (400, "malformed_body")),
        (bytes(1024 * 1024 + 1), {}, (413, "too_large")),
        (gzip.compress(bytes(100_000_000)), {"Content-Encoding": "gzip"}, (413, "too_large")),
        (body(), {"Content-Encoding": "br"}, (415, "unsupported_body")),
        (body(), {"Content-Type": "text/csv"}, (415, "unsupported_body")),
        (encoded({}), {}, (422, "invalid_batch")),
    ],
    ids=["no JSON", "cut", "long", "bomb", "encoding", "type", "no batch"],  # gzip holds the time
)
async def test_bodies_that_are_refused_whole(
    client: httpx.AsyncClient,
    publisher: MemoryPublisher,
    content: bytes,
    headers: dict[str, str],
    answered: tuple[int, str],
) -> None:
    answer = await post(client, content, **headers)
    assert (answer.status_code, answer.json()["error"]) == answered
    assert publisher.written == []


async def test_a_wrong_form_names_its_field(client: httpx.AsyncClient) -> None:
    answer = await post(client, body(event(1), event(4)))
    assert answer.status_code == 422
    assert answer.json() == {
        "error": "invalid_batch",
        "detail": "skips sequences that no gap event names",
        "field": "events[1].sequence",
    }


async def test_a_token_used_too_often_is_told_when_to_come_again(
    client: httpx.AsyncClient,
) -> None:
    # Slow machines fill the bucket while it is emptied: by many requests at once it is not.
    answers = await asyncio.gather(*(post(client, b"{") for _ in range(4 * RATE)))
    assert answers[0].status_code == 400
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert int(refused[0].headers["Retry-After"]) >= 1


async def test_a_broker_that_is_away_is_told_with_retry_after(
    client: httpx.AsyncClient, publisher: MemoryPublisher
) -> None:
    publisher.is_away = True
    answer = await post(client, body())
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert 'ingest_unavailable_total{reason="broker"} 1.0' in (await client.get("/metrics")).text
    publisher.is_away = False
    assert (await post(client, body())).status_code == 202


async def test_health_and_readiness(client: httpx.AsyncClient, publisher: MemoryPublisher) -> None:
    del client.headers["Authorization"]
    assert (await client.get("/healthz")).status_code == 200
    ready = await client.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "problems": []})
    publisher.is_away = True
    assert (await client.get("/healthz")).status_code == 200
    ready = await client.get("/readyz")
    assert ready.status_code == 503
    assert ready.json() == {"ready": False, "problems": ["it was told to be away"]}


async def test_metrics_tell_what_happened_and_of_whom(client: httpx.AsyncClient) -> None:
    beat = event(2, kind="collector", name="heartbeat", fields={"spool_events": "12"})
    await post(client, body(event(1, kind="sms"), beat))
    await post(client, b"{")
    text = (await client.get("/metrics")).text
    for line in (
        'ingest_requests_total{outcome="accepted"} 1.0',
        'ingest_requests_total{outcome="malformed_body"} 1.0',
        "ingest_events_accepted_total 1.0",
        'ingest_events_refused_total{reason="unknown_kind"} 1.0',
        'ingest_events_refused_total{reason="field_too_long"} 0.0',
        'ingest_in_flight_bytes{stage="bodies"} 0.0',
        'ingest_in_flight_bytes{stage="messages"} 0.0',
        'ingest_in_flight_limit_bytes{stage="bodies"} 6.7108864e+07',
        'ingest_unavailable_total{reason="broker"} 0.0',
        "ingest_batch_events_count 1.0",
        "ingest_batch_events_sum 2.0",
        "ingest_requests_in_flight 0.0",
        "ingest_tokens 1.0",
        "ingest_token_registry_failures_total 0.0",
        'collector_spool_events{site="pbx-01",tenant="acme"} 12.0',
        'collector_clock_skew_seconds{site="pbx-01",tenant="acme"} -0.38',
    ):
        assert line in text.splitlines()


async def test_every_metric_has_a_help_text(client: httpx.AsyncClient) -> None:
    lines = (await client.get("/metrics")).text.splitlines()
    helped = {line.split()[2] for line in lines if line.startswith("# HELP") and line.split()[3:]}
    assert helped == {line.split()[2] for line in lines if line.startswith("# TYPE")}


async def test_unknown_paths_and_methods_have_the_same_shape(client: httpx.AsyncClient) -> None:
    for answer in (await client.get("/nowhere"), await client.get("/v1/events")):
        assert answer.status_code in (404, 405)
        assert set(answer.json()) == {"error", "detail"}


async def test_other_methods_are_told_which_one_is_right(client: httpx.AsyncClient) -> None:
    answer = await client.put("/v1/events", content=body())
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


async def test_neither_answers_nor_logs_repeat_what_was_sent(client: httpx.AsyncClient) -> None:
    secret = "5511900000001"
    bodies: list[bytes] = [
        body(event(fields={"CallerIDNum": secret}), site="pbx-02"),
        body(event(kind=secret)),
        body(event(at=secret)),
        body(event(fields={"Queue": secret * 100})),
        body(spool=f"{secret}!"),
        body(event(sequence=int(secret) ** 2)),
        secret.encode(),
    ]
    with structlog.testing.capture_logs() as logs:
        answers = [(await post(client, content)).text for content in bodies]
    assert secret not in json.dumps([answers, logs])
    assert TOKEN not in json.dumps([answers, logs])


def openapi(app: FastAPI) -> Any:
    return json.loads(json.dumps(app.openapi()))


def test_openapi_knows_every_answer(app: FastAPI) -> None:
    post_events = openapi(app)["paths"]["/v1/events"]["post"]
    assert set(post_events["responses"]) == {
        *("202", "400", "401", "403", "408", "413", "415", "422", "429", "503")
    }
    for status in ("429", "503"):
        assert "Retry-After" in post_events["responses"][status]["headers"]
    assert post_events["security"] == [{"HTTPBearer": []}]
    assert post_events["requestBody"]["required"] is True


def test_openapi_has_no_loose_ends(app: FastAPI) -> None:
    schema = openapi(app)

    def walk(node: Any, visit: Callable[[str], None]) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                if key == "$ref":
                    visit(value)
                walk(value, visit)
        elif isinstance(node, list):
            for value in node:
                walk(value, visit)

    references: set[str] = set()
    walk(schema, references.add)
    assert "#/components/schemas/WireBatch" in references
    for reference in references:
        found = schema
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
