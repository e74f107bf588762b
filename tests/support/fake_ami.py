"""A manager interface on a real TCP port that does what the test says.

Speaks as Asterisk 18 does: banner, login with FullyBooted, Ping, and the answers to QueueStatus,
CoreShowChannels and GetConfig. Everything else is sent by the test.
"""

import contextlib
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

BANNER = b"Asterisk Call Manager/7.0.3\r\n"
USER, SECRET = "collector", "made-up secret"
WAIT_S = 60.0

Action = dict[str, str]


def packet(*lines: str) -> bytes:
    """One packet from its lines."""
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


class FakeAmi:
    """One listening port. Connections are served one after the other, the last one is `send` to."""

    def __init__(self) -> None:
        self.actions: queue.Queue[Action] = queue.Queue()
        self.queue_items: list[list[str]] = []
        self.channel_items: list[list[str]] = []
        self.config: list[str] | None = None
        self.refuses_channels = False
        self.answers_pings = True
        self.fully_booted = True
        self._server = socket.create_server(("127.0.0.1", 0))
        self._connection: socket.socket | None = None
        self._connected = threading.Condition()
        self._threads: list[threading.Thread] = []

    @property
    def port(self) -> int:
        return int(self._server.getsockname()[1])

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        # Wakes accept(), which close() alone does not.
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()
        for thread in self._threads:
            thread.join(WAIT_S)

    def send(self, data: bytes) -> None:
        """Sends to the present connection, once there is one."""
        with self._connected:
            assert self._connected.wait_for(lambda: self._connection is not None, WAIT_S)
            assert self._connection is not None
            self._connection.sendall(data)

    def cut(self) -> None:
        """Ends the present connection, if there is one."""
        with self._connected:
            if self._connection is not None:
                with contextlib.suppress(OSError):
                    self._connection.shutdown(socket.SHUT_RDWR)
                self._connection.close()
                self._connection = None

    def wait_for(self, name: str) -> Action:
        """The next action of that name; others before it are let go."""
        while True:
            action = self.actions.get(timeout=WAIT_S)
            if action["Action"] == name:
                return action

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            connection.sendall(BANNER)
            with self._connected:
                self._connection = connection
                self._connected.notify_all()
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        # A connection that the test or the collector ends is no failure.
        with contextlib.suppress(OSError):
            for action in _actions(connection):
                answer = self._answer(action)
                if answer:
                    connection.sendall(answer)
                self.actions.put(action)

    def _answer(self, action: Action) -> bytes:
        name, action_id = action["Action"], action["ActionID"]
        if name == "Login":
            return self._login(action)
        if name == "Ping":
            pong = packet("Response: Success", f"ActionID: {action_id}", "Ping: Pong")
            return pong if self.answers_pings else b""
        if name == "QueueStatus":
            return _list(action_id, "Queue status", "QueueStatus", self.queue_items)
        if name == "CoreShowChannels" and not self.refuses_channels:
            return _list(action_id, "Channels", "CoreShowChannels", self.channel_items)
        if name == "GetConfig" and self.config is not None:
            return packet("Response: Success", f"ActionID: {action_id}", *self.config)
        return packet("Response: Error", f"ActionID: {action_id}", "Message: Permission denied")

    def _login(self, action: Action) -> bytes:
        action_id = f"ActionID: {action['ActionID']}"
        if (action["Username"], action["Secret"]) != (USER, SECRET):
            return packet("Response: Error", action_id, "Message: Authentication failed")
        answer = packet("Response: Success", action_id, "Message: Authentication accepted")
        if self.fully_booted:
            answer += packet("Event: FullyBooted", "Privilege: system,all", "Status: Fully Booted")
        return answer


def _list(action_id: str, said: str, name: str, items: list[list[str]]) -> bytes:
    begin = packet(
        "Response: Success",
        f"ActionID: {action_id}",
        "EventList: start",
        f"Message: {said} will follow",
    )
    listed = [packet(*item, f"ActionID: {action_id}") for item in items]
    end = packet(
        f"Event: {name}Complete",
        f"ActionID: {action_id}",
        "EventList: Complete",
        f"ListItems: {len(items)}",
    )
    return begin + b"".join(listed) + end


def _actions(connection: socket.socket) -> Iterator[Action]:
    received = b""
    while data := connection.recv(65536):
        received += data
        *complete, received = received.split(b"\r\n\r\n")
        for text in complete:
            lines = text.decode().split("\r\n")
            yield dict(line.split(": ", 1) for line in lines)
