"""A child that dies is started again, later each time, and not for ever."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from local.process import Child, ChildFailedError
from local.restarts import MOST_DEATHS, STEADY_S, Death, Restarts

pytestmark = pytest.mark.integration

WITHIN_S = 60
LIVES = "import time; print('up', flush=True); time.sleep(60)"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Part:
    """One child that is looked after."""

    def __init__(self, log: Path, code: str, on_start: Callable[[], None] = lambda: None) -> None:
        self.clock = Clock()
        self.child = Child("part", [sys.executable, "-c", code], log)
        self.restarts = Restarts(
            {"part": self.child}, {}, on_start={"part": on_start}, clock=self.clock
        )
        assert self.restarts.look() == []

    def await_ups(self, number: int) -> None:
        self.child.wait_until(lambda: self.child.log.read_text().count("up") == number, WITHIN_S)

    def kill(self) -> list[Death]:
        os.kill(self.child.pid, signal.SIGKILL)
        return self.await_death()

    def await_death(self) -> list[Death]:
        with pytest.raises(ChildFailedError):
            self.child.wait()
        return self.restarts.look()

    def come_back(self, after_s: float) -> None:
        """It is started after exactly so long."""
        self.clock.now += after_s - 0.01
        assert self.restarts.look() == []
        assert self.child.exit_code is not None
        self.clock.now += 0.02
        assert self.restarts.look() == []


def test_a_killed_child_is_told_once_and_comes_back_with_its_log(tmp_path: Path) -> None:
    part = Part(tmp_path / "part.log", LIVES)
    with part.child:
        part.await_ups(1)
        first = part.child.pid
        (death,) = part.kill()
        assert str(death) == "part was ended by SIGKILL; it is started again in 0.5 s"
        assert part.restarts.look() == []

        part.come_back(after_s=0.5)

        part.await_ups(2)
        assert part.child.pid != first


def test_pauses_double_up_to_ten_seconds_until_it_ran_for_half_a_minute(tmp_path: Path) -> None:
    part = Part(tmp_path / "part.log", LIVES)
    with part.child:
        for pause_s in (0.5, 1, 2, 4, 8, 10, 10):
            (death,) = part.kill()
            assert death.pause_s == pause_s
            part.come_back(after_s=pause_s)
        part.clock.now += STEADY_S

        (death,) = part.kill()

        assert death.pause_s == 0.5


def test_a_child_that_dies_again_and_again_ends_it_with_its_last_words(tmp_path: Path) -> None:
    part = Part(tmp_path / "part.log", "import sys; print('no disk'); sys.exit(3)")
    for _ in range(MOST_DEATHS):
        (death,) = part.await_death()
        assert death.exit_code == 3
        part.come_back(after_s=death.pause_s)

    with pytest.raises(ChildFailedError, match=r"(?s)died 11 times in a row.*code 3.*no disk"):
        part.await_death()


def test_the_end_of_an_irreplaceable_child_is_the_end(tmp_path: Path) -> None:
    child = Child("pbx", [sys.executable, "-c", LIVES], tmp_path / "pbx.log")
    restarts = Restarts({"pbx": child}, {"pbx": "the truth is gone"}, {})
    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(ChildFailedError):
        child.wait()

    with pytest.raises(ChildFailedError, match="exit code -9: the truth is gone"):
        restarts.look()


def test_what_a_start_needs_is_done_and_a_death_meanwhile_is_one_more(tmp_path: Path) -> None:
    starts = []

    def needs() -> None:
        starts.append(part.child.pid)
        if len(starts) == 1:
            os.kill(part.child.pid, signal.SIGKILL)
            part.child.wait()  # raises: it has ended

    part = Part(tmp_path / "part.log", LIVES, needs)
    with part.child:
        part.kill()
        part.come_back(after_s=0.5)
        (death,) = part.restarts.look()
        assert death.pause_s == 1
        part.come_back(after_s=1)

        assert starts == [starts[0], part.child.pid]
