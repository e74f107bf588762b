"""uvicorn's HTTP protocol with an end for clients that do not read, which it does not have.

An answer that nobody takes would keep its place, its cursor and its memory for ever.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

READ_WITHIN_S = 300.0


class ReadWithinProtocol(HttpToolsProtocol):
    """Hangs up when nothing of what waits to be sent was taken for `read_within_s`."""

    read_within_s = READ_WITHIN_S
    _look: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """More waits than is held for a client: until it has taken that, nothing is added."""
        super().pause_writing()
        self._look_later(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """It was taken."""
        self._look_no_more()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there to take it."""
        self._look_no_more()
        super().connection_lost(exc)

    def _look_later(self, waiting: int) -> None:
        self._look = self.loop.call_later(self.read_within_s, self._require_less, waiting)

    def _require_less(self, waiting: int) -> None:
        still_waiting = self.transport.get_write_buffer_size()
        if still_waiting < waiting:
            self._look_later(still_waiting)
        else:
            # Not `close`, which would wait for what waits here.
            self.transport.abort()

    def _look_no_more(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None
