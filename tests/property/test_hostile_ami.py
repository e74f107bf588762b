"""Ten thousand bent pieces of recorded connections raise nothing, hold no memory, log no number.

`HOSTILE_REQUESTS` makes it more or less, `HOSTILE_SEED` others.
"""

import gc
import logging
import os
import random
import resource
from pathlib import Path

import pytest

from agent.event import Event
from agent.redaction import Redaction
from agent.transcript import MAX_TAIL_PACKETS, Transcript
from tests.support.captures import scenario

PIECES = int(os.environ.get("HOSTILE_REQUESTS", "10000"))
SEED = int(os.environ.get("HOSTILE_SEED", "20261125"))
RECORDED = ("13.38.3/a_answered_caller_hangup", "18.26.4/m_two_queues_v2", "22.10.1/j_pause_login")
NUMBER = b"+5511900000001"
AT_MS = 1_795_562_000_000
ALLOWED_GROWTH = 20 * 1024 * 1024
TOKENS = (
    *(b"\r\n", b"\r\n\r\n", b"\n", b"\r", b":", b": ", b"\x00", b"\xff\xfe", b"\xed\xa0\x80"),
    *(b"Event: ", b"Event: QueueCallerJoin\r\n", b"Response: Success\r\n", b"EventList: start\r\n"),
    *(b"CallerIDNum: " + NUMBER + b"\r\n", b"A" * 9_000, b"x:y\r\n" * 500, b"ActionID: \r\n"),
    *(b"Asterisk Call Manager/9.9\r\n", b"Timestamp: 1e999\r\n", b"Timestamp: -1.0\r\n"),
    *(b"ListItems: " + b"9" * 400 + b"\r\n", b"Event: Shutdown\r\n\r\n", b"--END COMMAND--\r\n"),
)


def bent(chance: random.Random, packets: list[bytes]) -> bytes:
    """A stretch of packets, changed in a few places."""
    start = chance.randrange(len(packets))
    content = bytearray(b"".join(packets[start : start + chance.randint(1, 12)]))
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        at = chance.randrange(len(content) + 1)
        how = chance.randrange(4)
        if how == 0:
            content[at : at + 1] = bytes([chance.randrange(256)])
        elif how == 1:
            del content[at : at + chance.choice((1, 2, 4, 200))]
        elif how == 2:
            content[at:at] = chance.choice(TOKENS)
        else:
            content[at:at] = content[: chance.choice((3, 50, 1_000))]
    return bytes(content)


def is_heard(transcript: Transcript, packet: bytes, expected: Event) -> bool:
    """Whether the packet becomes its event, masked; so many may be lost behind a forged one."""
    for _ in range(MAX_TAIL_PACKETS + 1):
        events = transcript.feed(packet, AT_MS)
        if events:
            return events == [expected]
    return False


def resident_bytes() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.timeout(300)
def test_no_bent_bytes_are_a_fault_and_the_next_event_is_heard(
    caplog: pytest.LogCaptureFixture,
) -> None:
    chance = random.Random(SEED)
    packets = [
        chunk.data.replace(b"CallerIDNum: 5511", b"CallerIDNum: " + NUMBER)
        for name in RECORDED
        for connection in scenario(name).connections
        for chunk in connection.chunks
    ]
    transcript = Transcript(Redaction("last4", b"made-up tenant key"))
    transcript.connected(AT_MS)
    intact = next(packet for packet in packets if packet.startswith(b"Event: QueueCallerJoin"))
    (expected,) = transcript.feed(intact, AT_MS)
    heard = before = 0
    with caplog.at_level(logging.DEBUG):
        for number in range(PIECES):
            if number == PIECES // 10:
                before = resident_bytes()
            content = bent(chance, packets)
            cut = chance.randrange(len(content) + 1)
            for piece in (content[:cut], content[cut:]):
                heard += len(transcript.feed(piece, AT_MS))
            # Whatever a piece has left open ends at an empty line.
            transcript.feed(b"\r\n\r\n\r\n\r\n", AT_MS)
            assert is_heard(transcript, intact, expected), content
            if number % 500 == 0:
                transcript.lost(AT_MS, "made up")
                transcript.connected(AT_MS)
    assert heard > PIECES
    assert resident_bytes() - before < ALLOWED_GROWTH
    assert NUMBER.decode()[-8:] not in caplog.text
