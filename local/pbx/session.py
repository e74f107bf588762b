"""The manager's side of one AMI connection, as Asterisk keeps it. Knows no socket.

Bytes of the client go in, bytes to send come out. Login in plain or by MD5 challenge, classes of
events and actions per user, and the answers' own words are those of `manager.c`.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import NamedTuple, Protocol

MAX_REQUEST_BYTES = 64 * 1024

ALL_CLASSES = frozenset(
    ("system", "call", "agent", "user", "config", "reporting", "cdr", "dialplan", "dtmf")
)
# Which classes may give an action, any of them; an action that is not here needs none.
_WRITE_CLASSES = {
    "coreshowchannels": frozenset(("system", "reporting")),
    "getconfig": frozenset(("system", "config")),
}


class User(NamedTuple):
    """A section of `manager.conf`."""

    name: str
    secret: str
    read: frozenset[str]
    write: frozenset[str]


class Pbx(Protocol):
    """What a session asks for, as bytes of the whole answer with the ActionID in it.

    An answer may be empty: then it will be sent later, in the stream.
    """

    def banner(self) -> bytes:
        """The line that opens a connection."""

    def fully_booted(self) -> bytes:
        """The event after every login."""

    def answer(self, action: str, action_id: str) -> bytes:
        """The answer to `QueueStatus`, `QueueSummary`, `CoreShowChannels` or `GetConfig`."""

    def timestamp(self) -> str:
        """Now, as `seconds.microseconds`."""


_ASKED_OF_THE_PBX = {
    "queuestatus": "QueueStatus",
    "queuesummary": "QueueSummary",
    "coreshowchannels": "CoreShowChannels",
    "getconfig": "GetConfig",
}


class Session:
    """One connection. `user` is None until the login."""

    def __init__(self, users: dict[str, User], pbx: Pbx, on_login: Callable[[], None]) -> None:
        """`on_login` is called at a successful login, before the first list can be asked for."""
        self.user: User | None = None
        self.is_closing = False
        self._users = users
        self._pbx = pbx
        self._on_login = on_login
        self._mask = ALL_CLASSES
        self._challenge = ""
        self._rest = b""
        self._actions: dict[str, Callable[[dict[str, str]], bytes]] = {
            "login": self._login,
            "challenge": self._challenged,
            "logoff": self._logoff,
            "ping": self._ping,
            "events": self._events,
        }

    def greet(self) -> bytes:
        """The banner."""
        return self._pbx.banner()

    def hears(self, privilege: str) -> bool:
        """Whether an event of this class goes to this client."""
        return self.user is not None and privilege in self._mask and privilege in self.user.read

    def receive(self, data: bytes) -> bytes:
        """Takes what the client sent; returns the answers. Look at `is_closing` afterwards."""
        self._rest += data
        *requests, self._rest = self._rest.replace(b"\r\n", b"\n").split(b"\n\n")
        if len(self._rest) > MAX_REQUEST_BYTES:
            self.is_closing = True
            return b""
        answers = [self._request(request) for request in requests if not self.is_closing]
        return b"".join(answers)

    def _request(self, request: bytes) -> bytes:
        headers: dict[str, str] = {}
        for line in request.decode(errors="replace").split("\n"):
            name, colon, value = line.partition(":")
            if colon:
                headers.setdefault(name.strip().lower(), value.strip())
        name = headers.get("action", "")
        if not name:
            return _error(headers, "Missing action in request")
        action = name.lower()
        if self.user is None and action not in ("login", "challenge", "logoff"):
            return _error(headers, "Permission denied")
        needed = _WRITE_CLASSES.get(action)
        if needed and self.user is not None and not needed & self.user.write:
            return _error(headers, "Permission denied")
        if action in _ASKED_OF_THE_PBX:
            return self._pbx.answer(_ASKED_OF_THE_PBX[action], headers.get("actionid", ""))
        if action not in self._actions:
            return _error(
                headers,
                f"Invalid/unknown command: {name}."
                " Use Action: ListCommands to show available commands.",
            )
        return self._actions[action](headers)

    def _login(self, headers: dict[str, str]) -> bytes:
        user = self._users.get(headers.get("username", ""))
        if user is None or not self._is_proven(user, headers):
            self.is_closing = True
            return _error(headers, "Authentication failed")
        self.user = user
        self._mask = _mask(headers.get("events", "on"))
        self._on_login()
        accepted = _answer(headers, "Success", "Message: Authentication accepted\r\n")
        return accepted + (self._pbx.fully_booted() if self.hears("system") else b"")

    def _is_proven(self, user: User, headers: dict[str, str]) -> bool:
        if headers.get("authtype", "").upper() == "MD5":
            text = (self._challenge + user.secret).encode()
            expected = hashlib.md5(text, usedforsecurity=False).hexdigest()
            given = headers.get("key", "").lower()
            return bool(self._challenge) and hmac.compare_digest(given.encode(), expected.encode())
        given = headers.get("secret", "")
        return hmac.compare_digest(given.encode(), user.secret.encode())

    def _challenged(self, headers: dict[str, str]) -> bytes:
        if headers.get("authtype", "").upper() != "MD5":
            return _error(headers, "Must specify AuthType")
        self._challenge = str(secrets.randbelow(10**9))
        return _answer(headers, "Success", f"Challenge: {self._challenge}\r\n")

    def _logoff(self, headers: dict[str, str]) -> bytes:
        self.is_closing = True
        return _answer(headers, "Goodbye", "Message: Thanks for all the fish.\r\n")

    def _ping(self, headers: dict[str, str]) -> bytes:
        text = f"Ping: Pong\r\nTimestamp: {self._pbx.timestamp()}\r\n"
        return _answer(headers, "Success", text)

    def _events(self, headers: dict[str, str]) -> bytes:
        self._mask = _mask(headers.get("eventmask", "on"))
        word = "On" if self._mask else "Off"
        return _answer(headers, "Success", f"Events: {word}\r\n")


def _mask(text: str) -> frozenset[str]:
    if text.lower() in ("on", "yes", "true", "all", "1"):
        return ALL_CLASSES
    return frozenset(name.strip().lower() for name in text.split(",")) & ALL_CLASSES


def _answer(headers: dict[str, str], response: str, text: str) -> bytes:
    action_id = headers.get("actionid", "")
    action_id = f"ActionID: {action_id}\r\n" if action_id else ""
    return f"Response: {response}\r\n{action_id}{text}\r\n".encode()


def _error(headers: dict[str, str], message: str) -> bytes:
    return _answer(headers, "Error", f"Message: {message}\r\n")
