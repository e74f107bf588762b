"""The door of webhooks over HTTP, in memory."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog.testing
from fastapi import FastAPI

from agent.redaction import Redaction
from ingest_api.app import create_app
from ingest_api.auth import token_digest
from ingest_api.config import IngestConfig
from ingest_api.contract.chat import MAX_VALUE_CHARACTERS, decode_chat_event
from ingest_api.errors import ConfigError
from ingest_api.masking import Masking, Maskings, read_maskings
from ingest_api.token_file import FileTokenRegistry, TokenEntry, add_token
from ingest_api.webhooks.route import MAX_BODY_BYTES
from tests.support import chat
from tests.support.chat import message_event, session_event
from tests.support.memory_publisher import MemoryPublisher

SECRET = "made-up-secret-of-the-webhook"
OTHER = "made-up-secret-of-another-account"
TOKEN = "made-up-token-of-a-collector"
KEY = "made-up-key-of-acme-0123456789"
RECEIVED_AT = 1_773_147_600_500
RATE = 20


@pytest.fixture
def chats() -> MemoryPublisher:
    return MemoryPublisher()


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whom the applications of these tests let in: they only read it."""
    tokens = tmp_path_factory.mktemp("registry") / "tokens.json"
    for secret, tenant, site, connector in (
        (SECRET, "acme", "whatsapp-01", "helena"),
        (OTHER, "other", "chat", "chatwoot"),
        (TOKEN, "acme", "pbx-01", ""),
    ):
        digest = token_digest(secret)
        entry = TokenEntry(sha256=digest, tenant=tenant, site=site, connector=connector)
        add_token(tokens, entry)
    return tokens


@pytest.fixture
def app(chats: MemoryPublisher, tokens: Path, tmp_path: Path) -> FastAPI:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"acme": {"key": KEY}}))
    config = IngestConfig(
        "unused:9092", tokens, requests_per_second_and_token=RATE, chat_keys_file=keys
    )
    return create_app(
        config,
        MemoryPublisher(),
        FileTokenRegistry(tokens),
        chat_publisher=chats,
        now_ms=lambda: RECEIVED_AT,
    )


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://ingest") as session:
        yield session


def new_session() -> dict[str, Any]:
    body = session_event("SESSION_NEW", "13:00:00")
    body["content"]["contactDetails"] = {"name": "Cliente", "phonenumber": "+55|11900000001"}
    body["content"]["lastMessageText"] = "made-up words"
    return body


async def post(
    client: httpx.AsyncClient,
    body: Any,
    path: str = f"helena/{SECRET}",
    **headers: str,
) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await client.post(f"/v1/webhooks/{path}", content=content, headers=headers)


async def test_an_event_is_published_under_its_account_without_words_and_names(
    client: httpx.AsyncClient, chats: MemoryPublisher
) -> None:
    answer = await post(client, new_session())
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1})
    ((key, value),) = chats.written
    assert key == b"acme/whatsapp-01"
    event = decode_chat_event(value)
    assert (event.connector, event.name, event.received_at) == (
        "helena",
        "SESSION_NEW",
        RECEIVED_AT,
    )
    assert (event.fields["id"], event.fields["status"]) == (chat.SESSION, "PENDING")
    assert event.caller == "…0001"
    assert event.caller_hash == Redaction("last4", KEY.encode()).hash("+5511900000001")
    for private in (b"made-up words", b"Cliente", b"1190000"):
        assert private not in value


async def test_the_same_event_twice_is_accepted_twice(
    client: httpx.AsyncClient, chats: MemoryPublisher
) -> None:
    """All are accepted: what is a duplicate is the fold's to say."""
    received = message_event("MESSAGE_RECEIVED", "13:00:01", "m1")
    answers = [
        await post(client, body) for body in (new_session(), new_session(), received, received)
    ]
    assert [answer.status_code for answer in answers] == [202] * 4
    assert len(chats.written) == 4


async def test_an_event_of_an_unknown_name_is_kept_and_counted(
    client: httpx.AsyncClient, chats: MemoryPublisher
) -> None:
    body = {"eventType": "SESSION_SPLIT", "content": {"id": "s", "updatedAt": "x", "text": "y"}}
    assert (await post(client, body)).status_code == 202
    event = decode_chat_event(chats.written[0][1])
    assert event.name == "SESSION_SPLIT"
    assert "text" not in event.fields
    metrics = (await client.get("/metrics")).text
    assert 'ingest_webhook_events_total{connector="helena",event="unknown"} 1.0' in metrics


@pytest.mark.parametrize(
    "path",
    [
        "helena/wrong",
        "helena/",
        "helena",
        f"helena/{SECRET}/",
        f"helena/{SECRET}x",
        f"chatwoot/{SECRET}",  # of another platform
        f"helena/{TOKEN}",  # of a collector
        f"helena/{token_digest(SECRET)}",
        f"somebody/{SECRET}",
        "%00/%FF",
    ],
)
async def test_an_address_that_is_not_valid_opens_nothing(
    client: httpx.AsyncClient, chats: MemoryPublisher, path: str
) -> None:
    answer = await post(client, new_session(), path)
    assert answer.status_code == 401
    assert SECRET not in answer.text
    assert chats.written == []


async def test_the_secret_of_a_webhook_is_no_token_of_a_collector(
    client: httpx.AsyncClient,
) -> None:
    headers = {"Authorization": f"Bearer {SECRET}"}
    answer = await client.post("/v1/events", content=b"{}", headers=headers)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"eventType": NaN}', 422),
        (b"[" * 20_000, 400),
        (b"\xff\xfe", 400),
        ([], 422),
        ("SESSION_NEW", 422),
        ({}, 422),
        ({"eventType": "", "content": {}}, 422),
        ({"eventType": "X" * 129, "content": {}}, 422),
        ({"eventType": 7, "content": {}}, 422),
        ({"eventType": "SESSION_NEW", "content": "x"}, 422),
        ({"eventType": "SESSION_NEW"}, 422),
    ],
)
async def test_what_is_no_event_is_refused(
    client: httpx.AsyncClient, chats: MemoryPublisher, body: Any, status: int
) -> None:
    assert (await post(client, body)).status_code == status
    assert chats.written == []


BROKEN_TEXTS = {
    "half a character": b'"made-up \\ud83d"',
    "the other half": b'"\\ude00 made-up"',
    "bytes that are no UTF-8": b'"made-up \xff\xc3"',
    "half a character as bytes": b'"made-up \xed\xa0\xbd"',
    "bare control characters": b'"made-up\n\x01"',
    "a number beyond all bounds": b"1e400",
    "a number of very many digits": b"1" * 5_000,
    "no number": b"NaN",
}


@pytest.mark.parametrize("broken", BROKEN_TEXTS.values(), ids=BROKEN_TEXTS)
async def test_a_broken_text_that_is_dropped_anyway_does_not_matter(
    client: httpx.AsyncClient, chats: MemoryPublisher, broken: bytes
) -> None:
    whole = new_session()
    await post(client, whole)
    whole["content"]["lastMessageText"] = whole["content"]["contactDetails"]["name"] = "BROKEN"
    assert (await post(client, json.dumps(whole).encode().replace(b'"BROKEN"', broken))).is_success
    (_, undamaged), (_, value) = chats.written
    assert value == undamaged


@pytest.mark.parametrize("text", [b"", b'"\\ud83d"'], ids=["whole", "broken"])
@pytest.mark.parametrize(("depth", "status"), [(500, 202), (1_000, 400), (100_000, 400)])
async def test_what_is_nested_too_deeply_is_refused_and_breaks_nothing(
    client: httpx.AsyncClient, text: bytes, depth: int, status: int
) -> None:
    """Reading it in pieces would hold the others up longer than any post is worth."""
    deep = new_session() | {"extra": "DEEP"}
    nested = b"[" * depth + text + b"]" * depth
    body = json.dumps(deep).encode().replace(b'"DEEP"', nested)
    assert (await post(client, body)).status_code == status
    assert (await post(client, new_session())).is_success


async def test_a_mark_of_the_byte_order_is_no_part_of_the_event(
    client: httpx.AsyncClient, chats: MemoryPublisher
) -> None:
    await post(client, json.dumps(new_session()).encode())
    assert (await post(client, json.dumps(new_session()).encode("utf-8-sig"))).is_success
    (_, plain), (_, marked) = chats.written
    assert marked == plain


@pytest.mark.parametrize("broken", BROKEN_TEXTS.values(), ids=BROKEN_TEXTS)
async def test_of_a_kept_value_that_is_broken_nothing_is_made_up(
    client: httpx.AsyncClient, chats: MemoryPublisher, broken: bytes
) -> None:
    """Control characters are text, if odd; whatever else is broken is as if it were not told."""
    body = new_session()
    body["content"]["departmentDetails"] = {"name": "BROKEN"}
    body["content"]["contactDetails"]["phonenumber"] = "BROKEN"
    assert (await post(client, json.dumps(body).encode().replace(b'"BROKEN"', broken))).is_success
    event = decode_chat_event(chats.written[0][1])
    assert event.fields.get("departmentDetails.name") in (None, "made-up\n\x01")
    assert (event.fields["id"], event.caller) == (chat.SESSION, "")


async def test_a_name_of_an_event_that_cannot_be_written_is_none(
    client: httpx.AsyncClient, chats: MemoryPublisher
) -> None:
    body = b'{"eventType": "SESSION_\\ud83d", "content": {"id": "s"}}'
    assert (await post(client, body)).status_code == 422
    assert chats.written == []


async def test_a_body_is_bounded_before_it_is_read(client: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 4096

    path = f"/v1/webhooks/helena/{SECRET}"
    declared = await client.post(path, content=b" " * (MAX_BODY_BYTES + 1))
    streamed = await client.post(path, content=endless())
    bomb = await post(
        client, gzip.compress(b" " * (MAX_BODY_BYTES + 1)), **{"Content-Encoding": "gzip"}
    )
    assert [answer.status_code for answer in (declared, streamed, bomb)] == [413] * 3


async def test_a_zipped_event_is_read(client: httpx.AsyncClient, chats: MemoryPublisher) -> None:
    body = gzip.compress(json.dumps(new_session()).encode())
    assert (await post(client, body, **{"Content-Encoding": "gzip"})).status_code == 202
    assert len(chats.written) == 1


@pytest.mark.parametrize("said", ["text/plain", "application/json; charset=utf-8", "x"])
async def test_whatever_the_body_is_called_it_is_json(client: httpx.AsyncClient, said: str) -> None:
    assert (await post(client, new_session(), **{"Content-Type": said})).status_code == 202


async def test_a_long_value_stays_out_and_the_event_passes(
    client: httpx.AsyncClient, chats: MemoryPublisher
) -> None:
    body = new_session()
    body["content"]["departmentDetails"] = {"name": "x" * (MAX_VALUE_CHARACTERS + 1)}
    assert (await post(client, body)).status_code == 202
    assert "departmentDetails.name" not in decode_chat_event(chats.written[0][1]).fields


async def test_a_broker_that_is_away_is_told_with_when_to_come_again(
    client: httpx.AsyncClient, chats: MemoryPublisher
) -> None:
    chats.is_away = True
    answer = await post(client, new_session())
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1


async def test_who_cannot_store_chats_is_not_ready(
    client: httpx.AsyncClient, chats: MemoryPublisher
) -> None:
    assert (await client.get("/readyz")).json() == {"ready": True, "problems": []}
    chats.is_away = True
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)


async def test_an_address_has_a_rate_of_its_own(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(post(client, new_session()) for _ in range(3 * RATE)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert 0 < len(refused) <= RATE  # the bucket holds two seconds, and fills meanwhile
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)
    body = {"event": "conversation_created", "id": 1}
    assert (await post(client, body, f"chatwoot/{OTHER}")).status_code == 202


async def test_only_post_opens_the_door(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/v1/webhooks/helena/{SECRET}")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


async def test_the_secret_is_in_no_log_and_no_metric(client: httpx.AsyncClient) -> None:
    with structlog.testing.capture_logs() as logs:
        for path in (f"helena/{SECRET}", f"chatwoot/{SECRET}", f"{SECRET}/{SECRET}"):
            await post(client, new_session(), path)
            await post(client, b"{", path)
    metrics = (await client.get("/metrics")).text
    for told in (str(logs), metrics):
        assert SECRET not in told
        assert token_digest(SECRET)[:8] not in told


async def test_what_alerts_look_at_is_there_before_it_happens(client: httpx.AsyncClient) -> None:
    """The first failure must be an increase, and it is none if the series begins with it."""
    metrics = (await client.get("/metrics")).text
    for connector in ("helena", "chatwoot", "unknown"):
        for outcome in ("accepted", "failed", "unavailable", "malformed_body"):
            labels = f'{{connector="{connector}",outcome="{outcome}"}}'
            assert f"ingest_webhook_requests_total{labels} 0.0" in metrics
    for outcome in ("accepted", "failed", "unavailable", "too_large"):
        assert f'ingest_requests_total{{outcome="{outcome}"}} 0.0' in metrics
    assert 'ingest_webhook_events_total{connector="helena",event="SESSION_NEW"} 0.0' in metrics


@pytest.mark.parametrize("mode", ["last4", "full", "none"])
@pytest.mark.parametrize("number", ["+55|11900000001", "", "abc", "11 90000-0002"])
def test_numbers_are_masked_and_hashed_as_collectors_do(mode: Any, number: str) -> None:
    shown = Masking(key=KEY, numbers=mode).shown(number)
    collector = Redaction(mode, KEY.encode())
    assert shown.hash == collector.hash(number)
    if mode == "last4" and shown.number:
        assert shown.number == collector.number(number)
    if mode == "none":
        assert shown.number == ""


def test_a_tenant_without_a_key_shows_nothing_and_is_told_of_once() -> None:
    maskings = Maskings({})
    with structlog.testing.capture_logs() as logs:
        assert [maskings.shown("acme", "+5511900000001") for _ in range(2)] == [("", "")] * 2
    assert [entry["event"] for entry in logs] == ["no_key_for_numbers"]


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"acme": {"key": "short"}}', '{"a/b": {}}', '{"acme": {"key": 7, "x": 1}}'],
)
def test_keys_that_cannot_be_used_are_refused_without_being_shown(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match="INGEST_CHAT_KEYS_FILE") as caught:
        read_maskings(path)
    assert "short" not in str(caught.value).partition(":")[2].replace("too_short", "")
