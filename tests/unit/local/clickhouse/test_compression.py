"""Bodies come out as they went in; damaged and oversized ones are refused piece by piece."""

import gzip
import struct
import zlib
from collections.abc import Callable

import brotli
import lz4.frame
import pytest
import zstandard
from clickhouse_cityhash.cityhash import CityHash128

from local.clickhouse import compression
from local.clickhouse.compression import compressor, framed, inflated, unframed
from local.clickhouse.errors import RequestError

DATA = b"SELECT 1 -- " + b"a line that repeats itself\n" * 100_000
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "lz4": lz4.frame.compress,
    "br": brotli.compress,
}


@pytest.mark.parametrize("encoding", PACKERS)
def test_every_encoding_is_inflated_in_small_pieces(encoding: str) -> None:
    pieces = list(inflated(PACKERS[encoding](DATA), encoding))
    assert b"".join(pieces) == DATA
    assert max(map(len, pieces)) <= 4 << 20


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_damaged_body_is_refused(encoding: str) -> None:
    with pytest.raises(RequestError, match="CANNOT_DECOMPRESS"):
        list(inflated(b"\x00 is no compressed text", encoding))


@pytest.mark.parametrize("encoding", [name for name in PACKERS if name != "zstd"])
def test_a_body_cut_short_is_refused(encoding: str) -> None:
    with pytest.raises(RequestError, match="CANNOT_DECOMPRESS"):
        list(inflated(PACKERS[encoding](DATA)[:-6], encoding))


def test_a_body_without_encoding_is_taken_as_it_is() -> None:
    assert list(inflated(b"SELECT 1", "")) == [b"SELECT 1"]
    assert list(inflated(b"SELECT 1", "identity")) == [b"SELECT 1"]


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(RequestError, match="BAD_ARGUMENTS"):
        list(inflated(b"", "rot13"))


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_bomb_is_refused_before_it_fills_the_memory(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compression, "MAX_INFLATED_BYTES", 1 << 20)
    seen: list[int] = []
    pieces = inflated(PACKERS[encoding](bytes(4 << 20)), encoding)
    with pytest.raises(RequestError, match="TOO_MANY_BYTES"):
        seen.extend(map(len, pieces))
    assert sum(seen) <= 1 << 20


def test_frames_hold_what_was_put_in() -> None:
    assert b"".join(unframed(framed(DATA))) == DATA
    assert framed(b"") == b""
    assert list(unframed(b"")) == []


def test_a_frame_as_clickhouse_writes_it() -> None:
    # After the checksum: method lz4, 18 bytes from here on, 8 bytes of data, a run of 8 literals.
    assert framed(b"SELECT 1")[16:] == b"\x82\x12\0\0\0\x08\0\0\0\x80SELECT 1"


@pytest.mark.parametrize("place", [0, 16, 17, 25, -1])
def test_a_damaged_frame_is_refused(place: int) -> None:
    frame = bytearray(framed(b"SELECT 1, 2, 3"))
    frame[place] ^= 0xFF
    with pytest.raises(RequestError, match=r"CHECKSUM_DOESNT_MATCH|CANNOT_DECOMPRESS"):
        list(unframed(bytes(frame)))


def test_a_frame_cut_short_is_refused() -> None:
    with pytest.raises(RequestError, match="CANNOT_DECOMPRESS"):
        list(unframed(framed(DATA)[:20]))


@pytest.mark.parametrize("told", [1 << 31, 1 << 50])
def test_a_frame_whose_content_is_larger_than_it_says_is_refused(told: int) -> None:
    # zstd's magic, a head with a size of eight bytes, that size, and a last empty block.
    content = b"\x28\xb5\x2f\xfd\xe0" + told.to_bytes(8, "little") + b"\x01\x00\x00"
    rest = struct.pack("<BII", 0x90, len(content) + 9, 10) + content
    number = CityHash128(rest)
    frame = struct.pack("<QQ", number >> 64, number & ((1 << 64) - 1)) + rest
    with pytest.raises(RequestError, match="wrong size"):
        list(unframed(frame))


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd", "lz4"])
def test_the_first_acceptable_encoding_is_made(encoding: str) -> None:
    found = compressor(f"x-unknown, {encoding};q=0.5, gzip")
    assert found is not None
    name, packer = found
    assert name == encoding
    packed = packer.compress(DATA[:1000]) + packer.compress(DATA[1000:]) + packer.flush()
    assert b"".join(inflated(packed, encoding)) == DATA


def test_nothing_acceptable_means_no_compression() -> None:
    assert compressor("") is None
    assert compressor("br") is None
