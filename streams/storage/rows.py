"""Facts and raw batches as columns of the tables. Field names are column names, in the same order.

Times stay integer milliseconds: that is what DateTime64(3) holds. Two columns differ from their
field (docs/adr/0011): `uniqueid` of a queue call is computed by ClickHouse from `call_id`, and
`contact_id` is stored empty where it equals the uniqueid; `v_queue_calls` shows both.
"""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import NamedTuple

import msgspec

from streams.domain.facts import (
    FACT_TYPES,
    Fact,
    QueueCall,
    QueueCallGone,
    QueueName,
    StaleWindow,
)
from streams.domain.site_state import STATE_FORM

EVENT_BATCHES = "event_batches"
SITE_SNAPSHOTS = "site_snapshots"


class RawBatch(msgspec.Struct, frozen=True, gc=False):
    """A published batch as it is kept for audit and to be folded anew.

    It stands for the events `first_sequence` to `last_sequence` only: those the fold had not
    applied before. `payload` is the value of the Kafka message, unchanged. `received_at` is
    milliseconds since the epoch.
    """

    tenant_id: str
    site: str
    generation: int
    first_sequence: int
    last_sequence: int
    spool: str
    received_at: int
    payload: bytes


class SiteSnapshot(msgspec.Struct, frozen=True, gc=False):
    """The encoded state of a site right after the event (`generation`, `sequence`).

    What a rebuild can start from. `taken_at` is the site's event time in that state
    (`SiteState.now`), milliseconds since the epoch; `state` is what `encode_state` made.
    """

    tenant_id: str
    site: str
    generation: int
    sequence: int
    taken_at: int
    state: bytes


class WindowDifference(NamedTuple):
    """A window that does not equal its queue calls; `window_start` is milliseconds since the epoch.

    `stored` and `recounted` are counts and sums as texts, empty where there is no such row.
    """

    tenant_id: str
    queue: str
    window_start: int
    site: str
    channel: str
    stored: str
    recounted: str


class Block(NamedTuple):
    """What one insert holds: column names and the columns, all of the same length (1 or more)."""

    table: str
    column_names: tuple[str, ...]
    columns: tuple[Sequence[object], ...]


def stored_columns(fact_type: type[Fact]) -> tuple[str, ...]:
    """The columns of its table that `fact_block` fills, in order."""
    names = fact_type.__struct_fields__
    return tuple(name for name in names if fact_type is not QueueCall or name != "uniqueid")


def latest_facts(facts: Iterable[Fact]) -> dict[type[Fact], list[Fact]]:
    """Facts by type, of those with one key only the one that holds: highest version, then last.

    Types come in the order of their first fact; so do keys within a type.
    """
    by_type: dict[type[Fact], dict[tuple[object, ...], Fact]] = {}
    for fact in facts:
        fact_type = type(fact)
        by_key = by_type.setdefault(fact_type, {})
        key = _KEY_OF[fact_type](fact)
        known = by_key.get(key)
        if known is None or fact.version >= known.version:
            by_key[key] = fact
    return {fact_type: list(by_key.values()) for fact_type, by_key in by_type.items()}


def fact_block(fact_type: type[Fact], facts: Sequence[Fact]) -> Block:
    """The insert of these facts (one or more), all of this type."""
    columns = _columns(fact_type.__struct_fields__, facts)
    if fact_type is QueueCall:
        return _queue_call_block(columns)
    if fact_type is QueueCallGone:
        columns["is_deleted"] = [1] * len(facts)
    return Block(fact_type.TABLE, tuple(columns), tuple(columns.values()))


def batch_block(batches: Sequence[RawBatch]) -> Block:
    """The insert of these raw batches (one or more)."""
    columns = _columns(RawBatch.__struct_fields__, batches)
    return Block(EVENT_BATCHES, tuple(columns), tuple(columns.values()))


def snapshot_block(snapshots: Sequence[SiteSnapshot]) -> Block:
    """The insert of these snapshots (one or more), which are of the form this program reads."""
    columns = _columns(SiteSnapshot.__struct_fields__, snapshots)
    columns["form"] = [STATE_FORM] * len(snapshots)
    return Block(SITE_SNAPSHOTS, tuple(columns), tuple(columns.values()))


def _columns(names: tuple[str, ...], rows: Sequence[object]) -> dict[str, list[object]]:
    return {name: list(map(attrgetter(name), rows)) for name in names}


def _queue_call_block(columns: dict[str, list[object]]) -> Block:
    uniqueids = columns.pop("uniqueid")
    columns["contact_id"] = [
        "" if contact_id == uniqueid else contact_id
        for contact_id, uniqueid in zip(columns["contact_id"], uniqueids, strict=True)
    ]
    return Block(QueueCall.TABLE, tuple(columns), tuple(columns.values()))


_KEY_OF = {
    fact_type: attrgetter(*fact_type.KEY)
    for fact_type in (*FACT_TYPES, QueueCallGone, QueueName, StaleWindow)
}
