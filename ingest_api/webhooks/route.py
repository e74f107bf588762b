"""`POST /v1/webhooks/{connector}/{secret}`: one event of a chat account, into Kafka.

Platforms sign nothing, so the secret in the address is all that tells them: it is compared in
constant time by its digest, opens this one account, can be rotated, and is in no log, metric or
answer. They also promise no retry that could be relied on, and take an address that is slow for
broken: the answer comes within two seconds, after the broker's acknowledgement or without it (503).
"""

import time
from collections.abc import Callable
from typing import NamedTuple

from starlette.types import Receive, Scope, Send

from connectors.door import Door, NotAnEventError, Passed
from connectors.doors import DOORS
from connectors.json_text import parsed
from ingest_api.auth import TokenRegistry, admit
from ingest_api.body import inflate, read_body
from ingest_api.budget import ByteBudget
from ingest_api.chat_event import chat_event
from ingest_api.contract.chat import encode_chat_event
from ingest_api.contract.topics import site_key
from ingest_api.errors import (
    ACCEPTED,
    FAILED,
    IngestError,
    InvalidEventError,
    MalformedBodyError,
    MethodNotAllowedError,
    UnauthorizedError,
)
from ingest_api.events_route import Headers, send_json, told
from ingest_api.masking import Maskings
from ingest_api.publisher import Publisher
from ingest_api.rate import RateLimiter
from ingest_api.request_head import read_head
from ingest_api.webhooks.metrics import UNKNOWN, WebhookMetrics

WEBHOOKS_PATH = "/v1/webhooks/"
MAX_BODY_BYTES = 256 * 1024

_ACCEPTED = 202
_STORED = b'{"accepted":1}'


class Address(NamedTuple):
    """What the path of a request names; `door` is None if there is no such platform."""

    connector: str
    door: Door | None
    secret: str


class WebhookRoute:
    """Answers when the broker has acknowledged the event, or says why it has not."""

    def __init__(
        self,
        *,
        publisher: Publisher,
        tokens: TokenRegistry,
        maskings: Maskings,
        metrics: WebhookMetrics,
        rate: RateLimiter,
        bodies: ByteBudget,
        now_ms: Callable[[], int],
    ) -> None:
        """`publisher` writes to `chat.events.v1`; `bodies` bounds what is read at a time."""
        self._publisher = publisher
        self._tokens = tokens
        self._maskings = maskings
        self._metrics = metrics
        self._rate = rate
        self._bodies = bodies
        self._now_ms = now_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request of ASGI, whose path begins with `WEBHOOKS_PATH`."""
        started = time.perf_counter()
        address = _address(scope["path"])
        headers: Headers = ()
        outcome = FAILED
        try:
            await self._take(address, scope, receive)
            outcome, status, content = ACCEPTED, _ACCEPTED, _STORED
        except IngestError as error:
            outcome = error.code
            status, headers, content = told(error)
        finally:
            connector = address.connector if address.door else UNKNOWN
            self._metrics.requests.labels(connector, outcome).inc()
            self._metrics.request_seconds.observe(time.perf_counter() - started)
        await send_json(send, status, headers, content)

    async def _take(self, address: Address, scope: Scope, receive: Receive) -> None:
        """Nothing of the body is read before the secret is known and the rate allows it."""
        if scope["method"] != "POST":
            raise MethodNotAllowedError
        if address.door is None:
            raise UnauthorizedError("the address is not valid")
        grant = await admit(self._tokens, address.secret, address.connector)
        self._rate.take(grant.sha256)
        head = read_head(scope["headers"])
        # What platforms call their JSON is not ours to say.
        is_gzip = head.is_encoded_as_gzip()
        head.check_length(MAX_BODY_BYTES)
        with self._bodies.lease() as lease:
            body = await read_body(receive, lease, MAX_BODY_BYTES)
            if is_gzip:
                body = inflate(body, MAX_BODY_BYTES)
            passed = _passed(address.door, body)
            event = chat_event(
                grant.identity, address.connector, passed, self._maskings, self._now_ms()
            )
            key = site_key(*grant.identity)
            await self._publisher.publish(key, [encode_chat_event(event)])
        name = event.name if event.name in address.door.known_names else UNKNOWN
        self._metrics.events.labels(address.connector, name).inc()


def _passed(door: Door, body: bytes | bytearray) -> Passed:
    try:
        posted = parsed(body)
    except (ValueError, RecursionError) as error:
        raise MalformedBodyError("the body is not a JSON text") from error
    if not isinstance(posted, dict):
        raise InvalidEventError("the body must be an object")
    try:
        return door.passes(posted)
    except NotAnEventError as error:
        raise InvalidEventError(str(error)) from error


def _address(path: str) -> Address:
    connector, _, secret = path.removeprefix(WEBHOOKS_PATH).partition("/")
    return Address(connector, DOORS.get(connector), secret)
