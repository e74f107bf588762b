"""Ctrl-C, SIGTERM and a closed terminal end a command in the same way: its `with` blocks unwind."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequestedError(BaseException):
    """Somebody asked the command to stop.

    Like KeyboardInterrupt it is no Exception, so that no handler of errors takes it for one.
    """


@contextmanager
def until_stopped() -> Iterator[None]:
    """Run the block; a stop signal ends it early and quietly, a second one is ignored."""
    before = {number: signal.signal(number, _raise_once) for number in STOP_SIGNALS}
    try:
        yield
    except StopRequestedError:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise_once(_number: int, _frame: FrameType | None) -> None:
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise StopRequestedError
