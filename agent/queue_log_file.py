"""Finds in Asterisk's `queue_log`, and in its last rotation, the lines of a gap."""

import os
from typing import BinaryIO, Iterator, NamedTuple, Optional

from agent.queue_log import MAX_LINE_BYTES

_SCAN_BYTES = 4096


LOG_OVERLAP_S = 3
"""Asterisk writes a line up to a moment before the event of it is heard: so much is read twice."""


class LogMark(NamedTuple):
    """How far a log reached at one moment: what was written later is told by AMI."""

    path: str
    size: int


def mark(path: str) -> Optional[LogMark]:
    """The log's present end; None if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return LogMark(path, os.fstat(file.fileno()).st_size)
    except OSError:
        return None


def lines_since(end: LogMark, since_s: int) -> Iterator[bytes]:
    """The lines of that second and later, up to the mark, without line feeds; oldest first.

    When the log begins later than that second, its newest uncompressed rotation is read before it,
    where there is one. A log that has vanished since it was marked has no lines.
    """
    previous = _rotated(end.path)
    if previous is not None and _begins_after(end, since_s):
        yield from _lines(previous, since_s)
    yield from _lines(end, since_s)


def _rotated(path: str) -> Optional[LogMark]:
    directory, name = os.path.split(path)
    newest, newest_time = None, -1.0
    try:
        for entry in os.listdir(directory or "."):
            is_rotation = entry.startswith((name + ".", name + "-"))
            if not is_rotation or entry.endswith((".gz", ".bz2", ".xz", ".zst")):
                continue
            modified = os.path.getmtime(os.path.join(directory, entry))
            if modified > newest_time:
                newest, newest_time = os.path.join(directory, entry), modified
    except OSError:
        return None
    return None if newest is None else mark(newest)


def _begins_after(end: LogMark, since_s: int) -> bool:
    try:
        with open(end.path, "rb") as file:
            first = _next_epoch_s(file, end.size)
    except OSError:
        return True
    return first is None or first > since_s


def _lines(end: LogMark, since_s: int) -> Iterator[bytes]:
    try:
        with open(end.path, "rb") as file:
            file.seek(_start(file, end.size, since_s))
            is_within = False
            while file.tell() < end.size:
                line = file.readline(MAX_LINE_BYTES * 2)
                # A line without an epoch belongs to the record before it.
                epoch_s = _epoch_s(line)
                is_within = is_within if epoch_s is None else epoch_s >= since_s
                if is_within:
                    yield line.rstrip(b"\n")
    except OSError:
        return


def _start(file: BinaryIO, size: int, since_s: int) -> int:
    """The start of a line at or before the first of that second: the log is ordered by time."""
    low, high = 0, size
    while high - low > _SCAN_BYTES:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline(MAX_LINE_BYTES * 2)
        start = file.tell()
        epoch_s = _next_epoch_s(file, high)
        if epoch_s is not None and epoch_s < since_s:
            low = start
        else:
            high = middle
    return low


def _next_epoch_s(file: BinaryIO, end: int) -> Optional[int]:
    while file.tell() < end:
        epoch_s = _epoch_s(file.readline(MAX_LINE_BYTES * 2))
        if epoch_s is not None:
            return epoch_s
    return None


def _epoch_s(line: bytes) -> Optional[int]:
    epoch = line.split(b"|", 1)[0]
    return int(epoch) if b"|" in line and epoch.isdigit() and len(epoch) <= 11 else None  # noqa: PLR2004
