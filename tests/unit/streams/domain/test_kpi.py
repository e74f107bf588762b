"""KPI formulas with values written out; docs/kpi.md explains each."""

import inspect
import re
from pathlib import Path

import pytest

from streams.domain import kpi
from streams.storage.schema_files import read_schema

DOCUMENT = Path(__file__).parents[4] / "docs" / "kpi.md"

# Answered after 5, 10, 15, 20, 25, 60 s; abandoned after 3, 12, 45 s; timed out after 120 s.
ANSWERED_WAITS = {5: 1, 10: 1, 15: 1, 20: 1, 25: 1, 60: 1}
ABANDONED_WAITS = {3: 1, 12: 1, 45: 1}
FLOWED_OUT_WAITS = {120: 1}
ANSWER_LIMIT_S = 20
SHORT_ABANDON_LIMIT_S = 5

WITHIN = kpi.waits_within(ANSWERED_WAITS, ANSWER_LIMIT_S)
SHORT = kpi.waits_below(ABANDONED_WAITS, SHORT_ABANDON_LIMIT_S)
ABANDONED_WITHIN = kpi.waits_within(ABANDONED_WAITS, ANSWER_LIMIT_S)
FLOWED_OUT_WITHIN = kpi.waits_within(FLOWED_OUT_WAITS, ANSWER_LIMIT_S)


def percent(share: float | None) -> float:
    assert share is not None
    return round(100 * share, 2)


def test_a_wait_of_exactly_the_answer_limit_is_within_it() -> None:
    assert WITHIN == 4
    assert kpi.waits_within(ANSWERED_WAITS, 19) == 3


def test_a_wait_of_exactly_the_short_abandon_limit_is_not_short() -> None:
    assert kpi.waits_below({5: 7}, 5) == 0
    assert kpi.waits_below({4: 7}, 5) == 7


def test_one_data_set_gives_every_service_level() -> None:
    assert percent(kpi.service_level_over_answered(WITHIN, 6)) == 66.67
    assert percent(kpi.service_level_answered_and_abandoned(WITHIN, 6, 3)) == 44.44
    assert percent(kpi.service_level_excluding_short(WITHIN, 6, 3, SHORT)) == 50.00
    assert percent(kpi.service_level_with_flow_outs(WITHIN, 6, 3, 1)) == 40.00
    assert percent(kpi.service_level_over_offered(WITHIN, 10)) == 40.00
    assert (
        percent(kpi.service_level_left_within(WITHIN, ABANDONED_WITHIN, FLOWED_OUT_WITHIN, 10))
        == 60.00
    )
    assert percent(kpi.service_level_late_abandons(WITHIN, 6, 3, ABANDONED_WITHIN)) == 57.14


BY_VARIANT = {
    "over_answered": 66.67,
    "answered_and_abandoned": 44.44,
    "excluding_short": 50.00,
    "with_flow_outs": 40.00,
    "over_offered": 40.00,
    "left_within": 60.00,
    "late_abandons": 57.14,
}


@pytest.mark.parametrize("variant", BY_VARIANT)
def test_the_variant_a_queue_is_measured_by_may_be_a_value(variant: str) -> None:
    level = kpi.service_level(
        variant, WITHIN, 6, 3, SHORT, ABANDONED_WITHIN, 1, FLOWED_OUT_WITHIN, 10
    )
    assert percent(level) == BY_VARIANT[variant]


def test_an_unknown_variant_gives_no_value() -> None:
    assert kpi.service_level("of_the_moon", 4, 6, 3, 1, 2, 1, 0, 10) is None


def test_queues_of_different_variants_add_up_by_their_parts() -> None:
    # The example by `over_answered`, 4 of 6, beside a queue by `left_within`, 2 of 2.
    met = kpi.service_level_met("over_answered", 4, 2, 0) + kpi.service_level_met(
        "left_within", 1, 1, 0
    )
    counted = kpi.service_level_counted("over_answered", 6, 3, 1, 2, 1, 10)
    counted += kpi.service_level_counted("left_within", 1, 1, 0, 1, 0, 2)
    assert kpi.service_level_of(met, counted) == 0.75


def test_asterisks_second_service_level_is_ours_with_its_own_abandons() -> None:
    # ServicelevelPerf2: Asterisk counts the time-out as abandoned and early abandons as good.
    asterisks_abandoned = 3 + 1
    assert (
        percent(kpi.service_level_left_within(WITHIN, ABANDONED_WITHIN, 0, 6 + asterisks_abandoned))
        == 60.00
    )
    assert percent(kpi.abandonment_rate(asterisks_abandoned, 10)) == 40.00


def test_the_same_data_set_gives_abandonment_and_waits() -> None:
    assert percent(kpi.abandonment_rate(3, 10)) == 30.00
    assert percent(kpi.abandonment_rate_without_short(3, SHORT, 10)) == 22.22
    assert kpi.mean_wait_answered(135_000, 6) == 22.5
    assert kpi.mean_wait_all(135_000, 60_000, 120_000, 6, 3, 1) == 31.5
    assert kpi.mean_abandon_time(60_000, 3) == 20.0


def test_a_mean_over_agents_is_the_mean_over_their_sessions() -> None:
    # One session of 600 s and nine of 60 s; the mean of the two means would say 330.
    of_each = [(600_000, 1), (9 * 60_000, 9)]
    assert kpi.mean_wait_answered(sum(ms for ms, _ in of_each), sum(n for _, n in of_each)) == 114.0


def test_handle_times_and_shares_of_agents_time() -> None:
    assert kpi.mean_handle_time(300_000, 30_000, 60_000, 3) == 130.0
    assert kpi.mean_handle_time_without_wrap_up(300_000, 30_000, 3) == 110.0
    assert kpi.mean_first_response(150_000, 3) == 50.0
    assert kpi.mean_resolution(1_500_000, 2) == 750.0
    assert percent(kpi.bot_containment(1, 6)) == 16.67
    assert kpi.occupancy(5_400_000, 1_800_000) == 0.75
    assert kpi.utilisation(5_400_000, 10_800_000) == 0.5


@pytest.mark.parametrize("entry", kpi.CATALOGUE, ids=lambda entry: entry.name)
def test_nothing_counted_gives_no_value(entry: kpi.Kpi) -> None:
    nothing = [0] * len(inspect.signature(entry.formula).parameters)
    assert entry.formula(*nothing) is None


@pytest.mark.parametrize(
    ("formula", "arguments"),
    [
        (kpi.service_level_over_offered, (2, 1)),
        (kpi.service_level_over_offered, (-1, 1)),
        (kpi.service_level_excluding_short, (0, 1, 1, 2)),
        (kpi.mean_wait_answered, (-1, 1)),
        (kpi.mean_wait_answered, (1, -1)),
    ],
)
def test_counts_that_cannot_be_are_refused(formula: object, arguments: tuple[int, ...]) -> None:
    assert callable(formula)
    with pytest.raises(ValueError, match="is no"):
        formula(*arguments)


def test_every_kpi_has_an_sql_function_with_the_same_arguments() -> None:
    in_sql = {}
    for file in read_schema().functions:
        if "_kpi_" not in file.name:
            continue
        for statement in file.statements:
            found = re.match(r"CREATE OR REPLACE FUNCTION kpi_(\w+) AS \(([^)]*)\)", statement)
            assert found, statement
            in_sql[found[1]] = tuple(name.strip() for name in found[2].split(","))
    formulas = [entry.formula for entry in kpi.CATALOGUE] + [
        kpi.waits_within,
        kpi.waits_below,
        kpi.service_level_met,
        kpi.service_level_counted,
        kpi.service_level_of,
        kpi.service_level,
        kpi.covered_ms,
    ]
    assert in_sql == {
        formula.__name__: tuple(inspect.signature(formula).parameters) for formula in formulas
    }


@pytest.mark.parametrize("entry", kpi.CATALOGUE, ids=lambda entry: entry.name)
def test_every_kpi_is_documented(entry: kpi.Kpi) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    section = text.partition(f"\n### `kpi_{entry.name}`\n")[2].partition("\n#")[0]
    assert entry.definition in section
