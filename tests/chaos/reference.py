"""The run without faults: the recorded events through a second, fresh set of real processes."""

import http.client
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from agent.envelope import encode_batch
from local.process import LOOPBACK
from tests.chaos.stack import Stack, running

_ACCEPTED = 202
_PATH = "/v1/events"
_TIMEOUT_S = 30.0
_MOST_EVENTS = 500

Delivered = Mapping[str, Sequence[tuple[str, bytes]]]
"""Site → its events in order: spool and the event as JSON."""


class ReferenceRefusedError(Exception):
    """The undisturbed ingest did not take a batch: the reference is worth nothing."""


@contextmanager
def reference_run(directory: Path, delivered: Delivered, seed: int) -> Iterator[Stack]:
    """The second stack after everything was posted to it, in order, and only once.

    Raises ReferenceRefusedError, ChildFailedError.
    """
    with running(Stack(directory, list(delivered), "embedded")) as stack:
        _post_all(stack, delivered, random.Random(f"reference {seed}"))
        yield stack


def _post_all(stack: Stack, delivered: Delivered, chance: random.Random) -> None:
    """Batch by batch, the sites by turns."""
    feeds = {site: _batches(site, events) for site, events in delivered.items()}
    with closing(
        http.client.HTTPConnection(LOOPBACK, stack.ingest_port, timeout=_TIMEOUT_S)
    ) as connection:
        while feeds:
            site = chance.choice(list(feeds))
            body = next(feeds[site], None)
            if body is None:
                del feeds[site]
                continue
            headers = {"Authorization": f"Bearer {stack.tokens[site]}"}
            headers["Content-Type"] = "application/json"
            connection.request("POST", _PATH, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != _ACCEPTED:
                raise ReferenceRefusedError(f"{site}: {answer.status} {text!r}")


def _batches(site: str, events: Sequence[tuple[str, bytes]]) -> Iterator[bytes]:
    """Bodies of at most 500 events, each of one spool."""
    first = 0
    while first < len(events):
        spool = events[first][0]
        end = first
        while end < len(events) and end - first < _MOST_EVENTS and events[end][0] == spool:
            end += 1
        texts = [event.decode() for _, event in events[first:end]]
        yield encode_batch(site, spool, time.time_ns() // 1_000_000, texts)
        first = end
