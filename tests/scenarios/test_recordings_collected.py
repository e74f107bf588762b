"""What the collector makes of every recording: all queue events, no forgery, no number in clear."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.event import Event
from agent.redaction import Redaction
from agent.transcript import Transcript
from tests.support.captures import Scenario, events_of, scenario, scenarios

NOW = 1_773_147_600_000


def _transcript() -> Transcript:
    heard = Transcript(Redaction("full", b"made-up tenant key"))
    heard.connected(NOW)
    return heard


@pytest.mark.parametrize("name", ["s_names", "s_names_v2", "s_resync", "s_resync_v2"])
def test_recorded_forgeries_are_dropped_and_counted(name: str) -> None:
    for recorded in scenarios():
        if recorded.folder.name != name:
            continue
        heard = _transcript()
        events = heard.feed(recorded.read("capture.ami"), NOW)
        assert heard.counters.forged >= 1, recorded.name
        for event in events:
            uniqueids = event.fields.get("Uniqueid", "")
            if not isinstance(uniqueids, str):
                # Injected before the true one, but behind it in QueueEntry.
                uniqueids = uniqueids[0 if event.name == "QueueEntry" else -1]
            assert uniqueids not in ("1.1", "9.9", "99.99"), (recorded.name, event)
        ends = [e.fields["complete"] for e in events if (e.kind, e.name) == ("snapshot", "end")]
        assert set(ends) == {"yes"}, recorded.name


HARD = scenario("22.10.1/s_resync")


@settings(max_examples=20)
@given(st.lists(st.integers(1, 4000), min_size=1, max_size=20))
def test_any_chunking_of_a_recording_gives_the_same_events(sizes: list[int]) -> None:
    data = HARD.read("capture.ami")
    heard = _transcript()
    events: list[Event] = []
    position = 0
    for size in sizes:
        events += heard.feed(data[position : position + size], NOW)
        position += size
    events += heard.feed(data[position:], NOW)
    assert events == _transcript().feed(data, NOW)


@pytest.mark.parametrize(
    "recorded",
    [some for some in scenarios() if not some.folder.name.startswith("s_")],
    ids=lambda recorded: recorded.name,
)
def test_every_queue_event_of_a_recording_gets_through(recorded: Scenario) -> None:
    heard = _transcript()
    data = b""
    events: list[Event] = []
    for connection in recorded.connections:
        received = b"".join(chunk.data for chunk in connection.chunks)
        # A connection that is cut may end within a packet.
        data += received[: received.rindex(b"\r\n\r\n") + 4]
        events += heard.connected(connection.first_ms)
        events += heard.feed(received, connection.first_ms)
    for name in ("QueueCallerJoin", "AgentConnect", "QueueEntry", "QueueMember", "Hangup"):
        lines = data.split(b"\r\n").count(b"Event: " + name.encode())
        assert sum(event.name == name for event in events) == lines
    assert heard.counters.forged == 0
    assert heard.framing.parse_errors == 0


@pytest.mark.parametrize("recorded", scenarios(), ids=lambda recorded: recorded.name)
def test_no_number_of_a_recording_leaves_in_clear(recorded: Scenario) -> None:
    for event in events_of(recorded.connections, log=recorded.read("queue_log"), mode="last4"):
        assert not _numbers_in(event), event


def test_numbers_of_the_recordings_would_be_found_in_clear() -> None:
    recorded = next(some for some in scenarios() if some.folder.name == "w_noise")
    events = events_of(recorded.connections, log=recorded.read("queue_log"), mode="full")
    assert any(_numbers_in(event) for event in events)


def _numbers_in(event: Event) -> list[str]:
    fields = {
        name: value
        for name, value in event.fields.items()
        if not name.endswith(("Uniqueid", "Linkedid", "Hash", "BridgeId"))
        and name not in ("LastCall", "LastPause", "LoginTime", "callid")
    }
    text = json.dumps(fields, ensure_ascii=False)
    for identity in (
        r"\b[0-9]{10}\.[0-9]+\b",
        r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b",
        r"-[0-9a-f]{8}[;\"]",
    ):
        text = re.sub(identity, "", text)
    return re.findall(r"[0-9]{7,}", text)
