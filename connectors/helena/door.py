"""What of Helena's webhooks passes into Kafka.

`changeMetadata` does not: it is told in several forms that nobody promises, and repeats values that
may be personal; what changed is seen by comparing sessions.
"""

from collections.abc import Mapping
from typing import Any

from connectors.door import Door, NotAnEventError, Passed, event_name, selected

EVENTS = frozenset(
    (
        "SESSION_NEW",
        "SESSION_UPDATE",
        "SESSION_COMPLETE",
        "MESSAGE_RECEIVED",
        "MESSAGE_UPDATED",
        "MESSAGE_SENT",
        "CONTACT_NEW",
        "CONTACT_UPDATE",
        "CONTACT_TAG_UPDATE",
        "PAYMENT_NEW",
        "PAYMENT_UPDATE",
        "PANEL_CARD_NEW",
        "PANEL_CARD_UPDATE",
        "PANEL_CARD_STEP_CHANGE",
        "PANEL_CARD_NOTE_NEW",
        "PANEL_CARD_NOTE_UPDATE",
    )
)

_ID_AND_TIMES = ("id", "createdAt", "updatedAt")

SESSION_PATHS = (
    *_ID_AND_TIMES,
    "startAt",
    "endAt",
    "status",
    "type",
    "channelType",
    "windowStatus",
    "departmentId",
    "departmentDetails.id",
    "departmentDetails.name",
    "userId",
    "agentDetails.id",
    "agentDetails.userId",
    "agentDetails.name",
    "botId",
    "previousSessionId",
    "firstUserInteractionAt",
    "firstAgentMessageAt",
)

_MESSAGE_PATHS = (
    *_ID_AND_TIMES,
    "sessionId",
    "timestamp",
    "type",
    "direction",
    "origin",
    "status",
    "userId",
    "templateId",
    "readContactAt",
)

_NUMBER_PATHS = ("contactDetails.phonenumber", "contactDetails.phoneNumber")

DATE = "date"
"""Under this path the moment of the envelope is kept, beside the paths of its content."""


def _passes(body: Mapping[str, Any]) -> Passed:
    name = event_name(body.get("eventType"), "eventType")
    content = body.get("content")
    if not isinstance(content, Mapping):
        raise NotAnEventError("content must be an object")
    if name.startswith("MESSAGE_"):
        paths: tuple[str, ...] = _MESSAGE_PATHS
    elif name.startswith("SESSION_"):
        paths = SESSION_PATHS
    else:
        paths = _ID_AND_TIMES
    fields = selected(content, paths) | selected(body, (DATE,))
    return Passed(name, fields, number_of(content) if paths is SESSION_PATHS else "")


def number_of(session: Mapping[str, Any]) -> str:
    """The customer's number as the session tells it, such as `+55|11900000001`; "" if not."""
    told = selected(session, _NUMBER_PATHS).values()
    return next((value for value in told if isinstance(value, str) and value), "")


DOOR = Door(EVENTS, _passes)
