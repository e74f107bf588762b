from collections.abc import Mapping

from streams.processors.source_watch import Findings, Pulse, Sight, SourceWatch

NOTHING_WRONG = Findings([], [])


def looks(*seen: Mapping[int, Sight]) -> list[Findings]:
    watch = SourceWatch()
    return [watch.look(sights) for sights in seen]


def test_a_partition_that_is_read_to_its_end_is_well() -> None:
    assert looks(*[{0: Sight(5, fetched=5, end=5)}] * 9) == [NOTHING_WRONG] * 9


def test_one_that_was_not_fetched_from_yet_is_well() -> None:
    assert looks(*[{0: Sight(5, fetched=None, end=None)}] * 9) == [NOTHING_WRONG] * 9


def test_one_that_lags_but_moves_is_well() -> None:
    assert looks(*[{0: Sight(at, fetched=50, end=99)} for at in range(9)]) == [NOTHING_WRONG] * 9


def test_one_that_waits_for_its_turn_is_well() -> None:
    """A backlog of the other one is fetched first; a rewind would throw it away."""
    waiting = Sight(5, fetched=5, end=99)

    assert (
        looks(*[{0: waiting, 1: Sight(at, fetched=500, end=999)} for at in range(9)])
        == [NOTHING_WRONG] * 9
    )


def test_what_was_handed_to_faust_and_never_came_is_found_beside_a_busy_partition() -> None:
    lost = Sight(5, fetched=8, end=8)
    seen = [{0: lost, 1: Sight(at, fetched=500, end=999)} for at in range(4)]

    assert looks(*seen) == [NOTHING_WRONG] * 3 + [Findings([], [0])]


def test_a_worker_to_which_nothing_comes_at_all_is_found() -> None:
    still = {0: Sight(5, fetched=5, end=8), 1: Sight(7, fetched=7, end=7)}

    assert looks(*[still] * 4) == [NOTHING_WRONG] * 3 + [Findings([], [0])]


def test_a_log_shorter_than_what_was_read_is_found_at_the_third_look() -> None:
    shorter = {0: Sight(877, fetched=877, end=3)}

    assert looks(*[shorter] * 3) == [NOTHING_WRONG] * 2 + [Findings([0], [])]


def test_a_passing_fault_is_forgotten() -> None:
    fault, well = {0: Sight(5, fetched=5, end=8)}, {0: Sight(8, fetched=8, end=8)}

    assert looks(fault, fault, fault, well, fault, fault, fault) == [NOTHING_WRONG] * 7


def test_a_process_that_beats_has_not_stood_still() -> None:
    pulse = Pulse(session_s=6.0)
    assert not pulse.stood_still(100.0)
    pulse.beat(105.0)

    assert not pulse.stood_still(111.0)
    assert pulse.stood_still(111.5)
