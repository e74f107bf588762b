"""The simulated call centre: the same seed, the same day. What it folds to is in the scenarios."""

from local.pbx.call_centre import generate
from local.pbx.plan import at_speed, default_plan
from tests.support.simulated_pbx import (
    START_MS,
)

MORNING_S = 480


def test_the_same_seed_gives_the_same_day() -> None:
    first, second = (list(generate(11, START_MS, 300)) for _ in range(2))

    assert first == second
    assert first != list(generate(12, START_MS, 300))


def test_another_site_of_the_same_seed_is_another_call_centre() -> None:
    assert list(generate(11, START_MS, 300)) != list(generate(11, START_MS, 300, site="pbx-02"))


def test_time_never_steps_back() -> None:
    moments = [at for at, _ in generate(11, START_MS, MORNING_S)]

    assert moments == sorted(moments)


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
