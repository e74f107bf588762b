"""`python -m local fold PATH…`: what a capture counts as, without any service.

The capture's bytes go the way of live ones: the collector's selection and redaction, the
interpreter, the fold. Prints the final facts as JSON lines, the tables' column names as keys and
times as RFC 3339; so support can explain a customer's capture, and anyone can check the rules.
`--help` tells what is read of a capture directory, and what its end means.
"""

import argparse
import functools
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from agent import capture
from agent.errors import CaptureError
from agent.event import Event
from agent.queue_log_file import lines_since, mark
from agent.queues_file import read_queues
from agent.redaction import Redaction
from agent.transcript import Transcript, queue_config
from ingest_api.contract.published import PublishedBatch, PublishedEvent
from streams.domain.facts import Fact
from streams.domain.site_state import new_site_state
from streams.domain.window_rows import stale_windows_made
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
LARGE_BYTES = 16 * 1024 * 1024
"""Captures from this size on, which take seconds to read, show their progress."""

_TIMES = ("_at", "_start", "_since")
_HELP = """\
A capture directory holds:
  capture.ami, capture.2.ami …   the bytes of each connection, as received
  capture.idx.jsonl …            beside each, a line per packet: when which bytes came
  queue_log                      read with --queue-log over each gap between two connections,
                                 as the collector does after a reconnect
  queues.conf                    if it is there: the queues' settings, such as the wrap-up limit,
                                 as when the collector reads Asterisk's file; else they are known
                                 only if the recorded client asked for them

Each line printed is one fact: "fact" names its kind, the other keys are the columns of its table.

The end: after the last byte nothing is known, not even that Asterisk was silent. So the connection
counts as lost with it, and nothing is added. What silence would have settled stays as it was: a
queue call that ended within the last two seconds may be printed as open, one in progress stays so,
and the coverage gap that begins there has no end.

Exit code 0: all is printed (or whoever reads it has heard enough). 2: a path is no readable
capture, or the arguments are wrong; captures before it on the command line have been printed.
"""


def read_capture(path: Path) -> list[capture.Recording]:
    """The connections of a capture directory, in the order of their first receive time.

    A file stands for its directory. Raises CaptureError if there is no connection, or if an index
    is missing or does not fit its bytes.
    """
    return capture.find(str(_directory_of(path)))


def capture_events(
    connections: Iterable[Iterable[capture.Chunk]],
    redaction: Redaction,
    *,
    queue_log: Path | None = None,
    queues_conf: Path | None = None,
) -> Iterator[Event]:
    """The wire events of a capture, as the collector would have sent them live.

    With `queue_log` its lines of the gaps are read back. With `queues_conf` the queues' settings go
    before each list of queues, as when the collector reads that file; one that cannot be read has
    none. Raises CaptureError if `queue_log` cannot be read.
    """
    log = None if queue_log is None else _gap_log(queue_log, redaction)
    events = capture.events(connections, Transcript(redaction), log)
    return events if queues_conf is None else _with_settings(events, queues_conf)


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
    """The command; `--help` tells its exit codes."""
    options = _parse(arguments)
    try:
        sites = _sites(options.path, options.site)
        for path, site in zip(options.path, sites, strict=True):
            _print_facts(path, options.tenant, site, has_log=options.queue_log)
        sys.stdout.flush()
    except CaptureError as error:
        print(f"fold: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whatever is still in the buffer would meet the closed pipe again when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local fold",
        description="Print what captures of an Asterisk count as.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "path", nargs="+", type=Path, help="capture directory, or a file in it that stands for it"
    )
    parser.add_argument(
        "--queue-log", action="store_true", help="read queue_log back over gaps between connections"
    )
    parser.add_argument("--tenant", default="local", help="tenant_id of the facts (%(default)s)")
    parser.add_argument(
        "--site",
        help="site of the facts; by default pbx, or of several paths each directory's own name,"
        " which tells whose a fact is",
    )
    return parser.parse_args(arguments)


def _sites(paths: list[Path], site: str | None) -> list[str]:
    if site is not None:
        return [site] * len(paths)
    if len(paths) == 1:
        return ["pbx"]
    names = [_directory_of(path).resolve().name for path in paths]
    name, count = Counter(names).most_common(1)[0]
    if count > 1:
        raise CaptureError(
            f"{count} of the directories are named {name}, and their facts could not be told apart:"
            " fold them one by one, each with its --site"
        )
    return names


def _print_facts(path: Path, tenant: str, site: str, *, has_log: bool) -> None:
    directory = _directory_of(path)
    events = capture_events(
        _with_progress(read_capture(path), directory.name),
        Redaction("full", b"local fold"),
        queue_log=directory / "queue_log" if has_log else None,
        queues_conf=directory / "queues.conf",
    )
    for fact in fold_events(events, tenant, site):
        print(fact_line(fact))


def _directory_of(path: Path) -> Path:
    if not path.exists():
        raise CaptureError(f"{path}: no such directory")
    return path if path.is_dir() else path.parent


def _gap_log(file: Path, redaction: Redaction) -> capture.GapLog:
    end = mark(str(file))
    if end is None:
        raise CaptureError(f"{file}: cannot be read, though its lines are asked for")
    return functools.partial(capture.gap_events, functools.partial(lines_since, end), redaction)


def _with_settings(events: Iterator[Event], queues_conf: Path) -> Iterator[Event]:
    queues = read_queues(str(queues_conf))
    for event in events:
        if event.name == "begin" and event.fields.get("list") == "QueueStatus":
            yield from queue_config(queues, event.at_ms)
        yield event


def _with_progress(recordings: list[capture.Recording], name: str) -> list[Iterator[capture.Chunk]]:
    """The chunks of each; a large capture tells a terminal how much of it has been read."""
    total = sum(recording.pieces[-1].end for recording in recordings)
    if total < LARGE_BYTES or not sys.stderr.isatty():
        return [iter(recording) for recording in recordings]
    done, told = 0, -1

    def counted(recording: capture.Recording) -> Iterator[capture.Chunk]:
        nonlocal done, told
        for chunk in recording:
            yield chunk
            done += len(chunk.data)
            percent = done * 100 // total
            if percent > told:
                told = percent
                end = "\n" if done == total else ""
                print(f"\r{name}: {percent} % read", end=end, file=sys.stderr, flush=True)

    return [counted(recording) for recording in recordings]


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
