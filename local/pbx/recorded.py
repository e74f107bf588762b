"""A recorded capture played to a live client, at its recorded pace or faster.

The capture happens again, now: its times of receipt, `Timestamp` and the epoch times of agents
(`LastPause`, `LoginTime`, `LastCall`) are moved to the wall clock; at speed 2 the moments lie half
as far apart (what Asterisk says in seconds, such as HoldTime, stays). All else is sent unchanged.

Greeting and login are the live client's own. A recorded list answer is sent at its place in the
stream, with the live client's ActionID, if that client has asked for such a list; else it is left
out. For the first list of each kind the playback waits a moment for the client to ask. A list that
is asked for later waits for the next recorded one if that is near, repeats the last one if no event
came since, and is refused otherwise: a stale list would be a lie.

Where the recorded connection ended and another was recorded, the client is cut off; when it
reconnects it is greeted when the next recorded connection began.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from agent import capture
from local.pbx.server import Say, sleep_until, wall_clock_ms

_ASKS_WITHIN_S = 3.0
_NEAR_MS = 5_000
_GREETING_WITHIN_MS = 8_000

_KINDS = {
    b"Queue status will follow": "QueueStatus",
    b"Queue summary will follow": "QueueSummary",
    b"Channels will follow": "CoreShowChannels",
}
_ENDS = {
    "QueueStatus": b"Event: QueueStatusComplete\r\n",
    "QueueSummary": b"Event: QueueSummaryComplete\r\n",
    "CoreShowChannels": b"Event: CoreShowChannelsComplete\r\n",
}
_TIME = re.compile(
    rb"(?<=\r\n)(Timestamp|LastPause|LoginTime|LastCall): ([0-9]{9,10})((?:\.[0-9]{1,6})?)(?=\r\n)"
)
_PRIVILEGE = re.compile(rb"\AEvent: [^\r\n]*\r\nPrivilege: ([a-z]+)")


class Part(NamedTuple):
    """Bytes sent together: an event, or a whole list answer with the ActionID it was given."""

    at: int
    data: bytes
    kind: str = ""
    action_id: bytes = b""


class Recording:
    """A capture directory's connections, each as its parts in order."""

    def __init__(self, directory: Path) -> None:
        """Raises CaptureError if there is no readable capture."""
        connections = [list(recording) for recording in capture.find(str(directory))]
        self.starts = [chunks[0].received_ms for chunks in connections]
        self.connections = [_parts(chunks) for chunks in connections]
        first = connections[0][0].data
        self.banner = first if first.startswith(b"Asterisk") else b"Asterisk Call Manager/1.1\r\n"
        self.banner = self.banner.split(b"\r\n", 1)[0] + b"\r\n"


def _parts(chunks: Iterable[capture.Chunk]) -> list[Part]:
    """What a live client is to hear: without greeting, answers to logins, and the like."""
    parts: list[Part] = []
    answer: list[bytes] = []
    kind, action_id, began_at = "", b"", 0
    has_booted = False
    for at, data in chunks:
        if answer:
            answer.append(data)
            if data.startswith(_ENDS[kind]) and _action_id(data) == action_id:
                parts.append(Part(began_at, b"".join(answer), kind, action_id))
                answer = []
        elif data.startswith((b"Response: ", b"Asterisk ")):
            message = _header(data, b"Message")
            if message in _KINDS:
                kind, action_id, began_at, answer = _KINDS[message], _action_id(data), at, [data]
        elif data.startswith(b"Event: FullyBooted\r\n") and not has_booted:
            has_booted = True
        else:
            parts.append(Part(at, data))
    if answer:
        parts.append(Part(began_at, b"".join(answer), kind, action_id))
    return parts


def _header(data: bytes, name: bytes) -> bytes:
    found = re.search(rb"^" + name + rb": ([^\r\n]*)\r$", data, re.MULTILINE)
    return found[1] if found else b""


def _action_id(data: bytes) -> bytes:
    return _header(data, b"ActionID")


class RecordedCapture:
    """The source of a simulated PBX that repeats a capture."""

    def __init__(self, name: str, recording: Recording, speed: float = 1.0) -> None:
        """Begins at the first login."""
        self.name = name
        self._recording = recording
        self._speed = speed
        self._began_at = 0
        self._connection = 0
        self._waiting: dict[str, list[str]] = {}
        self._asked: dict[str, asyncio.Event] = {}
        self._last: dict[str, Part] = {}
        self._coming: dict[str, deque[int]] = {}
        self._is_connected_now = True

    def begin(self) -> None:
        """The first client logs in: that moment is the recording's first."""
        self._began_at = wall_clock_ms()
        self._enter(0)

    async def may_greet(self) -> bool:
        """Waits for the next recorded connection, if the recorded one has just been cut."""
        if not self._is_connected_now:
            opens_at = self._moved(self._recording.starts[self._connection])
            if opens_at - wall_clock_ms() > _GREETING_WITHIN_MS:
                return False
            await sleep_until(opens_at, asyncio.sleep)
        return True

    async def play(self, say: Say, cut: Callable[[], None]) -> None:
        """Every recorded connection, in order."""
        for number, parts in enumerate(self._recording.connections):
            if number:
                self._is_connected_now = False
                cut()
                self._enter(number)
                await sleep_until(self._moved(self._recording.starts[number]), asyncio.sleep)
                self._is_connected_now = True
            for part in parts:
                await sleep_until(self._moved(part.at), asyncio.sleep)
                if part.kind:
                    await self._play_list(part, say)
                else:
                    say(*self._event(part))
                    self._last = {}
            for kind, ids in self._waiting.items():
                for action_id in ids:
                    say("", _refusal(kind, action_id))

    def _enter(self, number: int) -> None:
        """The next client belongs to this recorded connection."""
        parts = self._recording.connections[number]
        self._connection = number
        self._waiting = {kind: [] for kind in _ENDS}
        self._asked = {kind: asyncio.Event() for kind in _ENDS}
        self._last = {}
        self._coming = {
            kind: deque(part.at for part in parts if part.kind == kind) for kind in _ENDS
        }

    async def _play_list(self, part: Part, say: Say) -> None:
        is_first = part.kind not in self._last and not self._asked[part.kind].is_set()
        if is_first and part.kind != "QueueSummary":
            try:
                await asyncio.wait_for(self._asked[part.kind].wait(), _ASKS_WITHIN_S)
            except TimeoutError:
                self._asked[part.kind].set()
        self._coming[part.kind].popleft()
        self._last[part.kind] = part
        for action_id in self._waiting[part.kind]:
            say("", self._answer(part, action_id))
        self._waiting[part.kind] = []

    def banner(self) -> bytes:
        """As in `Pbx`: the recorded one."""
        return self._recording.banner

    def fully_booted(self) -> bytes:
        """As in `Pbx`."""
        return b"Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"

    def answer(self, action: str, action_id: str) -> bytes:
        """As in `Pbx`: now if nothing has happened since a recorded answer, else at the next."""
        if action not in self._waiting:
            return _refusal(action, action_id)
        self._asked[action].set()
        last = self._last.get(action)
        if last is not None:
            return self._answer(last, action_id)
        coming = self._coming[action]
        if not coming or self._moved(coming[0]) - wall_clock_ms() > _NEAR_MS:
            return _refusal(action, action_id)
        self._waiting[action].append(action_id)
        return b""

    def timestamp(self) -> str:
        """As in `Pbx`."""
        now = wall_clock_ms()
        return f"{now // 1000}.{now % 1000:03}000"

    def _moved(self, recorded_ms: float) -> float:
        return self._began_at + (recorded_ms - self._recording.starts[0]) / self._speed

    def _event(self, part: Part) -> tuple[str, bytes]:
        found = _PRIVILEGE.match(part.data)
        # Bytes that are no event of any class (the tail of a broken packet) reach everybody.
        return (found[1].decode() if found else ""), self._with_times_moved(part.data)

    def _answer(self, part: Part, action_id: str) -> bytes:
        recorded = b"\r\nActionID: " + part.action_id + b"\r\n"
        own = f"\r\nActionID: {action_id}\r\n".encode()
        return self._with_times_moved(part.data.replace(recorded, own))

    def _with_times_moved(self, data: bytes) -> bytes:
        def move(found: re.Match[bytes]) -> bytes:
            moved = self._moved(float(found[2] + found[3]) * 1000) / 1000
            digits = len(found[3]) - 1 if found[3] else 0
            return b"%s: %s" % (found[1], f"{moved:.{digits}f}".encode())

        return _TIME.sub(move, data)


def _refusal(action: str, action_id: str) -> bytes:
    return (
        f"Response: Error\r\nActionID: {action_id}\r\n"
        f"Message: {action} was not recorded here\r\n\r\n"
    ).encode()
