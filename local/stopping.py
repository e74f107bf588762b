"""Ctrl-C, SIGTERM and a closed terminal end a command in the same way: its `with` blocks unwind."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_AGAIN_AFTER_S = 0.02


class StopRequestedError(BaseException):
    """Somebody asked the command to stop.

    Like KeyboardInterrupt it is no Exception, so that no handler of errors takes it for one.
    """


@contextmanager
def until_stopped() -> Iterator[None]:
    """Run the block; a stop signal ends it early and quietly, a second one is ignored."""
    before = {number: signal.signal(number, _raise_once) for number in STOP_SIGNALS}
    hook, again = sys.unraisablehook, _Again(sys.unraisablehook)
    sys.unraisablehook = again
    try:
        yield
    except StopRequestedError:
        pass
    finally:
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        again.cancel()
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


class _Again:
    """Asks once more for a stop that was lost.

    A signal may come while the interpreter is in a finalizer or in a weak reference's callback,
    as it often is when modules are imported: what is raised there goes no further.
    """

    def __init__(self, others: "Callable[[sys.UnraisableHookArgs], object]") -> None:
        self._others = others
        self._timer: threading.Timer | None = None

    def __call__(self, lost: "sys.UnraisableHookArgs") -> None:
        """The hook for what was raised and could not go on; in the main thread if it is a stop."""
        if not isinstance(lost.exc_value, StopRequestedError):
            self._others(lost)
            return
        for number in STOP_SIGNALS:
            # Else somebody has handlers of his own by now, as a server that runs.
            if signal.getsignal(number) is signal.SIG_IGN:
                signal.signal(number, _raise_once)
        main = threading.main_thread().ident
        assert main is not None
        # Not at once: this runs where it would be lost again.
        self._timer = threading.Timer(_AGAIN_AFTER_S, signal.pthread_kill, (main, signal.SIGTERM))
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        """Ask no more: the block has ended."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()


def _raise_once(_number: int, _frame: FrameType | None) -> None:
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise StopRequestedError
