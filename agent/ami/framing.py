"""Bytes of one manager connection become packets. Knows no socket, clock or event.

Invariants:
- The same bytes give the same packets and counts, however they are cut into chunks. Bytes are
  split first and decoded afterwards, so a character cut in two by the read size stays whole.
- Only CR LF ends a line and only an empty line ends a packet: Asterisk escapes line breaks within
  some values by a backslash before a bare CR or LF.
- A packet is decoded as UTF-8, and as Latin-1 (which cannot fail) when it is not; `charset` tells.
- Memory is bounded: a line over `MAX_LINE_BYTES` is left out of its packet and a packet over
  `MAX_PACKET_BYTES` is left out whole. Both are counted, and what follows is read as if they were
  not there.
"""

import re
from typing import List, Optional, Tuple

MAX_LINE_BYTES = 8192
MAX_PACKET_BYTES = 1024 * 1024
LINE_OVERHEAD_BYTES = 64  # what keeping a line costs beside its bytes; counted as packet size
BANNER_START = b"Asterisk Call Manager"

# Lines with a colon each, and no CR or LF within.
_ORDINARY = re.compile(rb"[^:\r\n]*:[^\r\n]*(?:\r\n[^:\r\n]*:[^\r\n]*)*\Z")


class Packet(object):
    """One packet: its headers in the order they came, repeated ones included.

    `first` is the first header, which alone says what the packet is; `headers` are all pairs of
    name and value, the value without the one space after the colon. The banner, which has no empty
    line after it, is a packet with the single header ("Banner", text). `charset` is "utf-8" or
    "latin-1".

    Most packets are of no interest beyond their first line, so the rest is taken apart on demand.
    """

    __slots__ = ("_headers", "_text", "charset", "first")

    def __init__(self, text: str, charset: str) -> None:
        """`text` is all lines but the empty one, joined by CR LF; the first has a colon."""
        self._text = text
        self._headers: Optional[Tuple[Tuple[str, str], ...]] = None
        self.charset = charset
        name, _, value = text.partition("\r\n")[0].partition(":")
        self.first = (name, _value(value))

    @property
    def headers(self) -> Tuple[Tuple[str, str], ...]:
        """All headers; lines without a colon are none."""
        if self._headers is None:
            parts = [line.partition(":") for line in self._text.split("\r\n")]
            self._headers = tuple([(name, _value(text)) for name, colon, text in parts if colon])
        return self._headers

    def get(self, name: str, default: str = "") -> str:
        """The first value of a header, or the default."""
        for key, value in self.headers:
            if key == name:
                return value
        return default

    def values(self, name: str) -> List[str]:
        """Every value of a header, in order; empty if it was not sent."""
        return [value for key, value in self.headers if key == name]


def _value(text: str) -> str:
    return text[1:] if text[:1] == " " else text


class FramingCounters(object):
    """What a framer met, since it was made.

    `packets` given out; `unknown_lines` without a colon; `parse_errors`: packets with such a line,
    with an oversized one, without a usable first line, or too large; `latin1_packets` that were not
    UTF-8; `oversized_lines` and `oversized_packets` left out.
    """

    __slots__ = (
        "latin1_packets",
        "oversized_lines",
        "oversized_packets",
        "packets",
        "parse_errors",
        "unknown_lines",
    )

    def __init__(self) -> None:
        """All zero."""
        self.packets = 0
        self.unknown_lines = 0
        self.parse_errors = 0
        self.latin1_packets = 0
        self.oversized_lines = 0
        self.oversized_packets = 0


class Framer(object):
    """Splits the bytes of one connection into packets. Make a new one for each connection."""

    def __init__(self, counters: FramingCounters) -> None:
        """`counters` is added to, and may outlive the connection."""
        self._counters = counters
        self._tail = b""
        self._tail_is_oversized = False
        self._lines: List[bytes] = []
        self._size = 0
        self._is_faulty = False
        self._is_at_start = True

    def feed(self, data: bytes) -> List[Packet]:
        """The packets that are complete with these bytes, in order; often none."""
        packets: List[Packet] = []
        self._tail += data
        if not (self._is_at_start or self._lines or self._size or self._tail_is_oversized):
            # Between packets: whole ones need no look at what is kept from line to line.
            *whole, self._tail = self._tail.split(b"\r\n\r\n")
            for raw in whole:
                if len(raw) <= MAX_LINE_BYTES and _ORDINARY.match(raw):
                    self._counters.packets += 1
                    packets.append(self._packet(raw))
                else:
                    packets += self._feed_lines([*raw.split(b"\r\n"), b""])
        *lines, self._tail = self._tail.split(b"\r\n")
        packets += self._feed_lines(lines)
        if len(self._tail) > MAX_LINE_BYTES + 1:
            self._tail_is_oversized = True
        if self._tail_is_oversized:
            # The last byte may be the CR of the line's end.
            self._tail = self._tail[-1:]
        return packets

    def _feed_lines(self, lines: List[bytes]) -> List[Packet]:
        packets: List[Packet] = []
        for line in lines:
            if self._tail_is_oversized or len(line) > MAX_LINE_BYTES:
                self._tail_is_oversized = False
                self._leave_out_line()
            elif line:
                if self._is_at_start and line.startswith(BANNER_START):
                    packets.append(Packet("Banner: " + line.decode("utf-8", "replace"), "utf-8"))
                    self._counters.packets += 1
                else:
                    self._add_line(line)
                self._is_at_start = False
            elif self._lines or self._size:
                packets += self._end_packet()
        return packets

    def _leave_out_line(self) -> None:
        self._counters.oversized_lines += 1
        self._is_faulty = True
        if not self._lines:
            # Its place is kept: no later line may pass for the first one.
            self._lines.append(b"")

    def _add_line(self, line: bytes) -> None:
        self._size += len(line) + LINE_OVERHEAD_BYTES
        if self._size > MAX_PACKET_BYTES:
            self._lines = []
            return
        self._lines.append(line)
        if b":" not in line:
            self._counters.unknown_lines += 1
            self._is_faulty = True

    def _end_packet(self) -> List[Packet]:
        lines, size, is_faulty = self._lines, self._size, self._is_faulty
        self._lines, self._size, self._is_faulty = [], 0, False
        if size > MAX_PACKET_BYTES:
            self._counters.oversized_packets += 1
            self._counters.parse_errors += 1
            return []
        if is_faulty:
            self._counters.parse_errors += 1
            if b":" not in lines[0]:
                # A packet is what its first line says: without one it is nothing.
                return []
        self._counters.packets += 1
        return [self._packet(b"\r\n".join(lines))]

    def _packet(self, raw: bytes) -> Packet:
        try:
            return Packet(raw.decode("utf-8"), "utf-8")
        except UnicodeDecodeError:
            self._counters.latin1_packets += 1
            return Packet(raw.decode("latin-1"), "latin-1")
