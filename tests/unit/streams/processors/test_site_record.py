import pytest

from streams.errors import StateRecordError
from streams.processors.site_record import (
    NOTHING,
    RecordPlace,
    encode_record,
    record_place,
    record_state,
)

LOG = bytes(range(16))


def test_a_record_is_read_as_it_was_written() -> None:
    place = RecordPlace(LOG, partition=3, offset=2**40, floor=NOTHING)
    data = encode_record(place, b"\x93state")

    assert record_place(data) == place
    assert record_state(data) == b"\x93state"


def test_the_header_is_37_bytes() -> None:
    assert len(encode_record(RecordPlace(LOG, 0, 0, 0), b"")) == 37


@pytest.mark.parametrize(
    "data", [b"", b"\x01short", b'{"json": "of somebody else entirely, and longer"}']
)
def test_what_is_not_a_record_is_refused(data: bytes) -> None:
    with pytest.raises(StateRecordError):
        record_place(data)
