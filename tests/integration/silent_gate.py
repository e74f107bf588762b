"""A port before a service that accepts and never answers, until it is opened."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from local.process import LOOPBACK, free_port


class SilentGate:
    """Connections wait here; once it is open they go on to the service, what they sent included."""

    def __init__(self, address: str) -> None:
        """`address` is the service's, with or without a user in it."""
        parts = urlsplit(address)
        self._service = (parts.hostname or LOOPBACK, parts.port or 0)
        self._open = threading.Event()
        port = free_port()
        self.url = address.replace(f":{parts.port}", f":{port}")
        self._listener = socket.create_server((LOOPBACK, port))
        self.waited = threading.Event()
        """Set once somebody has come."""

    def open(self) -> None:
        self._open.set()

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.waited.set()
                threading.Thread(target=self._hold, args=(client,), daemon=True).start()

    def close(self) -> None:
        self._open.set()
        self._listener.close()

    def _hold(self, client: socket.socket) -> None:
        self._open.wait()
        with suppress(OSError), client, socket.create_connection(self._service) as service:
            back = threading.Thread(target=_pass_on, args=(service, client), daemon=True)
            back.start()
            _pass_on(client, service)
            back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def silent_gate(address: str) -> Iterator[SilentGate]:
    """A gate before the service at this address, closed."""
    gate = SilentGate(address)
    thread = threading.Thread(target=gate.serve, daemon=True)
    thread.start()
    try:
        yield gate
    finally:
        gate.close()
