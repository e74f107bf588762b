"""Lines of Asterisk's `queue_log` become events. Opens no file.

A line is `epoch|callid|queue|agent|event|data…`. Asterisk writes the caller's number into
ENTERQUEUE raw: a line break in it splits the record in two, and the second half may look like
anything, even like a record. An ENTERQUEUE without its third datum (the position) is such a first
half: it is kept, and what follows is left out and counted up to the line that ends with a position.
"""

import re
from typing import Optional

from agent.event import Event, Fields
from agent.redaction import Redaction

MAX_LINE_BYTES = 8192

_RECORD = re.compile(r"[0-9]{9,11}\|[^|]*\|[^|]*\|[^|]*\|[A-Z][A-Z0-9_]*(?:\||\Z)")
_POSITION_AT_END = re.compile(r"\|[0-9]+\Z")
_ENTERQUEUE_DATA = 3
_MAX_DATA = 5


class QueueLogLines(object):
    """Parses the lines of one log in order. `records` and `broken_lines` count what it met."""

    def __init__(self, redaction: Redaction) -> None:
        """Every event made is masked by `redaction`."""
        self._redaction = redaction
        self._is_within_number = False
        self.records = 0
        self.broken_lines = 0

    def feed_line(self, line: bytes) -> Optional[Event]:
        """The event of one line, given without its line feed; None if it is no record.

        Undecodable bytes are read as Latin-1. Data after the fifth is left out.
        """
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            text = line.decode("latin-1")
        text = text.rstrip("\r")
        if self._is_within_number:
            self._is_within_number = _POSITION_AT_END.search(text) is None
            self.broken_lines += 1
            return None
        if not text:
            return None
        if len(line) > MAX_LINE_BYTES or _RECORD.match(text) is None:
            self.broken_lines += 1
            return None
        epoch, callid, queue, agent, event, *data = text.split("|")
        if event == "ENTERQUEUE" and len(data) < _ENTERQUEUE_DATA:
            self._is_within_number = True
        fields: Fields = {"callid": callid, "queue": queue, "agent": agent}
        fields.update(self._redaction.log_columns(event, data[:_MAX_DATA]))
        self.records += 1
        return Event(int(epoch) * 1000, "queue_log", event, fields)
