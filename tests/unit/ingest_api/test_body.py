import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import Iterable

import pytest
from starlette.types import Message, Receive

from ingest_api import body as body_module
from ingest_api.body import inflate, read_body
from ingest_api.budget import ByteBudget
from ingest_api.errors import (
    BodyTooSlowError,
    MalformedBodyError,
    Shortage,
    TooLargeError,
    UnavailableError,
    UnsupportedBodyError,
)
from ingest_api.request_head import RequestHead, read_head

MIB = 1024 * 1024


def request(chunks: Iterable[bytes] = ()) -> Receive:
    """A request whose body comes in `chunks`; a last empty one ends it, none means silence."""
    messages = iter(chunks)

    async def receive() -> Message:
        chunk = next(messages, None)
        if chunk is None:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": chunk, "more_body": bool(chunk)}

    return receive


def head(**headers: str) -> RequestHead:
    return read_head(
        (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
    )


async def read(asked: Receive, limit: int = 2 * MIB) -> bytes:
    with ByteBudget(limit, Shortage.BODIES).lease() as lease:
        return bytes(await read_body(asked, lease))


async def test_chunks_are_joined() -> None:
    assert await read(request([b"ab", b"c", b""])) == b"abc"


@pytest.mark.parametrize("declared", [str(50 * MIB), "9" * 5000])
def test_a_declared_length_over_the_limit_is_refused(declared: str) -> None:
    with pytest.raises(TooLargeError):
        head(content_length=declared).check_length()


async def test_an_undeclared_length_is_bounded_while_reading() -> None:
    taken = 0

    def endless() -> Iterable[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield bytes(MIB // 4)

    with pytest.raises(TooLargeError):
        await read(request(endless()))
    assert taken == 5


async def test_a_body_at_the_limit_is_read() -> None:
    assert len(await read(request([bytes(MIB), b""]))) == MIB


def test_a_declared_length_at_the_limit_is_fine() -> None:
    head(content_length=str(MIB)).check_length()


@pytest.mark.parametrize("declared", ["-1", "", "1.5", "\u0661"])
def test_a_length_that_is_no_number_is_malformed(declared: str) -> None:
    with pytest.raises(MalformedBodyError):
        head(content_length=declared).check_length()


async def test_a_body_that_ends_early_is_malformed() -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    with pytest.raises(MalformedBodyError):
        await read(receive)


async def test_a_body_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "BODY_TIMEOUT_S", 0.01)
    with pytest.raises(BodyTooSlowError):
        await read(request([b"a"]))


async def test_bodies_beyond_the_budget_are_refused() -> None:
    with pytest.raises(UnavailableError):
        await read(request([b"abc", b"d", b""]), limit=3)


async def test_a_lease_gives_back_what_it_took() -> None:
    budget = ByteBudget(10, Shortage.BODIES)
    with budget.lease() as lease:
        await read_body(request([b"abc", b""]), lease)
        assert budget.used == 3
    assert budget.used == 0


@pytest.mark.parametrize(
    ("headers", "gzipped"),
    [
        ({}, False),
        ({"content_type": "application/json"}, False),
        ({"content_type": "Application/JSON; charset=utf-8"}, False),
        ({"content_encoding": "gzip"}, True),
        ({"content_encoding": "GZIP"}, True),
        ({"content_encoding": "identity"}, False),
    ],
)
def test_types_and_encodings_that_are_read(headers: dict[str, str], gzipped: bool) -> None:
    assert head(**headers).is_gzip() is gzipped


@pytest.mark.parametrize(
    "headers",
    [
        {"content_type": "text/plain"},
        {"content_type": ""},
        {"content_encoding": "zstd"},
        {"content_encoding": "gzip, gzip"},
    ],
)
def test_other_types_and_encodings_are_not_supported(headers: dict[str, str]) -> None:
    with pytest.raises(UnsupportedBodyError):
        head(**headers).is_gzip()


def test_members_of_a_gzip_are_joined() -> None:
    assert inflate(gzip.compress(b"ab") + gzip.compress(b"") + gzip.compress(b"c")) == b"abc"


def test_a_gzip_that_inflates_to_the_limit_is_read() -> None:
    assert len(inflate(gzip.compress(bytes(8 * MIB), compresslevel=1))) == 8 * MIB


@pytest.mark.parametrize("members", [1, 4])
def test_a_gzip_bomb_is_stopped_at_the_limit(members: int) -> None:
    bomb = gzip.compress(bytes(100 * MIB // members), compresslevel=1) * members
    tracemalloc.start()
    with pytest.raises(TooLargeError):
        inflate(bomb)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20 * MIB


def test_every_cut_of_a_gzip_is_malformed() -> None:
    whole = gzip.compress(b"some content, and some more of it")
    for end in range(1, len(whole)):
        with pytest.raises(MalformedBodyError):
            inflate(whole[:end])


@pytest.mark.parametrize(
    "damaged",
    [
        b"no gzip",
        zlib.compress(b"zlib, not gzip"),
        gzip.compress(b"content") + b"rest",
        gzip.compress(b"content")[:-5] + b"\0\0\0\0\0",
    ],
    ids=["plain", "zlib", "trailing", "wrong checksum"],  # gzip's bytes hold the time
)
def test_damage_is_malformed(damaged: bytes) -> None:
    with pytest.raises(MalformedBodyError):
        inflate(damaged)
