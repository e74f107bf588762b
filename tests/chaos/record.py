"""What was said to the API, kept apart from everything that is judged by it.

Every event that went out in a body is kept by site, spool and sequence, as the very bytes it was
sent as. An event counts as accepted when a body that held it was answered 202.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec


class Body(msgspec.Struct):
    """The part of a batch of the wire form that is needed here."""

    site: str
    spool: str
    events: list[msgspec.Raw]


class EventHead(msgspec.Struct):
    """What tells one event from another, and a gap from what it stands for."""

    sequence: int
    kind: str = ""
    name: str = ""
    fields: dict[str, str | list[str]] = {}

    def stands_for(self, sequence: int) -> bool:
        """Whether this is the gap that took the place of the event with this sequence."""
        if (self.kind, self.name) != ("collector", "gap"):
            return False
        return int(str(self.fields["from"])) <= sequence <= self.sequence


class EventKey(NamedTuple):
    """One event of one spool."""

    site: str
    spool: str
    sequence: int


@dataclass
class SpoolRecord:
    """Sequence → the event as JSON.

    `accepted`: answered 202. `doubtful`: sent, and nobody has answered. `unsent`: said to somebody
    who did not pass it on.
    """

    accepted: dict[int, bytes] = field(default_factory=dict)
    doubtful: dict[int, bytes] = field(default_factory=dict)
    unsent: dict[int, bytes] = field(default_factory=dict)


_body_decoder = msgspec.json.Decoder(Body)
_head_decoder = msgspec.json.Decoder(EventHead)


def read_body(text: bytes) -> Body:
    """The batch in an inflated body. Raises msgspec.DecodeError if it is none."""
    return _body_decoder.decode(text)


def head_of(event: bytes) -> EventHead:
    """What an event of the wire form is."""
    return _head_decoder.decode(event)


class Record:
    """All that was said, by any number of threads.

    `conflicts` are sentences: the same sequence came with another content, which no gap explains.
    """

    def __init__(self) -> None:
        """Nothing was said."""
        self.sites: dict[str, dict[str, SpoolRecord]] = {}
        self.conflicts: list[str] = []
        self.bodies: dict[str, int] = defaultdict(int)
        self._lock = threading.Lock()

    def heard(self, batch: Body, *, may_arrive: bool = True) -> None:
        """A body was said; unless it `may_arrive`, the API surely never gets it."""
        with self._lock:
            spool = self.sites.setdefault(batch.site, {}).setdefault(batch.spool, SpoolRecord())
            self.bodies[batch.site] += 1
            for event in batch.events:
                self._hear(batch, spool, bytes(event), may_arrive=may_arrive)

    def answered(self, batch: Body) -> None:
        """The API answered 202 to this body."""
        with self._lock:
            spool = self.sites[batch.site][batch.spool]
            for event in batch.events:
                sequence = head_of(bytes(event)).sequence
                spool.accepted.setdefault(sequence, bytes(event))
                if spool.doubtful.get(sequence) == bytes(event):
                    del spool.doubtful[sequence]

    def accepted_count(self) -> int:
        """How many events were answered 202, each counted once."""
        with self._lock:
            return sum(len(spool.accepted) for _, _, spool in self._spools())

    def accepted(self) -> Iterator[tuple[EventKey, bytes]]:
        """Each event that was answered 202. Only when nobody speaks any more."""
        for site, spool_id, spool in self._spools():
            for sequence, event in spool.accepted.items():
                yield EventKey(site, spool_id, sequence), event

    def delivered(
        self, was_stored: Callable[[EventKey, EventHead], bool]
    ) -> dict[str, list[tuple[str, bytes]]]:
        """Per site the events that reached the broker, in the order of their spools: (spool, JSON).

        Of an event that went out, was never answered, and then gave way to a gap, nobody was told
        whether it had arrived: `was_stored` decides.
        """
        found: dict[str, list[tuple[str, bytes]]] = {}
        for site, spool_id, spool in self._spools():
            arrived = {
                sequence: event
                for sequence, event in spool.doubtful.items()
                if was_stored(EventKey(site, spool_id, sequence), head_of(event))
            }
            events = spool.accepted | arrived
            ordered = [(spool_id, events[sequence]) for sequence in sorted(events)]
            found.setdefault(site, []).extend(ordered)
        return found

    def last_sequences(self) -> dict[tuple[str, str], int]:
        """Site and spool → the highest sequence that was answered 202."""
        with self._lock:
            return {
                (site, spool_id): max(spool.accepted)
                for site, spool_id, spool in self._spools()
                if spool.accepted
            }

    def _spools(self) -> Iterator[tuple[str, str, SpoolRecord]]:
        for site, spools in self.sites.items():
            for spool_id, spool in spools.items():
                yield site, spool_id, spool

    def _hear(self, batch: Body, spool: SpoolRecord, event: bytes, *, may_arrive: bool) -> None:
        head = _head_decoder.decode(event)
        for known in (spool.accepted, spool.doubtful, spool.unsent):
            before = known.get(head.sequence)
            if before not in (None, event) and not head.stands_for(head.sequence):
                self.conflicts.append(
                    f"{batch.site} said {head.sequence} of {batch.spool} twice, differently:"
                    f" {before!r}, then {event!r}"
                )
        if head.sequence not in spool.accepted:
            kept = spool.doubtful if may_arrive else spool.unsent
            kept.setdefault(head.sequence, event)
