"""What OpenAPI says about `POST /v1/events`, which FastAPI does not serve (`events_route.py`)."""

from typing import Any

from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

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
from ingest_api.events_route import EVENTS_PATH

_REFERENCE = "#/components/schemas/{model}"
_SECURITY = "HTTPBearer"


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


def add_events_operation(document: dict[str, Any]) -> None:
    """Put the operation, its models and its security scheme into an OpenAPI document."""
    components = document.setdefault("components", {})
    models: tuple[type[BaseModel], ...] = (WireBatch, AcceptedAnswer, ErrorAnswer)
    _, schemas = models_json_schema(
        [(model, "validation") for model in models], ref_template=_REFERENCE
    )
    components.setdefault("schemas", {}).update(schemas["$defs"])
    components.setdefault("securitySchemes", {})[_SECURITY] = {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of one site, as `python -m ingest_api token` makes it.",
    }
    document["paths"][EVENTS_PATH] = {"post": _operation()}


def _operation() -> dict[str, Any]:
    errors = (
        MalformedBodyError,
        UnauthorizedError,
        WrongSiteError,
        BodyTooSlowError,
        TooLargeError,
        UnsupportedBodyError,
        InvalidBatchError,
        TooManyRequestsError,
        UnavailableError,
    )
    return {
        "tags": ["events"],
        "operationId": "post_events",
        "summary": "Store one batch of events of one site",
        "description": (
            "Answers when the broker has acknowledged the batch.\n\n"
            "Events over a limit of content are refused one by one; a batch of wrong form is "
            "refused whole. Sending a batch again is harmless."
        ),
        "security": [{_SECURITY: []}],
        "requestBody": {
            "required": True,
            "description": "Plain, or with Content-Encoding gzip.",
            "content": _json_of(WireBatch),
        },
        "responses": {
            "202": {"description": "Stored.", "content": _json_of(AcceptedAnswer)},
            **{str(error.status): error_answer(error) for error in errors},
        },
    }


def error_answer(error: type[IngestError]) -> dict[str, Any]:
    """What the document says of an answer that is not a success."""
    answer: dict[str, Any] = {"description": error.__doc__, "content": _json_of(ErrorAnswer)}
    if issubclass(error, RetryLaterError):
        seconds = {"type": "integer", "minimum": 1}
        answer["headers"] = {
            "Retry-After": {"description": "Seconds to wait.", "schema": seconds, "required": True}
        }
    return answer


def _json_of(model: type[BaseModel]) -> dict[str, Any]:
    reference = _REFERENCE.format(model=model.__name__)
    return {"application/json": {"schema": {"$ref": reference}}}
