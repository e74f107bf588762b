"""`python -m local fold PATH…`: what a capture counts as, without any service.

The capture's bytes go the way of live ones: the collector's selection and redaction, the
interpreter, the fold. Prints the final facts as JSON lines, the tables' column names as keys and
times as RFC 3339; so support can explain a customer's capture, and anyone can check the rules.

A capture directory holds `capture.ami` and, for further connections, `capture.2.ami` …; each with a
`.idx.jsonl` that tells when which bytes were received. With `--queue-log` the `queue_log` beside
them is read back over each gap between connections, as the collector does.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from agent.event import Event
from agent.queue_log import QueueLogLines
from agent.queue_log_file import LOG_OVERLAP_S
from agent.redaction import Redaction
from agent.transcript import Transcript
from ingest_api.contract.published import PublishedBatch, PublishedEvent
from streams.domain.facts import Fact
from streams.domain.site_state import new_site_state
from streams.domain.windows import stale_windows_made
from streams.site_batches import fold_batch

BATCH_EVENTS = 500

FACT_NAMES = {
    "queue_calls": "queue_call",
    "agent_states": "agent_state",
    "agent_memberships": "agent_membership",
    "queue_windows": "queue_window",
    "outbound_calls": "outbound_call",
    "site_status": "site_status",
    "coverage_gaps": "coverage_gap",
}
_TIMES = ("_at", "_start", "_since")


class CaptureError(Exception):
    """The path holds no readable capture; the message says what is missing."""


class Piece(NamedTuple):
    """Bytes received together, and when, in milliseconds since the epoch."""

    received_at: int
    data: bytes


class Connection(NamedTuple):
    """One connection of a capture: its file and its bytes in order."""

    name: str
    pieces: list[Piece]


def read_capture(directory: Path) -> list[Connection]:
    """The connections of a capture directory, in the order of their first receive time.

    Raises CaptureError if there is none, or if an index does not fit its bytes.
    """
    files = sorted(directory.glob("capture*.ami"))
    if not files:
        raise CaptureError(f"{directory}: no capture.ami here")
    connections = [_read_connection(file) for file in files]
    return sorted((c for c in connections if c.pieces), key=lambda c: c.pieces[0].received_at)


def capture_events(
    connections: list[Connection], redaction: Redaction, log_lines: list[bytes] | None = None
) -> Iterator[Event]:
    """The wire events of a capture, as the collector would have sent them live.

    `log_lines` are read back over the gaps between connections.
    """
    transcript = Transcript(redaction)
    log = [] if log_lines is None else _log_events(log_lines, redaction)
    last_at = 0
    for connection in connections:
        first_at = connection.pieces[0].received_at
        yield from transcript.connected(first_at)
        for piece in connection.pieces:
            for event in transcript.feed(piece.data, piece.received_at):
                yield event
                if last_at and event.kind == "collector" and event.name == "ami_connected":
                    first_ms = (last_at // 1000 - LOG_OVERLAP_S) * 1000
                    yield from (e for e in log if first_ms <= e.at_ms <= event.at_ms)
        last_at = connection.pieces[-1].received_at
        yield from transcript.lost(last_at, "connection ended")


def fold_events(events: Iterable[Event], tenant: str, site: str) -> list[Fact]:
    """The final facts: of each key the one with the highest version, in the order of the tables."""
    state = new_site_state(tenant, site)
    final: dict[tuple[Any, ...], Fact] = {}
    for batch in _batches(events, tenant, site):
        for fact in fold_batch(state, batch):
            final[(fact.TABLE, *(getattr(fact, name) for name in fact.KEY))] = fact
    facts = stale_windows_made(final.values())
    return sorted(facts, key=lambda fact: list(FACT_NAMES).index(fact.TABLE))


def fact_line(fact: Fact) -> str:
    """A fact as one line of JSON."""
    row: dict[str, Any] = {"fact": FACT_NAMES[fact.TABLE]}
    for name, value in msgspec.structs.asdict(fact).items():
        is_time = name.endswith(_TIMES) and isinstance(value, int)
        row[name] = _rfc3339(value) if is_time else value
    return json.dumps(row, ensure_ascii=False)


def main(arguments: list[str]) -> int:
    """The command. Exit code 2: a path holds no readable capture."""
    parser = argparse.ArgumentParser(
        prog="python -m local fold", description="Print what captures of an Asterisk count as."
    )
    parser.add_argument("path", nargs="+", type=Path, help="capture directory")
    parser.add_argument(
        "--queue-log", action="store_true", help="read queue_log back over gaps between connections"
    )
    parser.add_argument("--tenant", default="local", help="tenant_id of the facts")
    parser.add_argument("--site", default="pbx", help="site of the facts")
    options = parser.parse_args(arguments)
    redaction = Redaction("full", b"local fold")
    for path in options.path:
        try:
            connections = read_capture(path)
            log_lines = _read_log(path) if options.queue_log else None
        except CaptureError as error:
            print(error, file=sys.stderr)
            return 2
        events = capture_events(connections, redaction, log_lines)
        for fact in fold_events(events, options.tenant, options.site):
            print(fact_line(fact))
    return 0


def _read_connection(file: Path) -> Connection:
    index = file.with_name(file.name.removesuffix(".ami") + ".idx.jsonl")
    if not index.is_file():
        raise CaptureError(f"{index}: missing; it tells when the bytes of {file.name} came")
    data = file.read_bytes()
    pieces = []
    for number, line in enumerate(index.read_text().splitlines(), 1):
        try:
            entry = json.loads(line)
            start, length = entry["o"], entry["n"]
            pieces.append(Piece(int(entry["t"] * 1000), data[start : start + length]))
        except (ValueError, KeyError, TypeError) as error:
            raise CaptureError(f"{index}:{number}: not an index line ({error})") from error
    return Connection(file.name, pieces)


def _read_log(directory: Path) -> list[bytes]:
    file = directory / "queue_log"
    if not file.is_file():
        raise CaptureError(f"{file}: missing, though --queue-log asks for it")
    return file.read_bytes().split(b"\n")


def _log_events(lines: list[bytes], redaction: Redaction) -> list[Event]:
    log = QueueLogLines(redaction)
    return [event for event in map(log.feed_line, lines) if event is not None]


def _batches(events: Iterable[Event], tenant: str, site: str) -> Iterator[PublishedBatch]:
    spool: list[PublishedEvent] = []
    for sequence, event in enumerate(events, 1):
        spool.append(PublishedEvent(sequence, event.at_ms, event.kind, event.name, event.fields))
        if len(spool) == BATCH_EVENTS:
            yield _batch(spool, tenant, site)
            spool = []
    if spool:
        yield _batch(spool, tenant, site)


def _batch(events: list[PublishedEvent], tenant: str, site: str) -> PublishedBatch:
    at = events[-1].at
    return PublishedBatch(tenant, site, "capture", at, at, events)


def _rfc3339(at: int) -> str:
    moment = datetime.fromtimestamp(at // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"
