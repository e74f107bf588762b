"""What one client hears on AMI, over any number of connections, becomes events of the wire form.

The whole way from bytes to events, without a clock or a socket: live, in `replay`, and wherever a
capture is folded, so that all of them see the same. Per connection call `connected`, then `feed`
with the bytes as they come, then `lost`.

What comes out, in the order of the stream:
- `ami_connected` at the answer to the login, with the banner as `asterisk`. A port that accepts and
  closes again, as it does during a restart, connects nothing.
- Broadcast events as they come, selected and redacted.
- Each answer to QueueStatus, CoreShowChannels and GetConfig, whoever asked, as a snapshot: `begin`
  where the answer opens, its items, `end`. An answer that names a count different from the items
  taken, or is cut by the end of the connection, ends with `complete` = `no`.
- `ami_lost`, if the connection had been logged in.

`at_ms` is Asterisk's `Timestamp` where it is sent, else the time of receipt that the caller gives.
"""

import re
from typing import Dict, List, Optional, Tuple

from agent import queues_conf, selection
from agent.ami.framing import Framer, FramingCounters, Packet
from agent.event import Event, Fields
from agent.redaction import Redaction

__all__ = ["Event", "Transcript", "TranscriptCounters"]

MAX_OPEN_LISTS = 16
MAX_TAIL_PACKETS = 8  # after that a cut packet's tail is taken for lost

_LOGIN_ACCEPTED = "Authentication accepted"
_LIST_OF_MESSAGE = {
    "Queue status will follow": "QueueStatus",
    "Channels will follow": "CoreShowChannels",
}
_LIST_OF_ITEM = {
    "QueueParams": "QueueStatus",
    "QueueMember": "QueueStatus",
    "QueueEntry": "QueueStatus",
    "CoreShowChannel": "CoreShowChannels",
}
_LIST_OF_END = {
    "QueueStatusComplete": "QueueStatus",
    "CoreShowChannelsComplete": "CoreShowChannels",
}
_TIMESTAMP = re.compile(r"([0-9]{9,10})\.([0-9]{1,6})\Z")


class TranscriptCounters(object):
    """What a transcript did since it was made: `selected` events and `forged` packets left out."""

    __slots__ = ("forged", "selected")

    def __init__(self) -> None:
        """All zero."""
        self.selected = 0
        self.forged = 0


class _OpenList(object):
    """A list answer that has begun, and how many of its items were taken."""

    __slots__ = ("is_counted", "items", "name")

    def __init__(self, name: str, is_counted: bool) -> None:
        """`is_counted`: its end will tell how many items there were. Asterisk 11 does not."""
        self.name = name
        self.is_counted = is_counted
        self.items = 0


class Transcript(object):
    """Turns the bytes of successive connections into events. Bounded memory, see `Framer`."""

    def __init__(self, redaction: Redaction, action_prefix: str = "") -> None:
        """Masks by `redaction`.

        Only answers to actions whose ActionID begins with `action_prefix` are taken as lists: with
        an unguessable prefix nobody who can inject text into the stream can forge one.
        """
        self._redaction = redaction
        self._action_prefix = action_prefix
        self.framing = FramingCounters()
        self.counters = TranscriptCounters()
        self._framer = Framer(self.framing)
        self._lists: Dict[str, _OpenList] = {}
        self._tail = ""
        self._tail_packets = 0
        self._banner = ""
        self._is_logged_in = False

    def connected(self, received_ms: int) -> List[Event]:
        """A new connection is open; closes one that was not reported lost."""
        events = self.lost(received_ms, "reconnected")
        self._framer = Framer(self.framing)
        self._banner = ""
        self._tail = ""
        return events

    def feed(self, data: bytes, received_ms: int) -> List[Event]:
        """The events that are complete with these bytes."""
        return [event for _, events in self.feed_packets(data, received_ms) for event in events]

    def feed_packets(self, data: bytes, received_ms: int) -> List[Tuple[Packet, List[Event]]]:
        """The packets that are complete with these bytes, each with the events it gives.

        For whoever has to react to the answers as well: the session.
        """
        return [
            (packet, self._events_of(packet, received_ms)) for packet in self._framer.feed(data)
        ]

    def lost(self, received_ms: int, reason: str) -> List[Event]:
        """The connection has ended. Without a login before, this is no event."""
        events = [
            _snapshot_end(received_ms, opened.name, opened.items, is_complete=False)
            for opened in self._lists.values()
        ]
        self._lists = {}
        if self._is_logged_in:
            self._is_logged_in = False
            events.append(Event(received_ms, "collector", "ami_lost", {"reason": reason}))
        return events

    def _events_of(self, packet: Packet, received_ms: int) -> List[Event]:
        if self._is_tail_of_cut(packet):
            self.counters.forged += 1
            return []
        kind, name = packet.first
        if kind == "Event":
            if name in selection.BROADCASTS:
                return self._broadcast(packet, received_ms)
            if name in _LIST_OF_ITEM:
                return self._item(packet, received_ms)
            if name in _LIST_OF_END:
                return self._end(packet, received_ms)
        elif kind == "Response" and name == "Success":
            return self._answer(packet, received_ms)
        elif kind == "Banner":
            self._banner = name
        return []

    def _is_tail_of_cut(self, packet: Packet) -> bool:
        """Whether the packet is text injected into the one before it, up to the true one's tail."""
        if not self._tail:
            return False
        self._tail_packets += 1
        if self._tail_packets >= MAX_TAIL_PACKETS or packet.values(self._tail):
            self._tail = ""
        return True

    def _expect_tail(self, header: str) -> None:
        self._tail = header
        self._tail_packets = 0

    def _broadcast(self, packet: Packet, received_ms: int) -> List[Event]:
        if not selection.is_broadcast(packet):
            self.counters.forged += 1
            return []
        if selection.is_cut_broadcast(packet):
            self._expect_tail("Linkedid")
            self.counters.forged += 1
            return []
        fields = selection.broadcast_fields(packet)
        if not fields:
            return []
        at_ms = _timestamp_ms(packet, received_ms)
        return [self._event(at_ms, "ami", packet, fields)]

    def _item(self, packet: Packet, received_ms: int) -> List[Event]:
        name = packet.first[1]
        opened = self._open_list(packet, _LIST_OF_ITEM[name])
        if opened is None and name == "QueueEntry" and not packet.values("ActionID"):
            # Cut by a line break in the name or number, and true up to there.
            opened = next(
                (some for some in self._lists.values() if some.name == "QueueStatus"), None
            )
            if opened is not None:
                self._expect_tail("ActionID")
        if opened is None or not selection.is_list_item(packet):
            self.counters.forged += 1
            return []
        opened.items += 1
        return [self._event(received_ms, "snapshot", packet, selection.item_fields(packet))]

    def _end(self, packet: Packet, received_ms: int) -> List[Event]:
        opened = self._open_list(packet, _LIST_OF_END[packet.first[1]])
        if opened is None or not selection.is_list_end(packet, opened.is_counted):
            self.counters.forged += 1
            return []
        del self._lists[packet.get("ActionID")]
        is_complete = not opened.is_counted or packet.get("ListItems") == str(opened.items)
        return [_snapshot_end(received_ms, opened.name, opened.items, is_complete=is_complete)]

    def _open_list(self, packet: Packet, name: str) -> Optional[_OpenList]:
        for action_id in packet.values("ActionID"):
            opened = self._lists.get(action_id)
            if opened is not None and opened.name == name:
                return opened
        return None

    def _answer(self, packet: Packet, received_ms: int) -> List[Event]:
        message = packet.get("Message")
        if message == _LOGIN_ACCEPTED and not self._is_logged_in:
            self._is_logged_in = True
            connected: Fields = {"asterisk": self._banner, "log": "none"}
            return [Event(received_ms, "collector", "ami_connected", connected)]
        action_id = packet.get("ActionID")
        if not action_id or not action_id.startswith(self._action_prefix):
            return []
        if message in _LIST_OF_MESSAGE and len(self._lists) < MAX_OPEN_LISTS:
            name = _LIST_OF_MESSAGE[message]
            is_counted = packet.get("EventList") == "start"
            self._lists[action_id] = _OpenList(name, is_counted=is_counted)
            return [_snapshot_begin(received_ms, name)]
        return queue_config(queues_conf.queues_of(packet), received_ms)

    def _event(self, at_ms: int, kind: str, packet: Packet, fields: Fields) -> Event:
        name = packet.first[1]
        masked = self._redaction.apply(name, fields)
        if packet.charset != "utf-8":
            masked["Charset"] = packet.charset
        self.counters.selected += 1
        return Event(at_ms, kind, name, masked)


def queue_config(queues: List[Fields], at_ms: int) -> List[Event]:
    """The queues' settings as a snapshot, wherever they were read; nothing if there are none."""
    if not queues:
        return []
    return [
        _snapshot_begin(at_ms, "QueueConfig"),
        *(Event(at_ms, "snapshot", "QueueConfig", queue) for queue in queues),
        _snapshot_end(at_ms, "QueueConfig", len(queues), is_complete=True),
    ]


def _snapshot_begin(at_ms: int, name: str) -> Event:
    return Event(at_ms, "snapshot", "begin", {"list": name})


def _snapshot_end(at_ms: int, name: str, items: int, is_complete: bool) -> Event:
    complete = "yes" if is_complete else "no"
    fields: Fields = {"list": name, "items": str(items), "complete": complete}
    return Event(at_ms, "snapshot", "end", fields)


def _timestamp_ms(packet: Packet, received_ms: int) -> int:
    """Asterisk's own time: `seconds.microseconds`, the first of that name; else `received_ms`."""
    parts = _TIMESTAMP.match(packet.get("Timestamp"))
    if parts is None:
        return received_ms
    seconds, fraction = parts.groups()
    return int(seconds) * 1000 + int(fraction.ljust(6, "0")) // 1000
