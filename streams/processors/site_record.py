"""The state record of one site, as it stands in the table's changelog.

A record says: after the message at `offset` of the source partition the site's state is this; and
when the record was made, everything up to `floor` in that partition had taken its full effect. The
state is the fold's own encoding and is not looked into here.

Offsets mean something within one log only: `log` is the id of the source topic, which a topic that
was made anew does not share. The state itself is true beyond that.

Invariant: a record is only sent after the facts up to its offset were acknowledged, so every record
is true, whoever wrote it and however late. Of two records of a site in one log the one with the
higher offset knows more.
"""

import struct
from typing import NamedTuple

import msgspec

from streams.errors import StateRecordError

RECORD_FORM = 1
"""Rises when the header changes; a record of another form is not read."""

NOTHING = -1
"""A floor before the first offset: no flush of the partition was complete."""

LOG_ID_BYTES = 16

STATE_MAX_BYTES = 1_000_000
"""A message is at most 1,048,588 bytes for a Kafka that was not told otherwise."""

_HEADER = struct.Struct(f">B{LOG_ID_BYTES}sIqq")  # form, log, partition, offset, floor


class RecordPlace(msgspec.Struct, frozen=True):
    """Where a record belongs; what can be read of it without copying the state."""

    log: bytes
    partition: int
    offset: int
    floor: int


def encode_record(place: RecordPlace, state: bytes) -> bytes:
    """The record as it is stored: a header of fixed length, then the encoded state."""
    header = _HEADER.pack(RECORD_FORM, place.log, place.partition, place.offset, place.floor)
    return header + state


def record_place(data: bytes) -> RecordPlace:
    """The place of a stored record. Raises StateRecordError on anything else."""
    if len(data) < _HEADER.size:
        raise StateRecordError(f"a site record of {len(data)} bytes is too short to be one")
    form, log, partition, offset, floor = _HEADER.unpack_from(data)
    if form != RECORD_FORM:
        raise StateRecordError(f"a site record has form {form}, this program reads {RECORD_FORM}")
    return RecordPlace(log, partition, offset, floor)


class StoredState(NamedTuple):
    """The encoded state of a record, after the message at `offset` of the log that is read."""

    offset: int
    state: bytes


def stored_state(data: bytes | None, partition: int, log: bytes) -> StoredState | None:
    """What a record says to who reads this partition of this log; None if it is of another one.

    In another log of the same partition its state is true and its offset is `NOTHING`. `data` is
    None if there is no record. Raises StateRecordError on anything else.
    """
    if data is None:
        return None
    place = record_place(data)
    if place.partition != partition:
        return None
    return StoredState(place.offset if place.log == log else NOTHING, record_state(data))


def record_state(data: bytes) -> bytes:
    """The encoded state of a stored record, which `record_place` has accepted."""
    return data[_HEADER.size :]
