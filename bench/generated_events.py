"""An hour of the simulated call centre as ingest publishes it: what a PBX says, not calls alone."""

from collections.abc import Iterable, Iterator

from agent.event import Event
from agent.redaction import Redaction
from agent.transcript import Transcript
from bench.site_events import TENANT
from ingest_api.contract.published import PublishedBatch, PublishedEvent
from local.pbx.call_centre import generate

_OPENS_MS = 1_773_147_600_000
_HOUR_S = 3_600


def generated_hour(seed: int) -> list[PublishedEvent]:
    """What a collector sends of one hour of one site; the same for every run of a seed."""
    transcript = Transcript(Redaction("last4", b"made-up tenant key"))
    heard = transcript.connected(_OPENS_MS)
    for at, data in generate(seed, _OPENS_MS, _HOUR_S):
        heard += transcript.feed(data, at)
    return published(heard)


def published(events: Iterable[Event]) -> list[PublishedEvent]:
    """A collector's events numbered from 1."""
    return [
        PublishedEvent(sequence, event.at_ms, event.kind, event.name, dict(event.fields))
        for sequence, event in enumerate(events, 1)
    ]


def in_batches(
    site: str, events: list[PublishedEvent], events_per_batch: int
) -> Iterator[PublishedBatch]:
    """The events of one site, each batch received a moment after its last one."""
    for start in range(0, len(events), events_per_batch):
        cut = events[start : start + events_per_batch]
        at = cut[-1].at
        yield PublishedBatch(TENANT, site, f"spool-of-{site}", at + 30, at + 20, cut)
