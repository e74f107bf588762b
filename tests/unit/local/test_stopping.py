"""A stop signal ends the block quietly, once."""

import os
import signal

import pytest

from local.stopping import STOP_SIGNALS, until_stopped


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_a_stop_signal_ends_the_block_and_a_second_one_does_not_disturb_its_end(
    number: signal.Signals,
) -> None:
    steps = []
    with until_stopped():
        try:
            os.kill(os.getpid(), number)
            signal.pause()
            steps.append("went on")
        finally:
            os.kill(os.getpid(), number)
            steps.append("cleaned up")
    assert steps == ["cleaned up"]


def test_a_stop_that_is_lost_in_a_finalizer_is_asked_for_again() -> None:
    class Finalized:
        def __del__(self) -> None:
            # The handler runs in here, from where nothing raised goes further.
            signal.raise_signal(signal.SIGTERM)

    steps = []
    with until_stopped():
        Finalized()
        steps.append("it was lost")
        signal.pause()
        steps.append("went on")
    assert steps == ["it was lost"]


def test_the_handlers_of_before_are_back_afterwards() -> None:
    before = [signal.getsignal(number) for number in STOP_SIGNALS]
    with until_stopped():
        pass
    assert [signal.getsignal(number) for number in STOP_SIGNALS] == before


def test_an_error_in_the_block_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError), until_stopped():
        raise ZeroDivisionError
