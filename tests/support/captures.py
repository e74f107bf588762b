"""The recorded manager connections of `tests/scenarios/captures`: found, opened and replayed.

A scenario is a folder `<Asterisk version>/<name>` of compressed files (its README tells which).
Here it becomes what a collector would have posted: the events of each connection in the order of
their first receive time, with the receive times of the recording.
"""

import functools
import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from agent.event import Event
from agent.queue_log import QueueLogLines
from agent.queue_log_file import LOG_OVERLAP_S
from agent.redaction import Redaction
from agent.transcript import Transcript

CAPTURES = Path(__file__).parent.parent / "scenarios" / "captures"
SETTLED_AFTER_MS = 40_000
"""Heartbeats go on for so long after a recording: whatever is provisional or in wrap-up settles."""

_HEARTBEAT_MS = 2_000
_KEY = b"made-up tenant key"


@dataclass(frozen=True)
class Chunk:
    """Bytes of one packet and the millisecond (epoch, UTC) at which they were received."""

    received_ms: int
    data: bytes


@dataclass(frozen=True)
class Connection:
    """One manager connection: its packets, together all of its bytes. Never empty."""

    chunks: tuple[Chunk, ...]

    @property
    def first_ms(self) -> int:
        return self.chunks[0].received_ms

    @property
    def last_ms(self) -> int:
        return self.chunks[-1].received_ms


@dataclass(frozen=True)
class Scenario:
    """One recorded call story."""

    folder: Path

    @property
    def name(self) -> str:
        return f"{self.version}/{self.folder.name}"

    @property
    def version(self) -> str:
        return self.folder.parent.name

    def read(self, file: str) -> bytes:
        """The content of one of its files, by its name without `.xz`."""
        return lzma.decompress((self.folder / f"{file}.xz").read_bytes())

    def unpack(self, target: Path) -> Path:
        """Writes every file as recorded into `target`, which is made, and returns it."""
        target.mkdir(parents=True)
        for packed in self.folder.glob("*.xz"):
            (target / packed.stem).write_bytes(lzma.decompress(packed.read_bytes()))
        return target

    @cached_property
    def expected(self) -> dict[str, Any]:
        """What really happened, by Asterisk's own log (`tests/scenarios/captures/README.md`)."""
        text = (self.folder / "expected.yaml").read_text(encoding="utf-8")
        expected: dict[str, Any] = yaml.load(text, yaml.CSafeLoader)
        return expected

    @cached_property
    def connections(self) -> tuple[Connection, ...]:
        """Its connections in the order of their first receive time."""
        names = [path.name.removesuffix(".ami.xz") for path in self.folder.glob("*.ami.xz")]
        connections = [self._connection(name) for name in names]
        return tuple(sorted(connections, key=lambda connection: connection.first_ms))

    def _connection(self, name: str) -> Connection:
        data = self.read(f"{name}.ami")
        index = map(json.loads, self.read(f"{name}.idx.jsonl").splitlines())
        return Connection(
            tuple(
                Chunk(_milliseconds(line["t"]), data[line["o"] : line["o"] + line["n"]])
                for line in index
            )
        )


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)


def scenarios() -> list[Scenario]:
    """All scenarios, by version and name."""
    paths = sorted(CAPTURES.glob("*/*/expected.yaml"))
    return [scenario(f"{path.parts[-3]}/{path.parts[-2]}") for path in paths]


@functools.cache
def scenario(name: str) -> Scenario:
    """One scenario by its name, such as `22.10.1/c_abandon`."""
    found = Scenario(CAPTURES / name)
    if not found.folder.is_dir():
        raise LookupError(name)
    return found


def events_of(
    connections: tuple[Connection, ...], *, log: bytes = b"", mode: str = "last4"
) -> list[Event]:
    """What the collector makes of these connections, each lost at its last packet but the last one.

    With `log`, the content of queue_log, its lines of the gaps are read back after each reconnect,
    as the collector does: from the second of the last packet before the cut up to the login.
    """
    redaction = Redaction(mode, _KEY)
    transcript = Transcript(redaction)
    began_ms = connections[0].first_ms
    events = [Event(began_ms, "collector", "started", {"version": "0"})]
    lost_ms: int | None = None
    for connection in connections:
        if lost_ms is not None:
            events += transcript.lost(lost_ms, "closed by Asterisk")
        heard = _heard(transcript, connection)
        if log and lost_ms is not None:
            heard = with_log(heard, log, lost_ms, mode=mode)
        events += heard
        lost_ms = connection.last_ms
    events += heartbeats(events[-1].at_ms, events[-1].at_ms + SETTLED_AFTER_MS)
    return events


def heartbeats(after_ms: int, until_ms: int) -> list[Event]:
    """The heartbeats of a collector with nothing else to say; event time goes on with them."""
    moments = range(after_ms + _HEARTBEAT_MS, until_ms + 1, _HEARTBEAT_MS)
    return [Event(moment, "collector", "heartbeat", {"reconnects": "0"}) for moment in moments]


def _heard(transcript: Transcript, connection: Connection) -> list[Event]:
    events = transcript.connected(connection.first_ms)
    for chunk in connection.chunks:
        events += transcript.feed(chunk.data, chunk.received_ms)
    return events


def _log_events(log: bytes, redaction: Redaction) -> Iterator[Event]:
    lines = QueueLogLines(redaction)
    for line in log.split(b"\n"):
        event = lines.feed_line(line)
        if event is not None:
            yield event


def with_log(heard: list[Event], log: bytes, lost_ms: int, *, mode: str = "last4") -> list[Event]:
    """The log's lines of the gap directly after `ami_connected`, which then announces them."""
    place = next(i for i, event in enumerate(heard) if event.name == "ami_connected")
    connected = heard[place]
    lines = _log_events(log, Redaction(mode, _KEY))
    gap = [
        e for e in lines if (lost_ms // 1000 - LOG_OVERLAP_S) * 1000 <= e.at_ms <= connected.at_ms
    ]
    announced = connected._replace(fields={**connected.fields, "log": "read"})
    return [*heard[:place], announced, *gap, *heard[place + 1 :]]
