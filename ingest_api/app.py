"""Puts the ingest API together: `create_app(config, publisher, tokens, …)`."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from ingest_api.auth import TokenRegistry
from ingest_api.budget import ByteBudget
from ingest_api.config import IngestConfig
from ingest_api.errors import Shortage
from ingest_api.events_operation import add_events_operation
from ingest_api.events_route import EVENTS_PATH, EventsRoute
from ingest_api.intake import Intake, wall_clock_ms
from ingest_api.masking import read_maskings
from ingest_api.metrics import IngestMetrics
from ingest_api.operation_routes import add_operation_routes
from ingest_api.publisher import Publisher
from ingest_api.rate import RateLimiter
from ingest_api.token_metrics import TokenMetrics
from ingest_api.webhooks.metrics import WebhookMetrics
from ingest_api.webhooks.operation import add_webhook_operation
from ingest_api.webhooks.route import WEBHOOKS_PATH, WebhookRoute

_TITLE = "Call-centre ingest"
_VERSION = "1"


class IngestApp(FastAPI):
    """FastAPI for everything but posted events, which go to their route at once."""

    def __init__(
        self, post_events: EventsRoute, post_webhook: WebhookRoute, **settings: Any
    ) -> None:
        """`settings` are FastAPI's own."""
        super().__init__(**settings)
        self._post_events = post_events
        self._post_webhook = post_webhook

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] == "http" and scope["path"] == EVENTS_PATH:
            await self._post_events(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(WEBHOOKS_PATH):
            await self._post_webhook(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """The document of all paths; made once."""
        if self.openapi_schema is None:
            document = get_openapi(title=self.title, version=self.version, routes=self.routes)
            add_events_operation(document)
            add_webhook_operation(document)
            self.openapi_schema = document
        return self.openapi_schema


def create_app(
    config: IngestConfig,
    publisher: Publisher,
    tokens: TokenRegistry,
    *,
    chat_publisher: Publisher,
    now_ms: Callable[[], int] = wall_clock_ms,
) -> IngestApp:
    """The application. It starts the publishers with itself, and closes them with itself.

    `chat_publisher` writes to `chat.events.v1`.

    `now_ms` gives the time of receipt, in milliseconds since the epoch.
    """
    bodies = ByteBudget(config.max_in_flight_bytes, Shortage.BODIES)
    metrics = IngestMetrics(bodies, publisher)
    metrics.registry.register(TokenMetrics(tokens))
    intake = Intake(
        publisher=publisher,
        tokens=tokens,
        metrics=metrics,
        rate=RateLimiter(config.requests_per_second_and_token, time.monotonic),
        bodies=bodies,
        now_ms=now_ms,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await publisher.start()
        await chat_publisher.start()
        try:
            yield
        finally:
            await publisher.close()
            await chat_publisher.close()
            intake.close()

    post_events = EventsRoute(intake, metrics)
    post_webhook = WebhookRoute(
        publisher=chat_publisher,
        tokens=tokens,
        maskings=read_maskings(config.chat_keys_file),
        metrics=WebhookMetrics(metrics.registry, chat_publisher),
        rate=RateLimiter(config.requests_per_second_and_token, time.monotonic),
        bodies=bodies,
        now_ms=now_ms,
    )
    app = IngestApp(post_events, post_webhook, title=_TITLE, version=_VERSION, lifespan=lifespan)
    add_operation_routes(app, (publisher, chat_publisher), metrics)
    app.add_exception_handler(HTTPException, _answer_http_error)
    return app


async def _answer_http_error(_: Request, error: Exception) -> JSONResponse:
    """Unknown paths and methods, in the same shape as the errors of events."""
    assert isinstance(error, HTTPException)
    code = error.detail.lower().replace(" ", "_")
    return JSONResponse(
        {"error": code, "detail": error.detail}, error.status_code, dict(error.headers or {})
    )
