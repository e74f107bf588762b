"""What of Chatwoot's webhooks passes into Kafka: no content of messages, no names of customers."""

from collections.abc import Mapping
from typing import Any

from connectors.door import Door, Passed, event_name, selected

EVENTS = frozenset(
    (
        "conversation_created",
        "conversation_updated",
        "conversation_status_changed",
        "message_created",
        "message_updated",
        "contact_created",
        "contact_updated",
        "inbox_created",
        "inbox_updated",
        "webwidget_triggered",
        "conversation_typing_on",
        "conversation_typing_off",
    )
)

_CONVERSATION_PATHS = (
    "id",
    "inbox_id",
    "status",
    "created_at",
    "updated_at",
    "timestamp",
    "last_activity_at",
    "first_reply_created_at",
    "meta.team.id",
    "meta.team.name",
    "meta.assignee.id",
    "meta.assignee.name",
)

_MESSAGE_PATHS = (
    "id",
    "conversation.id",
    "created_at",
    "updated_at",
    "message_type",
    "private",
    "status",
    "sender.type",
    "sender.id",
)

_NUMBER = "meta.sender.phone_number"


def _passes(body: Mapping[str, Any]) -> Passed:
    name = event_name(body.get("event"), "event")
    if name.startswith("message_"):
        return Passed(name, selected(body, _MESSAGE_PATHS))
    if name.startswith("conversation_"):
        number = selected(body, (_NUMBER,)).get(_NUMBER)
        fields = selected(body, _CONVERSATION_PATHS)
        return Passed(name, fields, number if isinstance(number, str) else "")
    return Passed(name, selected(body, ("id",)))


DOOR = Door(EVENTS, _passes)
