"""The simulated call centre: the same seed, the same day, and one truth with what it says."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.pbx.call_centre import COLLECTOR_CLASSES, generate
from local.pbx.dialect import DIALECTS
from local.pbx.plan import CallCentrePlan, Habits, at_speed, default_plan
from local.pbx.session import ALL_CLASSES
from tests.support.simulated_pbx import (
    START_MS,
    call_differences,
    facts_and_truth,
    outbound_differences,
    state_differences,
)

MORNING_S = 480

# Everything that is rare happens often.
RESTLESS = replace(
    default_plan(),
    habits=Habits(
        holds=0.4,
        transfers_blind=0.2,
        transfers_attended=0.2,
        misses=0.2,
        rejects=0.1,
        pause_every_s=200,
        logout_every_s=500,
        loses_phone_every_s=400,
        dials_out_every_s=150,
    ),
)


def test_the_same_seed_gives_the_same_day() -> None:
    first, second = (list(generate(11, START_MS, 300)) for _ in range(2))

    assert first == second
    assert first != list(generate(12, START_MS, 300))


def test_another_site_of_the_same_seed_is_another_call_centre() -> None:
    assert list(generate(11, START_MS, 300)) != list(generate(11, START_MS, 300, site="pbx-02"))


def test_time_never_steps_back() -> None:
    moments = [at for at, _ in generate(11, START_MS, MORNING_S)]

    assert moments == sorted(moments)


@pytest.mark.parametrize("version", DIALECTS)
def test_the_fold_finds_what_the_generator_knows_in_every_dialect(version: str) -> None:
    day = generate(5, START_MS, MORNING_S, dialect=DIALECTS[version])
    facts, truth = facts_and_truth(day)

    assert len(truth.calls) > 25
    assert call_differences(facts, truth) == []
    assert state_differences(facts, truth) == []
    assert outbound_differences(facts, truth) == set()


@pytest.mark.parametrize(
    "classes", [COLLECTOR_CLASSES, ALL_CLASSES], ids=["without dialplan", "with dialplan"]
)
def test_a_restless_day_is_found_as_well(classes: frozenset[str]) -> None:
    facts, truth = facts_and_truth(generate(4, START_MS, MORNING_S, plan=RESTLESS, classes=classes))

    assert {call.transfer for call in truth.calls} == {"none", "blind", "attended"}
    assert any(call.hold_ms for call in truth.calls)
    assert any(call.missed_offers for call in truth.calls)
    assert call_differences(facts, truth) == []
    assert state_differences(facts, truth) == []


@settings(max_examples=4, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    version=st.sampled_from(list(DIALECTS)),
    has_timestamps=st.booleans(),
    plan=st.sampled_from([default_plan(), RESTLESS]),
)
def test_any_generated_day_folds_to_its_own_truth(
    seed: int, version: str, has_timestamps: bool, plan: CallCentrePlan
) -> None:
    dialect = DIALECTS[version]._replace(has_timestamps=has_timestamps, system_name="pbx1")
    facts, truth = facts_and_truth(generate(seed, START_MS, 300, plan=plan, dialect=dialect))

    assert call_differences(facts, truth) == []
    assert state_differences(facts, truth) == []


def test_every_call_of_a_day_comes_to_an_end() -> None:
    day = generate(9, START_MS, MORNING_S)
    list(day)

    assert all(call.outcome != "open" and call.ended_at is not None for call in day.truth.calls)
    for totals in day.truth.totals().values():
        endings = ("answered", "abandoned", "timed_out", "left_empty", "exited_by_key", "open")
        assert totals["offered"] == sum(totals[name] for name in endings)


def test_a_client_hears_only_the_classes_it_may_read() -> None:
    day = generate(11, START_MS, 300, classes=frozenset(("agent",)))
    broadcasts = [data for _, data in day if b"\r\nPrivilege: " in data[:80]]

    assert broadcasts
    assert all(
        b"\r\nPrivilege: agent,all\r\n" in data or b"FullyBooted" in data for data in broadcasts
    )


def test_at_ten_times_the_speed_all_happens_in_a_tenth_of_the_time() -> None:
    plan = default_plan()
    fast = at_speed(plan, 10)

    assert fast.habits.patience_s == plan.habits.patience_s / 10
    assert fast.habits.calls_per_hour == plan.habits.calls_per_hour * 10
    assert fast.habits.misses == plan.habits.misses
    assert fast.queues[0].max_wait_s == plan.queues[0].max_wait_s / 10
    assert fast.queues[0].wrap_up_s == 1  # 6 s; Asterisk keeps whole seconds
    assert fast.queues[1].wrap_up_s == 0
    assert at_speed(plan, 1) is plan


def test_a_fast_day_folds_to_its_own_truth() -> None:
    facts, truth = facts_and_truth(generate(6, START_MS, 60, plan=at_speed(default_plan(), 8)))

    assert len(truth.calls) > 20
    assert call_differences(facts, truth) == []
