"""Reads recorded connections: what was received, and when."""

import json
import os
from typing import Iterator, List, NamedTuple

from agent.errors import CaptureError
from agent.event import Event
from agent.transcript import Transcript


class Piece(NamedTuple):
    """Bytes received together; `end` is where they end in the file."""

    received_ms: int
    end: int


class Recording(NamedTuple):
    """One connection: `capture.ami`, and in `capture.idx.jsonl` when its bytes came."""

    path: str
    pieces: List[Piece]


def find(path: str) -> List[Recording]:
    """The recordings in a directory, or the one file given, in the order of their beginnings.

    Raises CaptureError if there is none or its index is missing or wrong.
    """
    paths = [path]
    if os.path.isdir(path):
        names = sorted(name for name in os.listdir(path) if name.endswith(".ami"))
        paths = [os.path.join(path, name) for name in names]
    recordings = [_recording(some) for some in paths]
    if not any(recording.pieces for recording in recordings):
        raise CaptureError("{}: no recorded connection (.ami) here".format(path))
    with_pieces = [recording for recording in recordings if recording.pieces]
    return sorted(with_pieces, key=lambda recording: recording.pieces[0].received_ms)


def events(recordings: List[Recording], transcript: Transcript) -> Iterator[Event]:
    """What the recordings tell, with the times of their indexes."""
    for recording in recordings:
        yield from transcript.connected(recording.pieces[0].received_ms)
        with open(recording.path, "rb") as file:
            for piece in recording.pieces:
                data = file.read(piece.end - file.tell())
                yield from transcript.feed(data, piece.received_ms)
        yield from transcript.lost(recording.pieces[-1].received_ms, "recording ended")


def _recording(path: str) -> Recording:
    index = os.path.splitext(path)[0] + ".idx.jsonl"
    pieces = []
    try:
        with open(index, encoding="utf-8") as file:
            for line in file:
                entry = json.loads(line)
                end = int(entry["o"]) + int(entry["n"])
                pieces.append(Piece(int(float(entry["t"]) * 1000), end))
    except OSError as error:
        raise CaptureError("cannot read {}: {}".format(index, error)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise CaptureError("{}: line {} is wrong".format(index, len(pieces) + 1)) from error
    if not os.path.isfile(path):
        raise CaptureError("cannot read {}".format(path))
    return Recording(path, pieces)
