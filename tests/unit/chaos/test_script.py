"""The script of a run: everything that was asked for, the same for the same seed."""

from collections import Counter
from pathlib import Path

import pytest

from tests.chaos.faults import Fate, script
from tests.chaos.plan import Plan

EMBEDDED = {"collector", "ingest", "worker", "second worker", "clickhouse"}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_all_kills_are_in_the_script_and_every_kind_of_part_is_killed(seed: int) -> None:
    steps = script(Plan(Path("unused"), seed), kills_broker=False)
    kills = Counter(step.kind for step in steps if step.fate is Fate.KILL)
    assert kills.total() == 50
    assert set(kills) == EMBEDDED


def test_a_broker_that_keeps_its_log_is_killed_too() -> None:
    steps = script(Plan(Path("unused"), 1, kills=8), kills_broker=True)
    kills = Counter(step.kind for step in steps if step.fate is Fate.KILL)
    assert set(kills) == EMBEDDED | {"broker"}
    assert kills.total() == 8


def test_the_other_faults_are_in_it_too() -> None:
    steps = script(Plan(Path("unused"), 1), kills_broker=False)
    fates = Counter(step.fate for step in steps)
    assert fates[Fate.FREEZE] == 3
    assert fates[Fate.LEAVE] == 5
    assert fates[Fate.HOLD_BACK] == fates[Fate.LET_THROUGH] == 1


def test_the_same_seed_gives_the_same_script_and_another_one_another() -> None:
    first = script(Plan(Path("unused"), 1), kills_broker=False)
    assert script(Plan(Path("unused"), 1), kills_broker=False) == first
    assert script(Plan(Path("unused"), 2), kills_broker=False) != first


def test_steps_come_in_the_order_of_their_moments_within_the_shift() -> None:
    plan = Plan(Path("unused"), 1)
    moments = [step.at_s for step in script(plan, kills_broker=False)]
    assert moments == sorted(moments)
    assert moments[0] > 0
    assert moments[-1] <= plan.shift_s
