"""`POST /v1/events` as an ASGI application of its own.

FastAPI's layers (middlewares, router, dependencies) would cost several times what reading, checking
and publishing an ordinary batch does. What OpenAPI says about it is in `events_operation.py`.
"""

import time
from collections.abc import Sequence

import msgspec
from starlette.types import Receive, Scope, Send

from ingest_api.errors import (
    ACCEPTED,
    FAILED,
    IngestError,
    InvalidBatchError,
    MethodNotAllowedError,
    RetryLaterError,
    UnauthorizedError,
    UnavailableError,
)
from ingest_api.intake import Intake
from ingest_api.metrics import IngestMetrics
from ingest_api.request_head import read_head

EVENTS_PATH = "/v1/events"

Headers = Sequence[tuple[bytes, bytes]]

_JSON = (b"content-type", b"application/json")
_NO_HEADERS: Headers = ()
_ACCEPTED = 202

_encoder = msgspec.json.Encoder()


class EventsRoute:
    """Answers when the broker has acknowledged the batch, or says why it has not."""

    def __init__(self, intake: Intake, metrics: IngestMetrics) -> None:
        """`metrics` counts the answers, `intake` does the rest."""
        self._intake = intake
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request of ASGI."""
        started = time.perf_counter()
        outcome, headers = FAILED, _NO_HEADERS
        self._metrics.requests_in_flight.inc()
        try:
            if scope["method"] != "POST":
                raise MethodNotAllowedError
            answer = await self._intake.take(read_head(scope["headers"]), receive)
            outcome = ACCEPTED
            status, content = _ACCEPTED, _encoder.encode(answer)
        except IngestError as error:
            outcome = error.code
            status, headers, content = told(error)
            if isinstance(error, UnavailableError):
                self._metrics.unavailable.labels(error.shortage.value).inc()
        finally:
            self._metrics.requests_in_flight.dec()
            self._metrics.answered(outcome, time.perf_counter() - started)
        await send_json(send, status, headers, content)


async def send_json(send: Send, status: int, headers: Headers, content: bytes) -> None:
    """The answer of ASGI, whose `headers` are those beyond the usual ones."""
    length = (b"content-length", b"%d" % len(content))
    start = {"type": "http.response.start", "status": status}
    await send({**start, "headers": [_JSON, length, *headers]})
    await send({"type": "http.response.body", "body": content})


def told(error: IngestError) -> tuple[int, Headers, bytes]:
    """Status, headers beyond the usual ones, and body of an answer that is not a success."""
    content = {"error": error.code, "detail": error.detail}
    headers = _NO_HEADERS
    if isinstance(error, InvalidBatchError):
        content["field"] = error.field
    if isinstance(error, RetryLaterError):
        headers = ((b"retry-after", b"%d" % error.retry_after_s),)
    if isinstance(error, UnauthorizedError):
        headers = ((b"www-authenticate", b"Bearer"),)
    if isinstance(error, MethodNotAllowedError):
        headers = ((b"allow", b"POST"),)
    return error.status, headers, _encoder.encode(content)
