"""However the bytes of a connection are cut, and whatever is among them."""

import functools
import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.event import Event
from agent.redaction import Redaction
from agent.transcript import Transcript
from tests.support.batches import batches_of, by_table, fold
from tests.support.captures import scenario
from tests.support.consistency import inconsistencies

RECORDED = ("13.38.3/a_answered_caller_hangup", "16.30.1/c_abandon_v2", "18.26.4/s_resync_v2")
RECEIVED_MS = 1_795_562_000_000


def _bytes(name: str) -> bytes:
    (connection,) = scenario(name).connections
    return b"".join(chunk.data for chunk in connection.chunks)


def _events(pieces: list[bytes]) -> list[Event]:
    """All received in one millisecond, so that only the cuts differ."""
    transcript = Transcript(Redaction("last4", b"key"))
    events = transcript.connected(RECEIVED_MS)
    for piece in pieces:
        events += transcript.feed(piece, RECEIVED_MS)
    return events


@functools.cache
def _whole(name: str) -> list[Event]:
    return _events([_bytes(name)])


def _cut(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
    return [data[a:b] for a, b in itertools.pairwise(places)]


@given(st.sampled_from(RECORDED), st.lists(st.integers(0, 10_000_000), max_size=200))
@settings(max_examples=25)
def test_any_cut_of_the_bytes_gives_the_same_events(name: str, cuts: list[int]) -> None:
    data = _bytes(name)
    assert _events(_cut(data, cuts)) == _whole(name)


def test_byte_by_byte_gives_the_same_events() -> None:
    data = _bytes(RECORDED[1])
    assert _events([data[i : i + 1] for i in range(len(data))]) == _whole(RECORDED[1])


@given(
    st.sampled_from(RECORDED),
    st.lists(st.tuples(st.integers(0, 10_000_000), st.binary(max_size=200)), max_size=12),
)
@settings(max_examples=25)
def test_garbage_anywhere_raises_nothing_and_leaves_facts_consistent(
    name: str, garbage: list[tuple[int, bytes]]
) -> None:
    data = _bytes(name)
    for place, junk in garbage:
        cut = place % len(data)
        data = data[:cut] + junk + data[cut:]
    facts = by_table(fold(batches_of(_events([data]))))
    assert inconsistencies(facts) == []


@given(st.sampled_from(RECORDED), st.integers(0, 10_000), st.binary(max_size=300))
@settings(max_examples=25)
def test_garbage_between_two_packets_costs_no_neighbour(name: str, place: int, junk: bytes) -> None:
    (connection,) = scenario(name).connections
    chunks = [chunk.data for chunk in connection.chunks]
    banner_and_login = 2
    cut = banner_and_login + place % (len(chunks) - banner_and_login)
    # A packet of its own, whatever is in it, that claims to be no event.
    packet = b"Junk: " + junk.replace(b"\r\n\r\n", b"") + b"\r\n\r\n"
    if b"\r\n\r\n" in packet[:-4]:
        return
    # Recorded pieces may end within a packet that text from outside broke in two.
    assert _events([*chunks[:cut], packet, *chunks[cut:]]) == _whole(name)
