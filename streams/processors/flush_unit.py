"""One unit of effect: what the fold made since the last flush, to be written as a whole.

A unit is open while messages are folded into it. When it is cut it is closed: the states it changed
are encoded as they are then, and the fold goes on with the next unit while this one is written.
"""

from collections.abc import Callable

import msgspec

from streams.domain.facts import Fact
from streams.processors.dead_letters import DeadLetter
from streams.storage.rows import RawBatch, SiteSnapshot


class EventAge(msgspec.Struct, frozen=True):
    """Times of a folded batch, milliseconds since the epoch: how old it was when flushed."""

    happened_at: int
    received_at: int


class FlushUnit(msgspec.Struct):
    """Facts, raw batches, snapshots, dead letters and acknowledgements that belong together.

    `epoch` is the life of the in-memory states it was made from: a unit of a past one is worthless.
    `changed` holds the keys of the sites whose state changed. `oldest` is when
    the first batch of each partition happened, in milliseconds since the epoch. `records`,
    `snapshots` and `positions` are filled when the unit is cut; positions map a partition to the
    last offset the unit covers.
    """

    epoch: int
    facts: list[Fact] = []
    batches: list[RawBatch] = []
    dead: list[DeadLetter] = []
    acknowledge: list[Callable[[], object]] = []
    changed: set[bytes] = set()
    ages: list[EventAge] = []
    oldest: dict[int, int] = {}
    events: int = 0
    records: dict[bytes, bytes] = {}
    snapshots: list[SiteSnapshot] = []
    positions: dict[int, int] = {}

    @property
    def rows(self) -> int:
        """What fills the unit: facts, superseded ones included, and events, repeated ones too.

        At the least one per message: one that changes nothing is held as well until the unit is
        written, which may take as long as ClickHouse is away.
        """
        return max(len(self.facts) + self.events, len(self.acknowledge))

    @property
    def is_empty(self) -> bool:
        """Whether nothing was taken since the last cut."""
        return not self.acknowledge
