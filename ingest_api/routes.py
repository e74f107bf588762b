"""The paths of the API and what OpenAPI says about them."""

import time
from typing import Annotated, Any

import msgspec
from fastapi import FastAPI, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from ingest_api.contract.events import WireBatch
from ingest_api.contract.limits import MAX_SEQUENCE, Refusal
from ingest_api.errors import (
    BodyTooSlowError,
    IngestError,
    InvalidBatchError,
    MalformedBodyError,
    RetryLaterError,
    TooLargeError,
    TooManyRequestsError,
    UnauthorizedError,
    UnavailableError,
    UnsupportedBodyError,
    WrongSiteError,
)
from ingest_api.intake import Intake
from ingest_api.metrics import IngestMetrics
from ingest_api.publisher import Publisher

_bearer = HTTPBearer(
    auto_error=False, description="The token of one site, as `python -m ingest_api token` makes it."
)


class RefusedEventAnswer(BaseModel):
    """One event that is not kept, though its batch is."""

    sequence: int = Field(ge=1, le=MAX_SEQUENCE)
    reason: Refusal


class AcceptedAnswer(BaseModel):
    """The batch is stored: the broker has acknowledged it."""

    accepted: int = Field(ge=0, description="Events stored.")
    refused: list[RefusedEventAnswer]


class ErrorAnswer(BaseModel):
    """Why a request was not served."""

    error: str = Field(description="A code that does not change.", examples=["invalid_batch"])
    detail: str = Field(description="One sentence for people.")
    field: str | None = Field(None, description="With 422: the path of the offending field.")


class ReadyAnswer(BaseModel):
    """Whether batches can be stored now."""

    ready: bool
    problems: list[str]


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "Plain, or with Content-Encoding gzip.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/WireBatch"}}},
    }
}


def _answers(*errors: type[IngestError]) -> dict[int | str, dict[str, Any]]:
    return {error.status: _answer(error) for error in errors}


def _answer(error: type[IngestError]) -> dict[str, Any]:
    answer: dict[str, Any] = {"model": ErrorAnswer, "description": error.__doc__}
    if issubclass(error, RetryLaterError):
        seconds = {"type": "integer", "minimum": 1}
        answer["headers"] = {
            "Retry-After": {"description": "Seconds to wait.", "schema": seconds, "required": True}
        }
    return answer


def add_events_route(app: FastAPI, intake: Intake, metrics: IngestMetrics) -> None:
    """`POST /v1/events`, on the application itself: a router's detour costs at every request."""
    encoder = msgspec.json.Encoder()

    @app.post(
        "/v1/events",
        tags=["events"],
        status_code=202,
        response_model=AcceptedAnswer,
        summary="Store one batch of events of one site",
        openapi_extra=_BODY,
        responses=_answers(
            MalformedBodyError,
            UnauthorizedError,
            WrongSiteError,
            BodyTooSlowError,
            TooLargeError,
            UnsupportedBodyError,
            InvalidBatchError,
            TooManyRequestsError,
            UnavailableError,
        ),
    )
    async def post_events(
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    ) -> Response:
        """Answers when the broker has acknowledged the batch.

        Events over a limit of content are refused one by one; a batch of wrong form is refused
        whole. Sending a batch again is harmless.
        """
        started = time.perf_counter()
        outcome = "failed"
        try:
            answer = await intake.take(credentials.credentials if credentials else None, request)
            outcome = "accepted"
        except IngestError as error:
            outcome = error.code
            raise
        finally:
            metrics.requests.labels(outcome).inc()
            metrics.request_seconds.observe(time.perf_counter() - started)
        content = {
            "accepted": answer.accepted,
            "refused": [
                {"sequence": event.sequence, "reason": event.reason} for event in answer.refused
            ],
        }
        return Response(encoder.encode(content), 202, media_type="application/json")


def add_operation_routes(app: FastAPI, publisher: Publisher, metrics: IngestMetrics) -> None:
    """`/healthz`, `/readyz` and `/metrics`, for those who run the service."""

    @app.get("/healthz", tags=["operation"], summary="Whether the process answers")
    async def get_health() -> dict[str, str]:
        return {"status": "alive"}

    @app.get(
        "/readyz",
        tags=["operation"],
        summary="Whether batches can be stored now",
        responses={
            503: {"model": ReadyAnswer, "description": "They cannot; the problems say why."}
        },
    )
    async def get_readiness(response: Response) -> ReadyAnswer:
        problems = await publisher.problems()
        if problems:
            response.status_code = 503
        return ReadyAnswer(ready=not problems, problems=problems)

    @app.get(
        "/metrics",
        tags=["operation"],
        summary="Metrics in Prometheus' text format",
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}, "description": "All metrics."}},
    )
    async def get_metrics() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)


SCHEMA_MODELS = (WireBatch,)
"""Models of bodies that are read by hand; OpenAPI has to be told of them."""
