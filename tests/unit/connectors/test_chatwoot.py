"""What Chatwoot's webhooks come to: the second platform, by the same fold."""

from typing import Any

from connectors.chatwoot.door import DOOR
from tests.support.chat import Told, calls_of, ms


def conversation(event: str, clock: str, **fields: Any) -> dict[str, Any]:
    meta = {"sender": {"name": "Cliente", "phone_number": "+5511900000001"}, "team": None}
    meta |= {"assignee": None, **fields.pop("meta", {})}
    return {
        "event": event,
        "id": 7,
        "inbox_id": 3,
        "status": "open",
        "created_at": ms("13:00:00") // 1000,
        "updated_at": ms(clock) / 1000,
        "messages": [{"content": "made-up words"}],
        "meta": meta,
        **fields,
    }


def message(clock: str, number: int, kind: str, **fields: Any) -> dict[str, Any]:
    return {
        "event": "message_created",
        "id": number,
        "content": "made-up words",
        "created_at": f"2026-03-10T{clock}Z",
        "message_type": kind,
        "private": False,
        "conversation": {"id": 7},
        **fields,
    }


ANA = {"meta": {"assignee": {"id": 5, "name": "Ana"}}}
TEAM = {"team": {"id": 9, "name": "Vendas"}}


def test_a_conversation_is_answered_by_its_assignee_and_over_when_resolved() -> None:
    events = [
        conversation("conversation_status_changed", "13:10:00", status="resolved", **ANA),
        message("13:01:30", 2, "outgoing", sender={"id": 5, "type": "user"}),
        conversation("conversation_updated", "13:00:40", **ANA),
        message("13:00:01", 1, "incoming", sender={"type": "contact"}),
        message("13:00:02", 3, "template", sender={"type": "agent_bot"}),
        message("13:02:00", 4, "outgoing", private=True, sender={"id": 5, "type": "user"}),
        conversation("conversation_created", "13:00:00"),
    ]
    (call,) = calls_of(events + events, "chatwoot")
    assert (call.queue, call.outcome, call.agent_name) == ("inbox-3", "answered", "Ana")
    assert (call.wait_ms, call.talk_ms) == (40_000, 560_000)
    assert call.first_response_at == ms("13:01:30")
    assert (call.messages_in, call.messages_out) == (1, 2)


def test_another_team_is_another_queue() -> None:
    events = [
        conversation("conversation_created", "13:00:00"),
        conversation("conversation_updated", "13:02:00", meta=TEAM),
    ]
    told = Told("chatwoot").tell(*events)
    assert [(call.queue, call.outcome) for call in told.calls] == [
        ("inbox-3", "transferred_away"),
        ("team-9", "open"),
    ]


def test_a_conversation_that_a_bot_resolves_never_waited_for_people() -> None:
    events = [
        conversation("conversation_created", "13:00:00", status="pending"),
        conversation("conversation_status_changed", "13:03:00", status="resolved"),
    ]
    (call,) = calls_of(events, "chatwoot")
    assert call.outcome == "bot_only"


def test_a_resolved_conversation_that_opens_again_is_a_new_arrival() -> None:
    events = [
        conversation("conversation_created", "13:00:00"),
        conversation("conversation_status_changed", "13:05:00", status="resolved", **ANA),
        conversation("conversation_status_changed", "14:00:00"),
    ]
    first, second = calls_of(events, "chatwoot")
    assert (first.outcome, second.status) == ("answered", "waiting")
    assert second.entered_at == ms("14:00:00")


def test_words_and_names_stay_outside() -> None:
    passed = DOOR.passes(conversation("conversation_created", "13:00:00"))
    assert passed.number == "+5511900000001"
    assert not {"made-up words", "Cliente"} & set(map(str, passed.fields.values()))
    assert "content" not in DOOR.passes(message("13:00:00", 1, "incoming")).fields


def test_what_is_not_known_is_counted() -> None:
    told = Told("chatwoot").tell(
        {"event": "conversation_frozen", "id": 1},
        {"event": "contact_updated", "id": 1},
        conversation("conversation_created", "13:00:00", status="frozen"),
        conversation("conversation_created", "13:00:00", id=None),
    )
    assert told.unknown == ["event", "session_status", "id"]
