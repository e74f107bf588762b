"""One AMI session: login, keep-alive, and when to ask for what. A state table without a socket.

Packets and the time go in, bytes to send come out.

    state      input                      sends                     next state
    GREETING   banner                     Login                     LOGIN
    LOGIN      Success to the login       -                         READY
    LOGIN      Error to the login         raises AmiRefusedError         LOGIN
    READY      snapshot is due            GetConfig, QueueStatus,   READY
                                          CoreShowChannels
    READY      FullyBooted, Reload        -; snapshot becomes due   READY
    READY      Error to GetConfig         never asks for it again   READY
    READY      somebody wants lists       -; snapshot becomes due   READY
    any        nothing heard for a while  Ping                      same
    any        still nothing              raises AmiLostError            same

A snapshot is due at FullyBooted, which follows every login and, on a booting server, says when the
queues are there; one second after the login for a user who may not read it; one second after the
last of a row of Reloads; every five minutes, since a reload of the queues alone tells nobody; and
when the caller wants one, but not more often than every ten seconds.
"""

import enum
from typing import Dict

from agent.ami.framing import Packet
from agent.errors import AmiLostError, AmiRefusedError

SNAPSHOT_EVERY_S = 300.0
SNAPSHOT_DELAY_S = 1.0
SNAPSHOT_WANTED_EVERY_S = 10.0
PING_AFTER_S = 15.0
SILENT_AFTER_S = 30.0
GREETING_WITHIN_S = 10.0

EVENT_CLASSES = "system,call,agent"
DIALPLAN_CLASS = "dialplan"


class State(enum.Enum):
    """Where a session stands."""

    GREETING = "greeting"
    LOGIN = "login"
    READY = "ready"


class Session(object):
    """The client's side of one connection. All times are seconds of one monotonic clock."""

    def __init__(
        self, user: str, secret: str, event_classes: str, action_prefix: str, now_s: float
    ) -> None:
        """The connection was opened at `now_s`. ActionIDs begin with `action_prefix`.

        Only events of `event_classes` are asked for, a list with commas. `may_ask_config` turns
        false when Asterisk refuses GetConfig.
        """
        self.state = State.GREETING
        self._user = user
        self._secret = secret
        self._event_classes = event_classes
        self._prefix = action_prefix
        self._actions = 0
        self._login_id = ""
        self._config_id = ""
        self.may_ask_config = True
        self._opened_s = now_s
        self._heard_s = now_s
        self._has_pinged = False
        self._snapshot_due_s = float("inf")
        self._snapshot_s = -float("inf")

    def receive(self, packet: Packet, now_s: float) -> bytes:
        """Takes one packet; returns what to send. Raises AmiRefusedError at a refused login."""
        kind, name = packet.first
        if self.state is State.GREETING:
            if kind == "Banner":
                self.state = State.LOGIN
                return self._login()
        elif kind == "Response":
            self._answer(name, packet, now_s)
        elif (
            # The name first: to look for a header, a packet has to be taken apart.
            kind == "Event"
            and name in ("FullyBooted", "Reload")
            and self.state is State.READY
            and packet.get("Privilege")
        ):
            self._snapshot_due_s = now_s + (SNAPSHOT_DELAY_S if name == "Reload" else 0.0)
        return b""

    def want_snapshot(self, now_s: float) -> None:
        """The lists are to be asked anew. Before the login it changes nothing: they will be."""
        if self.state is State.READY:
            due_s = max(now_s, self._snapshot_s + SNAPSHOT_WANTED_EVERY_S)
            self._snapshot_due_s = min(self._snapshot_due_s, due_s)

    def heard(self, now_s: float) -> None:
        """Bytes have come: the peer lives, whatever they mean."""
        self._heard_s = now_s
        self._has_pinged = False

    def tick(self, now_s: float) -> bytes:
        """Time has passed; returns what to send. Raises AmiLostError if the peer is silent."""
        if self.state is not State.READY and now_s - self._opened_s >= GREETING_WITHIN_S:
            raise AmiLostError("the port answers, but not as an Asterisk manager")
        silent_s = now_s - self._heard_s
        if silent_s >= SILENT_AFTER_S:
            raise AmiLostError("silent for {:.0f} s".format(silent_s))
        if now_s >= self._snapshot_due_s:
            self._snapshot_s = now_s
            self._snapshot_due_s = now_s + SNAPSHOT_EVERY_S
            return self._snapshot()
        if silent_s >= PING_AFTER_S and not self._has_pinged:
            self._has_pinged = True
            return self._action("Ping", {})
        return b""

    def _answer(self, name: str, packet: Packet, now_s: float) -> None:
        action_id = packet.get("ActionID")
        if action_id == self._login_id and self.state is State.LOGIN:
            if name != "Success":
                raise AmiRefusedError(packet.get("Message") or "login refused")
            self.state = State.READY
            self._snapshot_due_s = now_s + SNAPSHOT_DELAY_S
        elif action_id == self._config_id and name == "Error":
            self.may_ask_config = False

    def _login(self) -> bytes:
        fields = {"Username": self._user, "Secret": self._secret, "Events": self._event_classes}
        action = self._action("Login", fields)
        self._login_id = self._last_id()
        return action

    def _snapshot(self) -> bytes:
        actions = b""
        if self.may_ask_config:
            actions += self._action("GetConfig", {"Filename": "queues.conf"})
            self._config_id = self._last_id()
        actions += self._action("QueueStatus", {})
        return actions + self._action("CoreShowChannels", {})

    def _action(self, name: str, fields: Dict[str, str]) -> bytes:
        self._actions += 1
        lines = ["Action: " + name, "ActionID: " + self._last_id()]
        lines += ["{}: {}".format(*field) for field in fields.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")

    def _last_id(self) -> str:
        return "{}-{}".format(self._prefix, self._actions)
