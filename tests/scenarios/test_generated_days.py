"""Days of the simulated call centre, folded: what is found is the truth the generator knows."""

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


def test_a_fast_day_folds_to_its_own_truth() -> None:
    facts, truth = facts_and_truth(generate(6, START_MS, 60, plan=at_speed(default_plan(), 8)))

    assert len(truth.calls) > 20
    assert call_differences(facts, truth) == []
