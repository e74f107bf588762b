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

from typing import Iterator, List, NamedTuple, Tuple

MAX_LINE_BYTES = 8192
MAX_PACKET_BYTES = 1024 * 1024
LINE_OVERHEAD_BYTES = 64  # what keeping a line costs beside its bytes; counted as packet size
BANNER_START = b"Asterisk Call Manager"


class Packet(NamedTuple):
    """One packet: its headers in the order they came, repeated ones included.

    `headers` holds (name, value) pairs, the value without the one space after the colon. The
    banner, which has no empty line after it, is a packet with the single header ("Banner", text).
    `charset` is "utf-8" or "latin-1".
    """

    headers: Tuple[Tuple[str, str], ...]
    charset: str

    @property
    def first(self) -> Tuple[str, str]:
        """The first header, which alone says what the packet is."""
        return self.headers[0]

    def get(self, name: str, default: str = "") -> str:
        """The first value of a header, or the default."""
        for key, value in self.headers:
            if key == name:
                return value
        return default

    def values(self, name: str) -> List[str]:
        """Every value of a header, in order; empty if it was not sent."""
        return [value for key, value in self.headers if key == name]


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
        lines = (self._tail + data).split(b"\r\n")
        self._tail = lines.pop()
        packets: List[Packet] = []
        for line in lines:
            if self._tail_is_oversized or len(line) > MAX_LINE_BYTES:
                self._tail_is_oversized = False
                self._counters.oversized_lines += 1
                self._is_faulty = True
                if not self._lines:
                    # Its place is kept: no later line may pass for the first one.
                    self._lines.append(b"")
            elif line:
                packets.extend(self._add_line(line))
            elif self._size or self._lines:
                packets.extend(self._end_packet())
        if len(self._tail) > MAX_LINE_BYTES + 1:
            self._tail_is_oversized = True
        if self._tail_is_oversized:
            # The last byte may be the CR of the line's end.
            self._tail = self._tail[-1:]
        return packets

    def _add_line(self, line: bytes) -> Iterator[Packet]:
        if self._is_at_start:
            self._is_at_start = False
            if line.startswith(BANNER_START):
                self._counters.packets += 1
                yield Packet((("Banner", line.decode("utf-8", "replace")),), "utf-8")
                return
        self._size += len(line) + LINE_OVERHEAD_BYTES
        if self._size <= MAX_PACKET_BYTES:
            self._lines.append(line)
        else:
            self._lines = []

    def _end_packet(self) -> Iterator[Packet]:
        lines, size, is_faulty = self._lines, self._size, self._is_faulty
        self._lines, self._size, self._is_faulty = [], 0, False
        if size > MAX_PACKET_BYTES:
            self._counters.oversized_packets += 1
            self._counters.parse_errors += 1
            return
        raw = b"\r\n".join(lines)
        charset = "utf-8"
        try:
            text = raw.decode(charset)
        except UnicodeDecodeError:
            charset = "latin-1"
            text = raw.decode(charset)
            self._counters.latin1_packets += 1
        headers: List[Tuple[str, str]] = []
        for line in text.split("\r\n"):
            name, colon, value = line.partition(":")
            if colon:
                headers.append((name, value[1:] if value[:1] == " " else value))
            elif line:
                self._counters.unknown_lines += 1
                is_faulty = True
        if not headers or not text.startswith(headers[0][0] + ":"):
            # A packet is what its first line says: without one it is nothing.
            headers, is_faulty = [], True
        if is_faulty:
            self._counters.parse_errors += 1
        if headers:
            self._counters.packets += 1
            yield Packet(tuple(headers), charset)
