"""The quick way of reading a batch agrees with the models of the contract, whatever comes."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_api.batches import read_batch, read_carefully
from ingest_api.errors import IngestError
from ingest_api.publisher import messages_of
from tests.support.ingest_bodies import AT, SITE, SPOOL, body, encoded, event, gap

TEXTS = st.text(max_size=12) | st.sampled_from(["q" * 128, "q" * 129, "é" * 4097, '":', '\\"', ""])
FIELDS = st.dictionaries(
    st.sampled_from(["Queue", "queue", "from", "to", "Uniqueid"]) | TEXTS,
    TEXTS | st.lists(TEXTS, max_size=3),
    max_size=4,
)
ODD = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.lists(TEXTS, max_size=2)
TIMES = st.sampled_from([AT, "2026-03-10T13:00:00Z", "2026-03-10T10:00:00-03:00", "now", ""])
NAMES = st.sampled_from(["gap", "heartbeat", "Hangup", ""]) | TEXTS


def mostly(right: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(right, right, right, right, right, right, ODD)


EVENTS = st.fixed_dictionaries(
    {
        "sequence": mostly(st.integers(1, 4)),
        "at": mostly(TIMES),
        "kind": mostly(st.sampled_from(["ami", "snapshot", "queue_log", "collector", "sms"])),
        "name": mostly(NAMES),
    },
    optional={"fields": mostly(FIELDS), "more": ODD},
)
BATCHES = st.fixed_dictionaries(
    {
        "site": mostly(st.just(SITE)),
        "spool": mostly(st.just(SPOOL)),
        "sent_at": mostly(TIMES),
        "events": mostly(st.lists(EVENTS, max_size=4)),
    },
    optional={"collector": mostly(st.just({"version": "0.1.0"})), "more": ODD},
)


def outcome(read: Any, text: bytes) -> Any:
    """What comes of a body; a refusal is compared by status and field. It can be published."""
    try:
        received = read(text)
        return received, messages_of(received.published("acme", 0))
    except IngestError as error:
        return error.status, getattr(error, "field", None)


@settings(max_examples=200, deadline=None)
@given(BATCHES)
def test_both_ways_of_reading_agree(content: Any) -> None:
    text = encoded(content)
    assert outcome(read_batch, text) == outcome(read_carefully, text)


@settings(max_examples=200, deadline=None)
@given(st.lists(FIELDS, min_size=1, max_size=3))
def test_both_ways_agree_on_right_batches(fields: list[Any]) -> None:
    text = body(*(event(number, fields=some) for number, some in enumerate(fields, 1)))
    assert read_batch(text) == read_carefully(text)


REAL = body(event(1), event(2, fields={"ChanVariable": ["A=1", "B=é"]}), gap(3, 9), event(10))
MUTATIONS = st.lists(
    st.tuples(
        st.integers(0, len(REAL) - 1),
        st.sampled_from(["change", "drop", "repeat", "cut"]),
        st.integers(0, 255) | st.sampled_from(list(b'"{}[],:\\ 0e-')),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=500, deadline=None)
@given(MUTATIONS)
def test_any_change_of_bytes_is_read_alike_or_refused(mutations: list[Any]) -> None:
    text = bytearray(REAL)
    for place, how, byte in mutations:
        at = min(place, len(text) - 1)
        if how == "change":
            text[at] = byte
        elif how == "drop":
            del text[at : at + 1 + byte % 8]
        elif how == "repeat":
            text[at:at] = text[at : at + byte]
        else:
            del text[max(1, at) :]
        if not text:
            return
    assert outcome(read_batch, bytes(text)) == outcome(read_carefully, bytes(text))
