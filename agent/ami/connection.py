"""The socket under an AMI session. Knows no AMI."""

import select
import socket
import time

from agent.errors import AmiLostError

READ_BYTES = 65536
CONNECT_TIMEOUT_S = 10.0
SEND_TIMEOUT_S = 10.0


class Connection(object):
    """One open TCP connection. Not to be shared between threads."""

    def __init__(self, host: str, port: int) -> None:
        """Connects, within ten seconds. Raises AmiLostError with the reason."""
        try:
            self._socket = socket.create_connection((host, port), timeout=CONNECT_TIMEOUT_S)
        except OSError as error:
            raise AmiLostError("cannot connect to {}:{}: {}".format(host, port, error)) from error
        self._socket.settimeout(SEND_TIMEOUT_S)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def read(self, timeout_s: float, gather_s: float = 0.0) -> bytes:
        """What has come, at most 64 KiB; empty if nothing came in time.

        When something has come, what follows it within `gather_s` is waited for. Raises
        AmiLostError when the peer has closed the connection or it broke.
        """
        try:
            if not select.select([self._socket], [], [], timeout_s)[0]:
                return b""
            time.sleep(gather_s)
            data = self._socket.recv(READ_BYTES)
        except (OSError, ValueError) as error:
            raise AmiLostError(str(error)) from error
        if not data:
            raise AmiLostError("closed by the PBX")
        return data

    def send(self, data: bytes) -> None:
        """Sends all of it. Raises AmiLostError if that fails or takes over ten seconds."""
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise AmiLostError(str(error)) from error

    def close(self) -> None:
        """Closes the connection; harmless when it is closed already."""
        self._socket.close()
