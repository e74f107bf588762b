import functools
import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.ami.framing import (
    MAX_LINE_BYTES,
    MAX_PACKET_BYTES,
    Framer,
    FramingCounters,
    Packet,
)
from tests.support.captures import scenario

JOIN = b"Event: QueueCallerJoin\r\nQueue: support\r\nUniqueid: 1773147600.1\r\n\r\n"


def headers(packets: list[Packet]) -> list[tuple[object, str]]:
    return [(packet.headers, packet.charset) for packet in packets]


def framed(*chunks: bytes) -> tuple[list[Packet], FramingCounters]:
    counters = FramingCounters()
    framer = Framer(counters)
    return [packet for chunk in chunks for packet in framer.feed(chunk)], counters


def counts(counters: FramingCounters) -> dict[str, int]:
    return {name: getattr(counters, name) for name in counters.__slots__}


def chunked(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


HARD = (
    b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nMessage: Authentication accepted\r\n\r\n"
    + "Event: A\r\nQueue: Atenção 日本\r\nName: \r\n\r\n\r\nEvent: B\r\nA:b\r\n\r\n".encode()
    + b"Event: Cdr\r\nCallerID: \\\r\\\n more\r\n--END--\r\n\r\n"
    + b"Event: L\r\nQueue: Cobran\xe7a\r\n\r\n"
    + b"Event: M\r\nBig: "
    + b"x" * (MAX_LINE_BYTES + 10)
    + b"\r\nSmall: y\r\n\r\n"
    + b"z" * (MAX_LINE_BYTES + 3)
    + b"\r\nEvent: never first\r\n\r\n"
    + JOIN
)


@functools.cache
def hard_at_once() -> tuple[list[Packet], FramingCounters]:
    return framed(HARD)


@settings(deadline=None)
@given(st.lists(st.integers(0, len(HARD)), max_size=12))
def test_any_chunking_gives_the_same_packets_and_counts(cuts: list[int]) -> None:
    whole, whole_counters = hard_at_once()
    pieces, pieces_counters = framed(*chunked(HARD, cuts))
    assert headers(pieces) == headers(whole)
    assert counts(pieces_counters) == counts(whole_counters)


@settings(deadline=None)
@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=8))
def test_garbage_in_any_chunking_leaves_the_next_packet_readable(
    garbage: bytes, cuts: list[int]
) -> None:
    packets, _ = framed(*chunked(garbage + b"\r\n\r\n" + JOIN, cuts))
    assert packets[-1].headers[0] == ("Event", "QueueCallerJoin")


def test_a_recorded_connection_byte_by_byte_gives_what_it_gives_at_once() -> None:
    data = scenario("22.10.1/s_resync").read("capture.ami")
    bytewise, _ = framed(*(data[i : i + 1] for i in range(len(data))))
    assert headers(bytewise) == headers(framed(data)[0])


def test_banner_is_a_packet_of_its_own() -> None:
    packets, _ = framed(HARD)
    assert packets[0].first == ("Banner", "Asterisk Call Manager/11.0.0")
    assert packets[1].first == ("Response", "Success")


def test_repeated_headers_keep_their_order_and_whole_values() -> None:
    packets, counters = framed(
        b"Event: Newchannel\r\nChanVariable: FROM_DID=1140001000\r\n"
        b"ChanVariable: CDR(x)=a=b\r\nChanVariable: nota=oi: tudo bem\r\n"
        b"ChanVariable(PJSIP/9-1): FROM_DID=1\r\n\r\n"
    )
    assert packets[0].values("ChanVariable") == [
        "FROM_DID=1140001000",
        "CDR(x)=a=b",
        "nota=oi: tudo bem",
    ]
    assert packets[0].values("ChanVariable(PJSIP/9-1)") == ["FROM_DID=1"]
    assert counters.parse_errors == 0


def test_line_without_a_colon_is_counted_and_the_next_event_is_read() -> None:
    packets, counters = framed(
        b"Event: SMS\r\nPrivilege: call,all\r\n--END SMS EVENT--\r\n\r\n" + JOIN
    )
    assert [packet.first[1] for packet in packets] == ["SMS", "QueueCallerJoin"]
    assert (counters.unknown_lines, counters.parse_errors) == (1, 1)


def test_character_cut_by_the_read_size_stays_whole() -> None:
    event = "Event: QueueCallerJoin\r\nQueue: Atenção\r\nUniqueid: 1.1\r\n\r\n".encode()
    queues = {
        packet.get("Queue")
        for cut in range(1, len(event))
        for packet in framed(event[:cut], event[cut:])[0]
    }
    assert queues == {"Atenção"}


def test_bytes_that_are_not_utf_8_are_kept_as_latin_1_and_marked() -> None:
    packets, counters = framed(b"Event: A\r\nQueue: Cobran\xe7a\r\n\r\n" + JOIN)
    assert (packets[0].get("Queue"), packets[0].charset) == ("Cobrança", "latin-1")
    assert packets[1].charset == "utf-8"
    assert counters.latin1_packets == 1


def test_megabyte_field_is_left_out_and_the_rest_of_its_packet_kept() -> None:
    packets, counters = framed(
        b"Event: QueueCallerJoin\r\nCallerIDName: ",
        *([b"x" * 65536] * 16),
        b"\r\nQueue: support\r\n\r\n" + JOIN,
    )
    assert packets[0].headers == (("Event", "QueueCallerJoin"), ("Queue", "support"))
    assert packets[1].get("Uniqueid") == "1773147600.1"
    assert (counters.oversized_lines, counters.parse_errors) == (1, 1)


def test_packet_whose_first_line_is_too_long_is_nothing() -> None:
    packets, counters = framed(
        b"x" * (MAX_LINE_BYTES + 1) + b"\r\nEvent: QueueCallerAbandon\r\n\r\n" + JOIN
    )
    assert [packet.first[1] for packet in packets] == ["QueueCallerJoin"]
    assert counters.parse_errors == 1


def test_packet_without_end_is_left_out_whole_and_takes_no_memory() -> None:
    counters = FramingCounters()
    framer = Framer(counters)
    for _ in range(MAX_PACKET_BYTES // 64 + 10):
        framer.feed(b"Header: value\r\n")
    assert len(framer._lines) == 0
    assert framer.feed(b"\r\n" + JOIN)[0].first[1] == "QueueCallerJoin"
    assert counters.oversized_packets == 1


def test_line_of_exactly_the_limit_is_kept() -> None:
    line = b"Name: " + b"x" * (MAX_LINE_BYTES - 6)
    packets, _ = framed(b"Event: A\r\n" + line + b"\r\n\r\n")
    assert len(packets[0].get("Name")) == MAX_LINE_BYTES - 6
