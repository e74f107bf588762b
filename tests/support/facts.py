"""Facts with made-up values, for tests that care about a few fields only."""

from typing import Any

from streams.domain.facts import AgentState, QueueCall, QueueWindow
from streams.domain.interval import window_start

START = 1_773_147_600_000
"""2026-03-10 13:00:00 UTC, 10:00 in São Paulo."""


def queue_call(**fields: Any) -> QueueCall:
    """An answered queue call that waited 5 s, except where `fields` say otherwise."""
    values: dict[str, Any] = {
        "tenant_id": "acme",
        "site": "pbx-01",
        "channel": "voice",
        "queue": "support",
        "call_id": "1773147600.1/1",
        "uniqueid": "1773147600.1",
        "contact_id": "1773147600.1",
        "entered_at": START,
        "status": "ended",
        "outcome": "answered",
        "answered_at": START + 5_000,
        "ended_at": START + 65_000,
        "wait_ms": 5_000,
        "talk_ms": 50_000,
        "hold_ms": 10_000,
        "wrap_up_ms": 3_000,
        "agent_key": "PJSIP/1001",
        "agent_name": "Ana",
        "ended_by": "caller",
        "transfer": "none",
        "missed_offers": 0,
        "position_at_entry": 1,
        "caller": "…0001",
        "caller_hash": "00000000000000aa",
        "is_estimated": False,
        "version": 1,
    }
    return QueueCall(**{**values, **fields})


def agent_state(**fields: Any) -> AgentState:
    """An agent who is available and stays so, except where `fields` say otherwise."""
    values: dict[str, Any] = {
        "tenant_id": "acme",
        "site": "pbx-01",
        "channel": "voice",
        "agent_key": "PJSIP/1001",
        "agent_name": "Ana",
        "state": "available",
        "pause_reason": "",
        "queue": "",
        "call_id": "",
        "started_at": START,
        "ended_at": None,
        "state_since": START,
        "offer_result": "",
        "is_estimated": False,
        "version": 1,
    }
    return AgentState(**{**values, **fields})


def window_of_one(call: QueueCall) -> QueueWindow:
    """The window that holds this answered queue call and no other."""
    assert call.outcome == "answered"
    assert call.wait_ms is not None
    return QueueWindow(
        tenant_id=call.tenant_id,
        site=call.site,
        channel=call.channel,
        queue=call.queue,
        window_start=window_start(call.entered_at),
        offered=1,
        answered=1,
        abandoned=0,
        timed_out=0,
        left_empty=0,
        exited_by_key=0,
        withdrawn=0,
        transferred_away=0,
        bot_only=0,
        unknown=0,
        open=0,
        handled=1,
        answered_wait_ms=call.wait_ms,
        answered_wait_max_ms=call.wait_ms,
        answered_waits={call.wait_ms // 1000: 1},
        abandoned_wait_ms=0,
        abandoned_wait_max_ms=0,
        abandoned_waits={},
        flowed_out_wait_ms=0,
        flowed_out_wait_max_ms=0,
        flowed_out_waits={},
        talk_ms=call.talk_ms,
        hold_ms=call.hold_ms,
        wrap_up_ms=call.wrap_up_ms,
        version=call.version,
    )
