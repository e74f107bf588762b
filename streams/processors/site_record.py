"""The state record of one site, as it stands in the table's changelog.

A record says: after the message at `offset` of the source partition the site's state is this; and
when the record was made, everything up to `floor` in that partition had taken its full effect. The
state is the fold's own encoding and is not looked into here.

Invariant: a record is only sent after the facts up to its offset were acknowledged, so every record
is true, whoever wrote it and however late. Of two records of a site the one with the higher offset
knows more.
"""

import struct

import msgspec

from streams.errors import StateRecordError

RECORD_FORM = 1
"""Rises when the header changes; a record of another form is not read."""

NOTHING = -1
"""A floor before the first offset: no flush of the partition was complete."""

_HEADER = struct.Struct(">BIqq")  # form, partition, offset, floor


class SiteRecord(msgspec.Struct, frozen=True):
    """A site's encoded state with its place in the source log."""

    partition: int
    offset: int
    floor: int
    state: bytes


class RecordPlace(msgspec.Struct, frozen=True):
    """Where a record belongs; what can be read of it without copying the state."""

    partition: int
    offset: int
    floor: int


def encode_record(record: SiteRecord) -> bytes:
    """The record as it is stored: a header of fixed length, then the state."""
    return _HEADER.pack(RECORD_FORM, record.partition, record.offset, record.floor) + record.state


def decode_record(data: bytes) -> SiteRecord:
    """A stored record. Raises StateRecordError on anything else."""
    place = record_place(data)
    return SiteRecord(place.partition, place.offset, place.floor, data[_HEADER.size :])


def record_place(data: bytes) -> RecordPlace:
    """The header of a stored record. Raises StateRecordError on anything else."""
    if len(data) < _HEADER.size:
        raise StateRecordError(f"a site record of {len(data)} bytes is too short to be one")
    form, partition, offset, floor = _HEADER.unpack_from(data)
    if form != RECORD_FORM:
        raise StateRecordError(f"a site record has form {form}, this program reads {RECORD_FORM}")
    return RecordPlace(partition, offset, floor)
