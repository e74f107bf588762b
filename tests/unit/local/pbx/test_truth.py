"""What the simulation writes down."""

from local.pbx.truth import Truth


def test_totals_are_sums_over_the_calls() -> None:
    truth = Truth("pbx-01")
    quick = truth.entered("vendas", "1.0", "+5511900000001", 1, 1_000)
    truth.answered(quick, "PJSIP/101", "Ana Souza", 21_999)
    truth.talk_ended(quick, "caller", 51_999)
    slow = truth.entered("vendas", "1.1", "+5511900000002", 1, 1_000)
    truth.answered(slow, "PJSIP/101", "Ana Souza", 22_000)
    left = truth.entered("vendas", "1.2", "+5511900000003", 1, 1_000)
    truth.left(left, "abandoned", 5_000)
    truth.entered("vendas", "1.3", "+5511900000004", 1, 1_000)

    totals = truth.totals()["vendas"]
    assert totals["offered"] == 4
    assert (totals["answered"], totals["abandoned"], totals["open"]) == (2, 1, 1)
    assert totals["answered_within_20s"] == 1  # 20.999 s is within, 21.000 s is not
    assert totals["answered_wait_ms"] == 41_999
    assert totals["abandoned_wait_ms"] == 4_000
    assert totals["talk_ms"] == 30_000


def test_hold_is_no_talk() -> None:
    truth = Truth("pbx-01")
    call = truth.entered("vendas", "1.0", "+5511900000001", 1, 0)
    truth.answered(call, "PJSIP/101", "Ana Souza", 1_000)
    call.hold_ms = 4_000
    truth.talk_ended(call, "agent", 11_000)

    assert call.talk_ms == 6_000


def test_an_agent_s_states_follow_each_other_without_gap() -> None:
    truth = Truth("pbx-01")
    truth.agent_is("PJSIP/101", "Ana Souza", "logged_out", "", 0)
    truth.agent_is("PJSIP/101", "Ana Souza", "available", "", 1_000)
    truth.agent_is("PJSIP/101", "Ana Souza", "available", "", 2_000)
    truth.agent_is("PJSIP/101", "Ana Souza", "paused", "Café", 3_000)
    truth.agent_is("PJSIP/101", "Ana Souza", "paused", "Almoço", 4_000)

    told = [(s.state, s.pause_reason, s.started_at, s.ended_at) for s in truth.states]
    assert told == [
        ("available", "", 1_000, 3_000),
        ("paused", "Café", 3_000, 4_000),
        ("paused", "Almoço", 4_000, None),
    ]


def test_whoever_wants_to_know_is_told_of_each_ended_call() -> None:
    told: list[str] = []
    truth = Truth("pbx-01")
    truth.on_ended = lambda call: told.append(call.outcome)
    truth.left(truth.entered("vendas", "1.0", "+5511900000001", 1, 0), "timed_out", 9_000)

    assert told == ["timed_out"]


def test_of_very_many_calls_the_oldest_live_on_in_the_totals_alone() -> None:
    truth = Truth("pbx-01", max_kept=10)
    for number in range(13):
        truth.left(truth.entered("vendas", f"1.{number}", "", 1, 0), "abandoned", 1_000)
        truth.agent_is("PJSIP/101", "Ana Souza", "paused", f"reason {number}", number)

    assert truth.calls[0].uniqueid == "1.3"
    assert truth.totals()["vendas"]["offered"] == 13
    assert truth.as_dict()["forgotten_calls"] == 3
    assert truth.as_dict()["forgotten_agent_states"] == 3
