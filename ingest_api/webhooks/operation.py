"""What OpenAPI says about webhooks, which FastAPI does not serve (`route.py`)."""

from typing import Any

from connectors.doors import DOORS
from ingest_api.errors import (
    BodyTooSlowError,
    InvalidEventError,
    MalformedBodyError,
    TooLargeError,
    TooManyRequestsError,
    UnauthorizedError,
    UnavailableError,
    UnsupportedBodyError,
)
from ingest_api.events_operation import error_answer
from ingest_api.webhooks.route import WEBHOOKS_PATH

_ERRORS = (
    MalformedBodyError,
    UnauthorizedError,
    BodyTooSlowError,
    TooLargeError,
    UnsupportedBodyError,
    InvalidEventError,
    TooManyRequestsError,
    UnavailableError,
)


def add_webhook_operation(document: dict[str, Any]) -> None:
    """Put the operation into an OpenAPI document that has the operation of events already."""
    document["paths"][WEBHOOKS_PATH + "{connector}/{secret}"] = {"post": _operation()}


def _operation() -> dict[str, Any]:
    return {
        "tags": ["webhooks"],
        "operationId": "post_webhook",
        "summary": "Store one event of a chat account",
        "description": (
            "Answers when the broker has acknowledged the event. Texts and personal data are "
            "dropped before. Sending an event again is harmless."
        ),
        "parameters": [
            _parameter("connector", {"type": "string", "enum": sorted(DOORS)}),
            _parameter("secret", {"type": "string"}),
        ],
        "requestBody": {
            "required": True,
            "description": "What the platform posts, 256 KiB at most.",
            "content": {"application/json": {"schema": {"type": "object"}}},
        },
        "responses": {
            "202": {
                "description": "Stored.",
                "content": {
                    "application/json": {
                        "schema": {"type": "object", "properties": {"accepted": {"const": 1}}}
                    }
                },
            },
            **{str(error.status): error_answer(error) for error in _ERRORS},
        },
    }


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}
