"""Requests of somebody who means harm, or whose disk does: real batches, bent by chance."""

import gzip
import random
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import zstandard

PERSON = "Maria Segredo"
NUMBER = "+5511900000001"
"""Stand in every real batch; no log and no metric may show them."""

_TOKENS = (
    *(b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-0", b"9" * 400, b"1e-999", b"0x10", b"01"),
    *(b"null", b"true", b"[]", b"{}", b'""', b'"\\ud800"', b'"\\u0000"', b"\xff\xfe", b"\x00"),
    *(
        b'"site":"pbx-02",',
        b'"tenant":"rival",',
        b'"sequence":1,',
        b'"events":[],',
        b'"fields":{},',
    ),
    *(b"[" * 2_000, b'{"a":' * 2_000, b"]", b"}", b",", b":", b"\\", b'"', b"//", b"/*"),
    *(b"18446744073709551616", b"-1", b"0.5", b"2147483648", b'"9999-99-99T99:99:99Z"'),
)
_ENCODINGS = (b"gzip", b"identity", b"deflate", b"br", b"zstd", b"gzip, gzip", b"\xff", b"")
_TYPES = (b"application/json", b"text/plain", b"application/json; charset=utf-16", b"\xff", b"")


class Hostile(NamedTuple):
    """A request: headers beside the token, and the body in the pieces it comes in."""

    headers: tuple[tuple[bytes, bytes], ...]
    pieces: tuple[bytes, ...]


def hostile_requests(real: Sequence[bytes], number: int, seed: int) -> Iterator[Hostile]:
    """`number` requests made of `real` bodies; the same for the same seed."""
    chance = random.Random(seed)
    for _ in range(number):
        content = _bent(chance, chance.choice(real), real)
        headers = [(b"content-type", b"application/json")]
        encode = chance.choices(list(_ENCODERS), [12, 4, 2, 1, 1])[0]
        content, encoding = _ENCODERS[encode](chance, content)
        if encoding:
            headers.append((b"content-encoding", encoding))
        if chance.random() < 0.03:
            headers = [
                (b"content-type", chance.choice(_TYPES)),
                (b"content-encoding", chance.choice(_ENCODINGS)),
                (b"content-length", chance.choice((b"-1", b"x", b"0", b"9" * 30, b"5"))),
            ]
        yield Hostile(tuple(headers), tuple(_pieces(chance, content)))


def _bent(chance: random.Random, body: bytes, real: Sequence[bytes]) -> bytes:
    content = bytearray(body)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        at = chance.randrange(len(content) + 1)
        chance.choice(_CHANGES)(chance, content, at, real)
    return bytes(content)


def _change(chance: random.Random, content: bytearray, at: int, _: Sequence[bytes]) -> None:
    content[at : at + 1] = bytes([chance.randrange(256)])


def _drop(chance: random.Random, content: bytearray, at: int, _: Sequence[bytes]) -> None:
    del content[at : at + chance.choice((1, 2, 8, 100))]


def _put_token(chance: random.Random, content: bytearray, at: int, _: Sequence[bytes]) -> None:
    content[at : at + chance.choice((0, 0, 1, 4))] = chance.choice(_TOKENS)


def _put_value(chance: random.Random, content: bytearray, at: int, _: Sequence[bytes]) -> None:
    """In place of a value: after a colon, up to the next comma."""
    start = content.find(b":", at) + 1
    end = content.find(b",", start)
    if start and end > start:
        content[start:end] = chance.choice(_TOKENS)


def _repeat(chance: random.Random, content: bytearray, at: int, _: Sequence[bytes]) -> None:
    content[at:at] = content[at : at + chance.choice((1, 10, 100))] * chance.choice((1, 2, 20))


def _cross(chance: random.Random, content: bytearray, at: int, real: Sequence[bytes]) -> None:
    other = chance.choice(real)
    content[at:] = other[min(at, len(other)) :]


def _cut(_: random.Random, content: bytearray, at: int, __: Sequence[bytes]) -> None:
    del content[at:]


_CHANGES: tuple[Callable[[random.Random, bytearray, int, Sequence[bytes]], None], ...] = (
    *(_change, _drop, _put_token, _put_value, _put_value, _repeat, _cross, _cut),
)


def _plain(_: random.Random, content: bytes) -> tuple[bytes, bytes]:
    return content, b""


def _gzipped(_: random.Random, content: bytes) -> tuple[bytes, bytes]:
    return gzip.compress(content, 1), b"gzip"


def _damaged_gzip(chance: random.Random, content: bytes) -> tuple[bytes, bytes]:
    packed = bytearray(gzip.compress(content, 1))
    packed[chance.randrange(len(packed))] = chance.randrange(256)
    return bytes(packed[: chance.randint(1, len(packed))]), b"gzip"


def _cut_zstd(chance: random.Random, content: bytes) -> tuple[bytes, bytes]:
    packed = zstandard.compress(content, 1)
    return packed[: chance.randint(1, len(packed))], chance.choice((b"zstd", b"gzip", b""))


def _members(chance: random.Random, content: bytes) -> tuple[bytes, bytes]:
    at = chance.randint(0, len(content))
    tail = chance.choice((b"", b"\x00", zlib.compress(content)))
    return gzip.compress(content[:at], 1) + gzip.compress(content[at:], 1) + tail, b"gzip"


_ENCODERS: dict[str, Callable[[random.Random, bytes], tuple[bytes, bytes]]] = {
    "plain": _plain,
    "gzip": _gzipped,
    "damaged gzip": _damaged_gzip,
    "cut zstd": _cut_zstd,
    "members": _members,
}


def _pieces(chance: random.Random, content: bytes) -> list[bytes]:
    if chance.random() < 0.8:
        return [content]
    at = chance.randint(0, len(content))
    return [content[:at], b"", content[at:]]
