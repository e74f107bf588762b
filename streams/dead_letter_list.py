"""`python -m streams dead-letters list`: what was put aside, when, why, and how to count it again.

Reads `events.dead.v1` from its start to its end and changes nothing, on no group's behalf. A letter
of a site is counted after all by folding that site anew, once the rules take it: a rebuild. Its
events are in the raw table, unless the message was no batch of the site at all.
"""

import argparse
import shlex
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from ingest_api.contract.published import decode_batch
from ingest_api.contract.topics import DEAD_EVENTS, site_key
from streams.config import topics_config_from
from streams.errors import TopicsError
from streams.processors.dead_letters import REASON_HEADER, SOURCE_HEADER
from streams.rebuild.moments import moment_text
from streams.site_batches import moment_of

LIMIT = 1_000
"""How many are listed unless told otherwise; the newest."""

_POLL_MS = 300
_ANSWERS_WITHIN_MS = 10_000


class ListedLetter(msgspec.Struct, frozen=True):
    """One dead letter. Times are milliseconds since the Unix epoch.

    `source` is `topic/partition/offset` of the message. The sequences and the time of its first
    event are None if it is no batch, or not one of the site in its key.
    """

    put_aside_at: int
    tenant: str
    site: str
    first_sequence: int | None
    last_sequence: int | None
    first_event_at: int | None
    reason: str
    source: str


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's arguments to the command line."""
    parser = commands.add_parser("dead-letters", help="show the batches that were put aside")
    words = parser.add_subparsers(dest="word", required=True, metavar="word")
    listing = words.add_parser(
        "list",
        help="list them",
        description="List the batches that were put aside, oldest first, and say how to count them "
        "after all: by folding the site's stored events anew.",
    )
    listing.add_argument("--tenant", help="only this tenant's")
    listing.add_argument("--site", help="only this site's")
    listing.add_argument(
        "--limit", type=_positive, default=LIMIT, help=f"the newest so many (default {LIMIT:,})"
    )
    listing.add_argument("--json", action="store_true", help="print a JSON object a line")


def run(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Print the list; the exit code, 0 also for an empty one. Raises ConfigError, TopicsError."""
    bootstrap = topics_config_from(environment).kafka_bootstrap
    letters = read_dead_letters(bootstrap, options.tenant, options.site, options.limit)
    if options.json:
        sys.stdout.writelines(f"{msgspec.json.encode(letter).decode()}\n" for letter in letters)
        return 0
    sys.stdout.writelines(f"{_line(letter)}\n" for letter in letters)
    sys.stdout.write(f"{len(letters)} dead letters\n")
    if commands := rebuild_commands(letters):
        sys.stdout.write("To count them once the rules take them, rebuild their sites:\n")
        sys.stdout.writelines(f"  {command}\n" for command in commands)
    return 0


def read_dead_letters(
    bootstrap: str, tenant: str | None = None, site: str | None = None, limit: int = LIMIT
) -> list[ListedLetter]:
    """The newest `limit` dead letters (of this tenant and site, if named), oldest first.

    Raises TopicsError without the topic, or if Kafka does not answer.
    """
    try:
        newest: deque[ListedLetter] = deque(maxlen=limit)
        for letter in _all_letters(bootstrap):
            if tenant in (None, letter.tenant) and site in (None, letter.site):
                newest.append(letter)
    except KafkaError as error:
        raise TopicsError(f"Kafka at {bootstrap}: {error!r}") from error
    return sorted(newest, key=lambda letter: letter.put_aside_at)


def _all_letters(bootstrap: str) -> Iterator[ListedLetter]:
    consumer = KafkaConsumer(
        bootstrap_servers=[address.strip() for address in bootstrap.split(",")],
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        bootstrap_timeout_ms=_ANSWERS_WITHIN_MS,
    )
    try:
        partitions = consumer.partitions_for_topic(DEAD_EVENTS)
        if not partitions:
            raise TopicsError(f"topic {DEAD_EVENTS} is missing: run `python -m streams topics`")
        places = [TopicPartition(DEAD_EVENTS, partition) for partition in sorted(partitions)]
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        ends = consumer.end_offsets(places)
        while True:
            polled = consumer.poll(_POLL_MS)
            for records in polled.values():
                for record in records:
                    yield letter_of(
                        record.timestamp, record.key, record.value, dict(record.headers)
                    )
            # An end may be told too low, so what comes nevertheless is read as well.
            if not polled and all(consumer.position(place) >= ends[place] for place in places):
                return
    finally:
        consumer.close()


def letter_of(
    put_aside_at: int, key: bytes | None, value: bytes, headers: Mapping[str, bytes]
) -> ListedLetter:
    """What a message of `events.dead.v1` says, whatever it holds."""
    tenant, _, site = (key or b"").decode(errors="replace").partition("/")
    first = last = at = None
    try:
        batch = decode_batch(value)
    except msgspec.DecodeError:
        pass  # which is why it lies here
    else:
        if batch.events and site_key(batch.tenant, batch.site) == key:
            first, last = batch.events[0].sequence, batch.events[-1].sequence
            at = moment_of(batch, batch.events[0])
    return ListedLetter(
        put_aside_at,
        tenant,
        site,
        first,
        last,
        at,
        headers.get(REASON_HEADER, b"").decode(errors="replace"),
        headers.get(SOURCE_HEADER, b"").decode(errors="replace"),
    )


def _line(letter: ListedLetter) -> str:
    events = (
        "no events of the site"
        if letter.first_sequence is None
        else f"events {letter.first_sequence} to {letter.last_sequence}"
    )
    return (
        f"{moment_text(letter.put_aside_at)}  {letter.tenant}/{letter.site}  {events}  "
        f"{letter.reason}  {letter.source}"
    )


def rebuild_commands(letters: Iterable[ListedLetter]) -> list[str]:
    """The commands that count these letters after all: one for each site, from its first event."""
    starts: dict[tuple[str, str], int] = {}
    for letter in letters:
        at = letter.first_event_at
        if at is not None:
            site = letter.tenant, letter.site
            starts[site] = min(at, starts.get(site, at))
    return [
        f"python -m streams rebuild --tenant {shlex.quote(tenant)} --site {shlex.quote(site)} "
        f"--from {moment_text(at)}"
        for (tenant, site), at in sorted(starts.items())
    ]


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number
