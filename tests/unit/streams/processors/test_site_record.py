import pytest

from streams.errors import StateRecordError
from streams.processors.site_record import (
    NOTHING,
    RecordPlace,
    SiteRecord,
    decode_record,
    encode_record,
    record_place,
)


def test_a_record_is_read_as_it_was_written() -> None:
    record = SiteRecord(partition=3, offset=2**40, floor=NOTHING, state=b"\x93state")

    assert decode_record(encode_record(record)) == record
    assert record_place(encode_record(record)) == RecordPlace(3, 2**40, NOTHING)


def test_the_header_is_21_bytes() -> None:
    assert len(encode_record(SiteRecord(0, 0, 0, b""))) == 21


@pytest.mark.parametrize("data", [b"", b"\x01short", b'{"json": "of somebody else entirely"}'])
def test_what_is_not_a_record_is_refused(data: bytes) -> None:
    with pytest.raises(StateRecordError):
        decode_record(data)
