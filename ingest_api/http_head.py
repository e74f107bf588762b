"""uvicorn's HTTP protocol with a bound on a request's head, which it does not have of its own.

Anybody can send a head: it comes before the token.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024
"""Beyond the first read of a request, which the event loop bounds (256 KiB)."""


class BoundedHeadProtocol(HttpToolsProtocol):
    """Answers 400 and hangs up when a head does not end."""

    _is_in_head = False
    _head_bytes = 0

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._is_in_head = True
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        """The head ended."""
        self._is_in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Bytes of a head that had begun before are counted."""
        if self._is_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.send_400_response("The head of the request is too long.")
                return
        super().data_received(data)
