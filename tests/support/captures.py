"""The recorded manager connections of `tests/scenarios/captures`: found, opened and replayed.

A scenario is a folder `<Asterisk version>/<name>` of compressed files (its README tells which).
Here it becomes what a collector would have posted: the events of each connection in the order of
their first receive time, with the receive times of the recording.
"""

import functools
import io
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from agent import capture
from agent.event import Event
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

    def __iter__(self) -> Iterator[capture.Chunk]:
        """As a recording on disk is read."""
        return (capture.Chunk(chunk.received_ms, chunk.data) for chunk in self.chunks)

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
        recording, index = f"{name}.ami", f"{name}.idx.jsonl"
        pieces = capture.read_index(self.read(index).decode().splitlines(), f"{self.name}/{index}")
        data = io.BytesIO(self.read(recording))
        return Connection(
            tuple(Chunk(piece.received_ms, data.read(piece.end - data.tell())) for piece in pieces)
        )


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

    With `log`, the content of queue_log, its lines of the gaps are read back after each reconnect.
    """
    began_ms = connections[0].first_ms
    transcript = Transcript(Redaction(mode, _KEY))
    events = [Event(began_ms, "collector", "started", {"version": "0"})]
    events += capture.conversation(connections, transcript, _gap_log(log, mode) if log else None)
    events += heartbeats(events[-1].at_ms, events[-1].at_ms + SETTLED_AFTER_MS)
    return events


def heartbeats(after_ms: int, until_ms: int) -> list[Event]:
    """The heartbeats of a collector with nothing else to say; event time goes on with them."""
    moments = range(after_ms + _HEARTBEAT_MS, until_ms + 1, _HEARTBEAT_MS)
    return [Event(moment, "collector", "heartbeat", {"reconnects": "0"}) for moment in moments]


def with_log(heard: list[Event], log: bytes, lost_ms: int, *, mode: str = "last4") -> list[Event]:
    """The log's lines of the gap directly after `ami_connected`, which then announces them."""
    place = next(i for i, event in enumerate(heard) if event.name == "ami_connected")
    told = capture.log_behind(heard[place], lost_ms, _gap_log(log, mode))
    return [*heard[:place], *told, *heard[place + 1 :]]


def _gap_log(log: bytes, mode: str) -> capture.GapLog:
    def lines_since(_second: int) -> list[bytes]:
        return log.split(b"\n")

    return functools.partial(capture.gap_events, lines_since, Redaction(mode, _KEY))
