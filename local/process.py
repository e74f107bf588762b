"""Child processes of a local run: started, watched until they answer, ended in order.

Each child has its own session, so that Ctrl-C in the terminal reaches the supervisor alone and the
children are ended one after the other, by their process id. What a child prints goes to its log
file.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

LOOPBACK = "127.0.0.1"
ROOT = Path(__file__).parents[1]
"""Where the packages are: the working directory of every child."""

_POLL_S = 0.02
_TAIL_LINES = 20


class ChildFailedError(Exception):
    """A child ended, or did not answer in time; the text ends with the tail of its log."""


class Child:
    """One running child process.

    As a context manager it is stopped at the end of the block.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        environment: dict[str, str] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        """Start `command` with `environment` added to ours; its output goes to the file `log`."""
        self.name = name
        self.log = log.absolute()
        self._command = command
        self._environment = environment or {}
        self._stop_signal = stop_signal
        log.parent.mkdir(parents=True, exist_ok=True)
        self._process = self._start()

    @property
    def pid(self) -> int:
        """The process id, since the last start."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative is the signal that ended it."""
        return self._process.poll()

    def start_again(self) -> None:
        """Start a child that has ended anew, as it was started before; its log goes on."""
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as output:
            return subprocess.Popen(  # noqa: S603 - the supervisor's own commands
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env={**os.environ, **self._environment},
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        """The child itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the child."""
        self.stop()

    def check(self) -> None:
        """Raise ChildFailedError if the child has ended."""
        if self.exit_code is not None:
            raise ChildFailedError(
                f"{self.name} ended with exit code {self.exit_code}\n{self.log_tail()}"
            )

    def wait_until(self, answers: Callable[[], bool], within_s: float) -> None:
        """Wait until `answers()` is true.

        Raises ChildFailedError if the child ends before, or if `within_s` seconds pass.
        """
        deadline = time.monotonic() + within_s
        while not answers():
            self.check()
            if time.monotonic() > deadline:
                raise ChildFailedError(
                    f"{self.name} did not answer within {within_s:g} s\n{self.log_tail()}"
                )
            time.sleep(_POLL_S)

    def finish(self, within_s: float) -> None:
        """Wait until the child has done its work.

        Raises ChildFailedError if it ends with another exit code than 0, or not in time.
        """
        try:
            code = self._process.wait(within_s)
        except subprocess.TimeoutExpired as error:
            raise ChildFailedError(
                f"{self.name} took longer than {within_s:g} s\n{self.log_tail()}"
            ) from error
        if code:
            self.check()

    def wait(self) -> None:
        """Wait for the child's end. Raises ChildFailedError when it comes: nobody asked for it."""
        self._process.wait()
        self.check()

    def stop(self, within_s: float = 10.0) -> None:
        """End the child and wait for it; after `within_s` seconds it is killed."""
        if self._process.poll() is None:
            self._process.send_signal(self._stop_signal)
            try:
                self._process.wait(within_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def log_tail(self) -> str:
        """The log's last lines, indented, under the log's path."""
        lines = self.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        return "\n".join([f"--- {self.log}", *(f"    {line}" for line in lines)])


def free_port() -> int:
    """A loopback port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
