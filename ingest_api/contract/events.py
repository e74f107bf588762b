"""The wire form v1 (docs/events.md): pydantic models, and what they accept.

This is the source of `event_batch_v1.schema.json`. The form of a batch (types, times, sequences) is
right, or the whole batch is refused with the name of the field; what an event holds is judged event
by event. Ingest decodes ordinary batches by a quicker way (`ingest_api/batches.py`), which must
agree with `validate_batch` and leaves every doubt to it.
"""

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
)

from ingest_api.contract import limits
from ingest_api.contract.limits import Refusal
from ingest_api.contract.published import FieldValue, PublishedBatch, PublishedEvent
from ingest_api.contract.sequences import (
    GAP_KIND,
    GAP_NAME,
    BatchFormError,
    check_sequences,
)
from ingest_api.contract.timestamps import LATEST_MS, epoch_ms

# How deep a path goes that is told to the sender: events[0].fields.Queue.
_PATH_LEVELS = 4
_PATH_CHARACTERS = 200


class _ContentError(ValueError):
    """An event's content is over a limit; read by `validate_batch`, which refuses that event."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


def _content(refusal_of: Callable[[Any], Refusal | None]) -> AfterValidator:
    def check(value: object) -> object:
        reason = refusal_of(value)
        if reason is not None:
            raise _ContentError(reason)
        return value

    return AfterValidator(check)


def _moment(value: object) -> int:
    if not isinstance(value, str):
        raise ValueError("must be a text")  # noqa: TRY004 - pydantic takes ValueError only
    return epoch_ms(value)


Moment = Annotated[
    int,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
    Field(description="RFC 3339 with milliseconds, UTC.", examples=["2026-03-10T13:00:00.003Z"]),
]

_FIELDS_SCHEMA = {
    "type": "object",
    "maxProperties": limits.MAX_FIELDS,
    "propertyNames": {"maxLength": limits.MAX_NAME_CHARACTERS},
    "additionalProperties": {
        "anyOf": [
            {"type": "string", "maxLength": limits.MAX_FIELD_BYTES},
            {
                "type": "array",
                "maxItems": limits.MAX_VALUES,
                "items": {"type": "string", "maxLength": limits.MAX_FIELD_BYTES},
            },
        ]
    },
}


class WireEvent(BaseModel):
    """One event of a spool. Over a limit of content, it alone is refused."""

    model_config = ConfigDict(strict=True)

    sequence: int = Field(
        ge=1,
        le=limits.MAX_SEQUENCE,
        description=(
            "Grows by one per event of a spool. A gap event has the sequence of the last event it "
            "names."
        ),
    )
    at: Moment
    kind: Annotated[
        str,
        _content(limits.refusal_of_kind),
        WithJsonSchema({"type": "string", "enum": list(limits.KINDS)}),
    ]
    name: Annotated[
        str,
        _content(limits.refusal_of_name),
        WithJsonSchema({"type": "string", "minLength": 1, "maxLength": limits.MAX_NAME_CHARACTERS}),
    ]
    fields: Annotated[
        dict[str, FieldValue],
        _content(limits.refusal_of_fields),
        WithJsonSchema(_FIELDS_SCHEMA),
        Field(description="Header to value; a repeated header is the list of its values in order."),
    ] = {}


class WireCollector(BaseModel):
    """The program that posts."""

    model_config = ConfigDict(strict=True)

    version: str = Field(default="", max_length=32)


class WireBatch(BaseModel):
    """One POST: events of one spool of one site, in order. Unknown keys are ignored."""

    model_config = ConfigDict(strict=True, title="Event batch v1")

    site: str = Field(pattern=limits.SITE_PATTERN, examples=["pbx-01"])
    spool: str = Field(
        pattern=limits.SPOOL_PATTERN,
        description="Made when the spool was created; another one begins its sequences anew.",
        examples=["6f1c9d7e-6f0e-4c7c-9f4e-0a9d5c1b2e3f"],
    )
    collector: WireCollector = WireCollector()
    sent_at: Moment
    events: list[WireEvent] = Field(max_length=limits.MAX_EVENTS)


class ReceivedBatch(NamedTuple):
    """A batch whose form is right.

    `refused` are the indices of `events` that have only a sequence and the reason of their refusal.
    """

    site: str
    spool: str
    collector_version: str
    sent_at: int
    events: list[PublishedEvent]
    refused: list[int]

    def published(self, tenant: str, received_at: int) -> PublishedBatch:
        """What is written to Kafka."""
        return PublishedBatch(
            tenant,
            self.site,
            self.spool,
            received_at,
            min(self.sent_at, LATEST_MS),
            self.events,
            self.collector_version,
        )


def validate_batch(decoded: object) -> ReceivedBatch:
    """The batch in a decoded JSON text, with the events over a limit of content refused.

    Raises BatchFormError if the form is wrong. A gap event may not be refused: then its batch is.
    """
    reasons: dict[int, Refusal] = {}
    try:
        batch = WireBatch.model_validate(decoded)
    except ValidationError as error:
        reasons = _refusals(error)
        batch, refused = _without(decoded, reasons)
    else:
        refused = {}
    accepted = iter(batch.events)
    events = [
        refused.get(index) or _published(next(accepted))
        for index in range(len(batch.events) + len(refused))
    ]
    check_sequences(events)
    return ReceivedBatch(
        batch.site, batch.spool, batch.collector.version, batch.sent_at, events, sorted(refused)
    )


def _refusals(error: ValidationError) -> dict[int, Refusal]:
    """Index → reason, if nothing but the content of events is wrong; else BatchFormError."""
    reasons: dict[int, Refusal] = {}
    for found in error.errors(include_url=False, include_input=False):
        location = found["loc"]
        cause = found.get("ctx", {}).get("error")
        if isinstance(cause, _ContentError):
            reason = cause.reason
        elif found["type"] == "missing" and location[0] == "events" and location[-1] == "kind":
            reason = Refusal.UNKNOWN_KIND
        elif found["type"] == "missing" and location[0] == "events" and location[-1] == "name":
            reason = Refusal.NAME_MISSING
        else:
            raise BatchFormError(_path(location), found["msg"])
        reasons.setdefault(int(location[1]), reason)
    return reasons


def _without(
    decoded: Any, reasons: dict[int, Refusal]
) -> tuple[WireBatch, dict[int, PublishedEvent]]:
    """The batch without its refused events, and those by their index."""
    events = decoded["events"]
    refused = {}
    for index, reason in reasons.items():
        event = events[index]
        refused[index] = PublishedEvent(event["sequence"], refused=reason.value)
        if (event.get("kind"), event.get("name")) == (GAP_KIND, GAP_NAME):
            raise BatchFormError(f"events[{index}]", f"a gap event may not be refused ({reason})")
    kept = [event for index, event in enumerate(events) if index not in reasons]
    return WireBatch.model_validate({**decoded, "events": kept}), refused


def _published(event: WireEvent) -> PublishedEvent:
    return PublishedEvent(event.sequence, event.at, event.kind, event.name, event.fields)


def _path(location: tuple[int | str, ...]) -> str:
    """`("events", 3, "at")` as `events[3].at`; the whole body is `body`."""
    path = ""
    for part in location[:_PATH_LEVELS]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path[:_PATH_CHARACTERS].lstrip(".") or "body"
