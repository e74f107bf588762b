"""One program of the stack under test: started, killed, frozen, and started again when it ended.

The restart is what systemd or compose would do: at once or a moment later, for ever, with the same
command line. A part that ends without having been killed is counted apart and its last words kept.
"""

import os
import random
import signal
import threading
import time
from collections.abc import Callable

from local.process import Child, ChildFailedError

UP_WITHIN_S = 90.0
_LONGEST_PAUSE_S = 1.5
_POLL_S = 0.1
_TAIL_LINES = 6


class Part:
    """One program. Its methods may be called from any thread."""

    def __init__(self, name: str, kind: str, launch: Callable[[], Child]) -> None:
        """`kind` is what the report counts kills by; `launch` starts the program anew."""
        self.name = name
        self.kind = kind
        self.starts = 0
        self.own_ends: list[str] = []
        self._launch = launch
        self._lock = threading.RLock()
        self._child: Child | None = None
        self._is_wanted = False
        self._is_frozen = False
        self._start_at = 0.0
        self.started_at = 0.0
        """Wall clock of the last start."""

    @property
    def is_wanted(self) -> bool:
        """Whether it is started again when it ends."""
        return self._is_wanted

    @property
    def is_running(self) -> bool:
        """Whether it runs now, or stands still."""
        with self._lock:
            return self._child is not None and _is_alive(self._child)

    def start(self) -> None:
        """Run from now on."""
        with self._lock:
            self._is_wanted = True
            self._begin()

    def wait_until(self, answers: Callable[[], bool], within_s: float = UP_WITHIN_S) -> None:
        """Raises ChildFailedError if its first life ends, or if it does not answer in time."""
        deadline = time.monotonic() + within_s
        while not answers():
            with self._lock:
                if self.starts == 1 and self._child is not None:
                    self._child.check()
            if time.monotonic() > deadline:
                raise ChildFailedError(f"{self.name} did not answer within {within_s:g} s")
            time.sleep(_POLL_S)

    def kill(self, chance: random.Random) -> bool:
        """kill -9; started again a moment later. False if it was not running."""
        with self._lock:
            if self._child is None or not _is_alive(self._child):
                return False
            os.kill(self._child.pid, signal.SIGKILL)
            self._child.stop()
            self._child = None
            self._is_frozen = False
            self._start_at = time.monotonic() + chance.uniform(0, _LONGEST_PAUSE_S)
            return True

    def freeze(self) -> bool:
        """SIGSTOP. False if it was not running."""
        with self._lock:
            if self._child is None or not _is_alive(self._child):
                return False
            os.kill(self._child.pid, signal.SIGSTOP)
            self._is_frozen = True
            return True

    def thaw(self) -> None:
        """SIGCONT, if it is frozen."""
        with self._lock:
            if self._is_frozen and self._child is not None:
                os.kill(self._child.pid, signal.SIGCONT)
            self._is_frozen = False

    def leave(self) -> None:
        """End it in order; it stays away."""
        with self._lock:
            self._is_wanted = False
            self.thaw()
            child, self._child = self._child, None
        if child is not None:
            child.stop()

    def tend(self) -> None:
        """Start it again if it ought to run and does not."""
        with self._lock:
            if not self._is_wanted:
                return
            if self._child is not None and not _is_alive(self._child):
                self.own_ends.append(_last_words(self._child))
                self._child = None
                self._start_at = time.monotonic() + _LONGEST_PAUSE_S
            if self._child is None and time.monotonic() >= self._start_at:
                self._begin()

    def _begin(self) -> None:
        self._child = self._launch()
        self.starts += 1
        self.started_at = time.time()


class Attendant:
    """Starts what ended, from a thread of its own, while the block runs."""

    def __init__(self, parts: Callable[[], list[Part]]) -> None:
        """`parts` are looked at ten times a second."""
        self._parts = parts
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="attendant")

    def __enter__(self) -> None:
        """Begin."""
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        """Start nothing any more."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_POLL_S):
            for part in self._parts():
                part.tend()


def _is_alive(child: Child) -> bool:
    try:
        child.check()
    except ChildFailedError:
        return False
    return True


def _last_words(child: Child) -> str:
    return "\n".join(child.log_tail().splitlines()[-_TAIL_LINES:])
