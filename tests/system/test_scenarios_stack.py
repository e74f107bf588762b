"""Recorded call stories through the whole stack: sockets, collector, ingest, broker, worker, store.

The recordings happen again now, at their own pace (the long shift four times as fast); what the
views show in the end, moved back to the recorded times, is compared with Asterisk's own log.
"""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.support.captures import scenario
from tests.support.consistency import inconsistencies
from tests.support.recorded_stack import (
    Played,
    Player,
    RecordedStack,
    as_recorded,
    running_recorded_stack,
)
from tests.support.truth import course_differences, expected_outcome

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

WITHIN_S = 200.0

RECORDINGS = [
    Played(scenario("22.10.1/shift_20261"), speed=4),
    *(
        Played(scenario(name))
        for name in (
            "13.38.3/a_answered_caller_hangup",
            "13.38.3/l_blind_transfer",
            "13.38.3/m_two_queues",
            "16.30.1/c_abandon_v2",
            "16.30.1/h_ring_no_answer_v2",
            "16.30.1/j_pause_login_v2",
            "16.30.1/y_sip_hold_v2",
            "18.26.4/d_short_abandon",
            "18.26.4/e_timeout_v2",
            "18.26.4/g_empty",
            "18.26.4/o_reconnect_v2",
            "22.10.1/f_exit_key",
            "22.10.1/l_attended_transfer_v3",
            "22.10.1/p_restart",
            "22.10.1/s_resync",
        )
    ),
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordedStack]:
    with running_recorded_stack(RECORDINGS, tmp_path_factory.mktemp("stack")) as running:
        yield running


def _player(stack: RecordedStack, played: Played) -> Player:
    (player,) = (one for one in stack.players if one.played == played)
    stack.wait_for(player, len(played.story.expected["calls"]), WITHIN_S)
    return player


# The shift is looked at last: it takes longest.
@pytest.mark.parametrize("played", [*RECORDINGS[1:], RECORDINGS[0]], ids=lambda played: played.site)
def test_rows_are_what_asterisk_logged(stack: RecordedStack, played: Played) -> None:
    player = _player(stack, played)
    facts = stack.facts(played.site)
    recorded = as_recorded(player, facts)
    assert course_differences(played.story, recorded, speed=played.speed) == []
    assert inconsistencies(facts) == []


def test_totals_of_the_shift_are_right(stack: RecordedStack) -> None:
    shift = RECORDINGS[0]
    _player(stack, shift)
    truth = shift.story.expected
    expected = Counter((call["queue"], expected_outcome(truth, call)) for call in truth["calls"])
    counted: Counter[tuple[str, str]] = Counter()
    for window in stack.facts(shift.site).windows:
        for outcome in ("answered", "abandoned", "timed_out", "exited_by_key", "open", "unknown"):
            counted[window.queue, outcome] += getattr(window, outcome)
    assert +counted == expected


def test_windows_agree_with_the_queue_calls_in_the_store(stack: RecordedStack) -> None:
    for played in RECORDINGS:
        _player(stack, played)
    assert stack.client.query("SELECT * FROM callcentre.v_window_differences").result_rows == []
