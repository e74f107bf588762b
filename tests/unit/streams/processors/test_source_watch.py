from collections.abc import Mapping

from streams.processors.source_watch import Findings, Pulse, SourceWatch

NOTHING_WRONG = Findings([], [])


def looks(*seen: tuple[Mapping[int, int], Mapping[int, int | None]]) -> list[Findings]:
    watch = SourceWatch()
    return [watch.look(positions, ends) for positions, ends in seen]


def test_a_partition_that_is_read_to_its_end_is_well() -> None:
    assert looks(*[({0: 5}, {0: 5})] * 9) == [NOTHING_WRONG] * 9


def test_one_that_was_not_fetched_from_yet_is_well() -> None:
    assert looks(*[({0: 5}, {0: None})] * 9) == [NOTHING_WRONG] * 9


def test_one_that_lags_but_moves_is_well() -> None:
    assert looks(*[({0: at}, {0: 99}) for at in range(9)]) == [NOTHING_WRONG] * 9


def test_nothing_arriving_though_there_is_more_is_found_at_the_fourth_look() -> None:
    still = ({0: 5, 1: 7}, {0: 8, 1: 7})

    assert looks(*[still] * 4) == [NOTHING_WRONG] * 3 + [Findings([], [0])]


def test_a_log_shorter_than_what_was_read_is_found_at_the_third_look() -> None:
    shorter = ({0: 877}, {0: 3})

    assert looks(*[shorter] * 3) == [NOTHING_WRONG] * 2 + [Findings([0], [])]


def test_a_passing_fault_is_forgotten() -> None:
    fault, well = ({0: 5}, {0: 8}), ({0: 8}, {0: 8})

    assert looks(fault, fault, fault, well, fault, fault, fault) == [NOTHING_WRONG] * 7


def test_a_process_that_beats_has_not_stood_still() -> None:
    pulse = Pulse(session_s=6.0)
    assert not pulse.stood_still(100.0)
    pulse.beat(105.0)

    assert not pulse.stood_still(111.0)
    assert pulse.stood_still(111.5)
