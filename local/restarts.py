"""Starts the parts of a running stack again when they die, as systemd or compose would.

A part comes back on its ports and with its files, after a pause that doubles from half a second to
ten; one that ran for half a minute is as good as new. What dies too often in a row, or cannot come
back, ends the stack: ChildFailedError says which, with the last lines of its log.
"""

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from local.process import Child, ChildFailedError

STEADY_S = 30.0
"""A child that ran for so long has come up; deaths before do not count any more."""
MOST_DEATHS = 10
"""More deaths in a row than this, each before `STEADY_S`, and the stack ends."""
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 10.0


class Death(NamedTuple):
    """A child has ended by itself, with this exit code, and is started again after a pause."""

    name: str
    exit_code: int
    pause_s: float

    def __str__(self) -> str:
        """One line for people."""
        how = f"ended with exit code {self.exit_code}"
        if self.exit_code < 0:
            how = f"was ended by {signal.Signals(-self.exit_code).name}"
        return f"{self.name} {how}; it is started again in {self.pause_s:g} s"


@dataclass
class _Life:
    """What is known of one child's lives; `starts_at` is set while it is dead."""

    started_at: float
    deaths_in_a_row: int = 0
    starts_at: float | None = None


@dataclass
class Restarts:
    """Looks after `children`.

    `irreplaceable` names those whose end is the stack's, each with the reason. `on_start` names
    what is done, and awaited, when a child has been started again.
    """

    children: Mapping[str, Child]
    irreplaceable: Mapping[str, str]
    on_start: Mapping[str, Callable[[], None]]
    clock: Callable[[], float] = time.monotonic
    _lives: dict[str, _Life] = field(default_factory=dict)

    def look(self) -> list[Death]:
        """Start again what is due; the deaths that were not told yet. Call it often.

        Raises ChildFailedError as the module says.
        """
        return [death for child in self.children.values() if (death := self._look_at(child))]

    def _look_at(self, child: Child) -> Death | None:
        life = self._lives.setdefault(child.name, _Life(self.clock()))
        if child.exit_code is None:
            return None
        if life.starts_at is None:
            return self._died(child, life, child.exit_code)
        if self.clock() >= life.starts_at:
            self._start(child, life)
        return None

    def _died(self, child: Child, life: _Life, exit_code: int) -> Death:
        if child.name in self.irreplaceable:
            raise ChildFailedError(
                f"{child.name} ended with exit code {exit_code}: "
                f"{self.irreplaceable[child.name]}\n{child.log_tail()}"
            )
        now = self.clock()
        if now - life.started_at >= STEADY_S:
            life.deaths_in_a_row = 0
        life.deaths_in_a_row += 1
        if life.deaths_in_a_row > MOST_DEATHS:
            raise ChildFailedError(
                f"{child.name} died {life.deaths_in_a_row} times in a row, the last time with "
                f"exit code {exit_code}\n{child.log_tail()}"
            )
        pause_s = min(_FIRST_PAUSE_S * 2 ** (life.deaths_in_a_row - 1), _LONGEST_PAUSE_S)
        life.starts_at = now + pause_s
        return Death(child.name, exit_code, pause_s)

    def _start(self, child: Child, life: _Life) -> None:
        life.starts_at = None
        life.started_at = self.clock()
        child.start_again()
        on_start = self.on_start.get(child.name)
        if on_start is not None:
            try:
                on_start()
            except ChildFailedError:
                # If it died in the meantime, that is one more death; the next look counts it.
                if child.exit_code is None:
                    raise
