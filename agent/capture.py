"""Reads captures: what was received on recorded connections, and when. The only reader of them.

A capture directory holds `capture.ami` and, for further connections, `capture.2.ami` …: the bytes
as they were received. Beside each lies its index, `capture.idx.jsonl` …, one JSON object a line:
`t` when the bytes came (seconds since the epoch), `o` their offset in the file, `n` how many. The
lines follow one another without a gap. Bytes behind those of the last line are left out: nobody
tells when they came.
"""

import json
import os
from typing import Callable, Generator, Iterable, Iterator, List, NamedTuple, Optional

from agent.errors import CaptureError
from agent.event import Event
from agent.queue_log import QueueLogLines
from agent.queue_log_file import LOG_OVERLAP_S
from agent.redaction import Redaction
from agent.transcript import Transcript

LinesSince = Callable[[int], Iterable[bytes]]
"""The lines of a queue_log, at least those from a second (epoch) on, without line feeds."""

GapLog = Callable[[int, int], Iterable[Event]]
"""`gap_events` of one log: for (last heard, login), in milliseconds, what it tells of the gap."""


class Piece(NamedTuple):
    """Bytes received together; `end` is where they end in the file."""

    received_ms: int
    end: int


class Chunk(NamedTuple):
    """Bytes received together, and when."""

    received_ms: int
    data: bytes


class Recording(object):
    """One connection: the path of its bytes, and its index. Iterating reads its chunks, in order.

    Iterating raises CaptureError if the file cannot be read any more, or not to the index's end.
    """

    def __init__(self, path: str, pieces: List[Piece]) -> None:
        """`pieces` are the index's."""
        self.path = path
        self.pieces = pieces

    def __iter__(self) -> Iterator[Chunk]:
        """The chunks, of which only one is in memory."""
        start = 0
        try:
            with open(self.path, "rb") as file:
                for piece in self.pieces:
                    data = file.read(piece.end - start)
                    if len(data) < piece.end - start:
                        raise _too_short(self.path, start + len(data), self.pieces[-1].end)
                    yield Chunk(piece.received_ms, data)
                    start = piece.end
        except OSError as error:
            raise CaptureError("cannot read {}: {}".format(self.path, error)) from error


def find(path: str) -> List[Recording]:
    """The recordings in a directory, or the one file given, in the order of their beginnings.

    A connection on which nothing was received is left out. Raises CaptureError if there is no
    other, or if a file or its index is missing or wrong.
    """
    paths = [path]
    if os.path.isdir(path):
        names = [name for name in sorted(os.listdir(path)) if _is_recording(name)]
        paths = [os.path.join(path, name) for name in names]
    recordings = [recording for recording in map(_recording, paths) if recording.pieces]
    if not recordings:
        raise CaptureError("{}: no recorded connection (capture.ami) here".format(path))
    return sorted(recordings, key=lambda recording: recording.pieces[0].received_ms)


def read_index(lines: Iterable[str], name: str) -> List[Piece]:
    """The pieces that the lines of an index tell of; `name` is the index's in errors.

    Raises CaptureError with the number of the first line that is not one of an index, or does not
    begin where the one before it ended.
    """
    pieces: List[Piece] = []
    for number, line in enumerate(lines, 1):
        try:
            pieces.append(_piece(line, pieces[-1].end if pieces else 0))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            text = "{}:{}: line {} is wrong ({!r})".format(name, number, number, error)
            raise CaptureError(text) from error
    return pieces


def events(
    connections: Iterable[Iterable[Chunk]], transcript: Transcript, log: Optional[GapLog] = None
) -> Iterator[Event]:
    """What a capture tells, with the times of its indexes; its end is the loss of the connection.

    For after the last byte nothing is known, not even that Asterisk was silent.
    """
    last_ms = yield from conversation(connections, transcript, log)
    yield from transcript.lost(last_ms, "capture ended")


def conversation(
    connections: Iterable[Iterable[Chunk]], transcript: Transcript, log: Optional[GapLog] = None
) -> Generator[Event, None, int]:
    """As `events`, but the last connection goes on. Returns when its last bytes came, 0 if none.

    Each connection but the last is lost when its last bytes came. With `log`, what it tells of the
    time between two is put where the collector puts it: behind the login, which then announces it.
    """
    heard_ms = last_ms = 0
    for chunks in connections:
        is_open = False
        for received_ms, data in chunks:
            if not is_open:
                yield from transcript.lost(last_ms, "connection ended")
                yield from transcript.connected(received_ms)
                is_open = True
            for event in transcript.feed(data, received_ms):
                if event.kind == "ami":
                    heard_ms = max(heard_ms, event.at_ms)
                is_login = event.kind == "collector" and event.name == "ami_connected"
                if log is not None and is_login and heard_ms:
                    yield from log_behind(event, heard_ms, log)
                else:
                    yield event
            last_ms = received_ms
    return last_ms


def log_behind(connected: Event, heard_ms: int, log: GapLog) -> Iterator[Event]:
    """The login, now announcing the log, and what the log tells of the gap before it."""
    yield connected._replace(fields=dict(connected.fields, log="read"))
    yield from log(heard_ms, connected.at_ms)


def gap_events(
    lines_since: LinesSince, redaction: Redaction, heard_ms: int, connected_ms: int
) -> Iterator[Event]:
    """What queue_log tells of a gap, oldest first.

    As the collector reads it back: from the overlap before AMI was last heard, up to the login.
    """
    since_s = heard_ms // 1000 - LOG_OVERLAP_S
    log = QueueLogLines(redaction)
    for line in lines_since(since_s):
        event = log.feed_line(line)
        if event is not None and since_s * 1000 <= event.at_ms <= connected_ms:
            yield event


def _piece(line: str, start: int) -> Piece:
    entry = json.loads(line)
    if int(entry["o"]) != start or int(entry["n"]) < 0:
        raise ValueError("its bytes do not follow on byte {}".format(start))
    return Piece(round(float(entry["t"]) * 1000), start + int(entry["n"]))


def _is_recording(name: str) -> bool:
    return name.startswith("capture") and name.endswith(".ami")


def _recording(path: str) -> Recording:
    index = os.path.splitext(path)[0] + ".idx.jsonl"
    try:
        with open(index, encoding="utf-8", errors="replace") as file:
            pieces = read_index(file, index)
        size = os.path.getsize(path)
    except OSError as error:
        raise CaptureError("cannot read {}: {}".format(error.filename, error.strerror)) from error
    if pieces and size < pieces[-1].end:
        raise _too_short(path, size, pieces[-1].end)
    return Recording(path, pieces)


def _too_short(path: str, size: int, expected: int) -> CaptureError:
    text = "{}: ends after {} bytes, but its index tells of {}"
    return CaptureError(text.format(path, size, expected))
