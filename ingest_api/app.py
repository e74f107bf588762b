"""Puts the ingest API together: `create_app(config, publisher, tokens)`."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ingest_api.auth import TokenRegistry
from ingest_api.budget import ByteBudget
from ingest_api.config import IngestConfig
from ingest_api.errors import (
    IngestError,
    InvalidBatchError,
    RetryLaterError,
    UnauthorizedError,
)
from ingest_api.intake import Intake, wall_clock_ms
from ingest_api.metrics import IngestMetrics
from ingest_api.publisher import Publisher
from ingest_api.rate import RateLimiter
from ingest_api.routes import SCHEMA_MODELS, add_events_route, add_operation_routes

_TITLE = "Call-centre ingest"
_VERSION = "1"


def create_app(
    config: IngestConfig,
    publisher: Publisher,
    tokens: TokenRegistry,
    now_ms: Callable[[], int] = wall_clock_ms,
) -> FastAPI:
    """The application. It starts the publisher with itself, and closes it with itself.

    `now_ms` gives the time of receipt, in milliseconds since the epoch.
    """
    metrics = IngestMetrics()
    bodies = ByteBudget(config.max_in_flight_bytes)
    metrics.in_flight_bytes.labels("bodies").set_function(lambda: bodies.used)
    metrics.in_flight_bytes.labels("messages").set_function(lambda: publisher.in_flight_bytes)
    rate = RateLimiter(config.requests_per_second_and_token, time.monotonic)
    intake = Intake(
        publisher=publisher,
        tokens=tokens,
        metrics=metrics,
        rate=rate,
        bodies=bodies,
        now_ms=now_ms,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await publisher.start()
        try:
            yield
        finally:
            await publisher.close()
            intake.close()

    app = FastAPI(title=_TITLE, version=_VERSION, lifespan=lifespan)
    add_events_route(app, intake, metrics)
    add_operation_routes(app, publisher, metrics)
    app.add_exception_handler(IngestError, _answer_error)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # FastAPI's own recipe
    return app


async def _answer_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, IngestError)
    content = {"error": error.code, "detail": error.detail}
    headers = {}
    if isinstance(error, InvalidBatchError):
        content["field"] = error.field
    if isinstance(error, RetryLaterError):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, UnauthorizedError):
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(content, error.status, headers)


async def _answer_http_error(_: Request, error: Exception) -> JSONResponse:
    """Unknown paths and methods, in the same shape as our own errors."""
    assert isinstance(error, HTTPException)
    code = error.detail.lower().replace(" ", "_")
    return JSONResponse(
        {"error": code, "detail": error.detail}, error.status_code, dict(error.headers or {})
    )


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
        models = schema.setdefault("components", {}).setdefault("schemas", {})
        for model in SCHEMA_MODELS:
            own = model.model_json_schema(ref_template="#/components/schemas/{model}")
            models.update(own.pop("$defs", {}))
            models[model.__name__] = own
        app.openapi_schema = schema
    return app.openapi_schema
