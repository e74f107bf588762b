"""Encodings of bodies: HTTP content encodings, and ClickHouse's own compressed frames.

Everything is inflated piece by piece up to a limit, so that no small body can fill the memory.
A frame is: CityHash128 of the rest (16 bytes), method (1), compressed size with these 9 bytes (4),
size (4), data.
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import brotli
import lz4.block
import lz4.frame
import zstandard
from clickhouse_cityhash.cityhash import CityHash128

from local.clickhouse.errors import RequestError, bad_request

MAX_INFLATED_BYTES = 1 << 30
_PIECE_BYTES = 1 << 20
_MAX_FRAME_BYTES = 64 << 20
_GZIP_OR_ZLIB = 47  # window of 32 KiB, and zlib looks at the head itself

_CHECKSUM_BYTES = 16
_HEADER = struct.Struct("<BII")
_METHOD_LZ4 = 0x82
_METHOD_ZSTD = 0x90
_METHOD_NONE = 0x02


class Compressor(Protocol):
    """Compresses the pieces of one body."""

    def compress(self, data: bytes) -> bytes:
        """What can be sent after this piece; may be empty."""

    def flush(self) -> bytes:
        """The rest, at the end of the body."""


def inflated(body: bytes, encoding: str) -> Iterator[bytes]:
    """The pieces of a body with this Content-Encoding (empty or `identity`: as it is).

    Raises RequestError if the encoding is unknown, the body damaged, or more than
    MAX_INFLATED_BYTES come out.
    """
    if encoding in ("", "identity"):
        yield body
        return
    if encoding not in _INFLATERS:
        raise bad_request(f"unsupported Content-Encoding {encoding[:20]!r}")
    try:
        yield from _limited(_INFLATERS[encoding](body))
    except (zlib.error, zstandard.ZstdError, brotli.error, RuntimeError, EOFError) as error:
        raise RequestError(271, "CANNOT_DECOMPRESS", "damaged body") from error


def unframed(body: bytes) -> Iterator[bytes]:
    """The contents of ClickHouse's compressed frames (`decompress=1`).

    Raises RequestError on damaged or unknown frames, or more than MAX_INFLATED_BYTES.
    """
    return _limited(_frame_contents(body))


def framed(data: bytes) -> bytes:
    """The data in ClickHouse's compressed frames (`compress=1`)."""
    return b"".join(_frame(data[i : i + _PIECE_BYTES]) for i in range(0, len(data), _PIECE_BYTES))


def compressor(accepted: str) -> tuple[str, Compressor] | None:
    """The first encoding of an Accept-Encoding header that we can make; None if there is none."""
    for offer in accepted.split(","):
        name = offer.partition(";")[0].strip().lower()
        if name in _COMPRESSORS:
            return name, _COMPRESSORS[name]()
    return None


def _limited(pieces: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_INFLATED_BYTES:
            raise RequestError(307, "TOO_MANY_BYTES", "the inflated body is too large")
        if piece:
            yield piece


def _frame_contents(body: bytes) -> Iterator[bytes]:
    place = 0
    while place < len(body):
        start = place + _CHECKSUM_BYTES
        if len(body) < start + _HEADER.size:
            raise RequestError(271, "CANNOT_DECOMPRESS", "a compressed frame is cut short")
        method, compressed_size, size = _HEADER.unpack_from(body, start)
        place = start + compressed_size
        if place > len(body) or compressed_size < _HEADER.size or size > _MAX_FRAME_BYTES:
            raise RequestError(271, "CANNOT_DECOMPRESS", "a compressed frame has a wrong size")
        if _checksum(body[start:place]) != body[start - _CHECKSUM_BYTES : start]:
            raise RequestError(40, "CHECKSUM_DOESNT_MATCH", "a compressed frame is damaged")
        yield _frame_content(method, body[start + _HEADER.size : place], size)


def _frame_content(method: int, data: bytes, size: int) -> bytes:
    try:
        if method == _METHOD_LZ4:
            return bytes(lz4.block.decompress(data, uncompressed_size=size))
        if method == _METHOD_ZSTD:
            # What zstd's own head tells goes before any limit that it is given.
            if zstandard.frame_content_size(data) > size:
                raise RequestError(271, "CANNOT_DECOMPRESS", "a compressed frame has a wrong size")
            return zstandard.ZstdDecompressor().decompress(data, max_output_size=size)
    except (lz4.block.LZ4BlockError, zstandard.ZstdError) as error:
        raise RequestError(271, "CANNOT_DECOMPRESS", "a compressed frame is damaged") from error
    if method == _METHOD_NONE:
        return data
    raise RequestError(89, "UNKNOWN_COMPRESSION_METHOD", f"unknown frame method {method}")


def _frame(data: bytes) -> bytes:
    packed: bytes = lz4.block.compress(data, store_size=False)
    rest = _HEADER.pack(_METHOD_LZ4, len(packed) + _HEADER.size, len(data)) + packed
    return _checksum(rest) + rest


def _checksum(data: bytes) -> bytes:
    # The library gives one number; ClickHouse writes its upper half first.
    number = CityHash128(data)
    return struct.pack("<QQ", number >> 64, number & ((1 << 64) - 1))


class _Lz4Compressor:
    """lz4's frame compressor with the header sent before the first piece."""

    def __init__(self) -> None:
        self._compressor = lz4.frame.LZ4FrameCompressor()
        self._header: bytes = self._compressor.begin()

    def compress(self, data: bytes) -> bytes:
        header, self._header = self._header, b""
        packed: bytes = self._compressor.compress(data)
        return header + packed

    def flush(self) -> bytes:
        header, self._header = self._header, b""
        rest: bytes = self._compressor.flush()
        return header + rest


def _inflate_zlib(body: bytes) -> Iterator[bytes]:
    decompressor = zlib.decompressobj(_GZIP_OR_ZLIB)
    while not decompressor.eof:
        piece = decompressor.decompress(body, _PIECE_BYTES)
        body = decompressor.unconsumed_tail
        if not piece and not body and not decompressor.eof:
            raise EOFError
        yield piece


def _inflate_zstd(body: bytes) -> Iterator[bytes]:
    with zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True) as reader:
        while piece := reader.read(_PIECE_BYTES):
            yield piece


def _inflate_lz4(body: bytes) -> Iterator[bytes]:
    with lz4.frame.LZ4FrameFile(io.BytesIO(body)) as reader:
        while piece := reader.read(_PIECE_BYTES):
            yield piece


def _inflate_brotli(body: bytes) -> Iterator[bytes]:
    decompressor = brotli.Decompressor()
    piece = decompressor.process(body, output_buffer_limit=_PIECE_BYTES)
    while piece:
        yield piece
        piece = decompressor.process(b"", output_buffer_limit=_PIECE_BYTES)
    if not decompressor.is_finished():
        raise EOFError


_INFLATERS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _inflate_zlib,
    "deflate": _inflate_zlib,
    "zstd": _inflate_zstd,
    "lz4": _inflate_lz4,
    "br": _inflate_brotli,
}

_COMPRESSORS: dict[str, Callable[[], Compressor]] = {
    "lz4": _Lz4Compressor,
    "zstd": lambda: zstandard.ZstdCompressor(level=1).compressobj(),
    "gzip": lambda: zlib.compressobj(3, zlib.DEFLATED, 31),
    "deflate": lambda: zlib.compressobj(3),
}
