"""One request for `/v1/events`, from its token to the broker's acknowledgement."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import msgspec
import structlog
from starlette.types import Receive

from ingest_api.auth import SiteIdentity, TokenRegistry, admit
from ingest_api.batches import read_batch
from ingest_api.body import inflate, read_body
from ingest_api.budget import ByteBudget
from ingest_api.contract.published import FieldValue
from ingest_api.contract.topics import site_key
from ingest_api.errors import TooLargeError, UnauthorizedError, WrongSiteError
from ingest_api.metrics import IngestMetrics
from ingest_api.publisher import Publisher, messages_of
from ingest_api.rate import RateLimiter
from ingest_api.request_head import RequestHead

# Inflated. What is larger is decoded in a thread.
_DECODED_AT_ONCE_BYTES = 64 * 1024

_log = structlog.get_logger()


class RefusedEvent(msgspec.Struct, frozen=True):
    """One event of an accepted batch that is not kept."""

    sequence: int
    reason: str


class Answer(msgspec.Struct, frozen=True):
    """What a collector is told when its batch is stored."""

    accepted: int
    refused: list[RefusedEvent]


class _Prepared(NamedTuple):
    """A batch ready to be written; without its events, whose memory is free again."""

    answer: Answer
    messages: list[bytes]
    sent_at: int
    heartbeat: dict[str, FieldValue] | None


def wall_clock_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class Intake:
    """Authenticates, limits, reads, validates and publishes; every step raises IngestError."""

    def __init__(
        self,
        *,
        publisher: Publisher,
        tokens: TokenRegistry,
        metrics: IngestMetrics,
        rate: RateLimiter,
        bodies: ByteBudget,
        now_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        """`bodies` bounds what is read and not answered yet."""
        self._publisher = publisher
        self._tokens = tokens
        self._metrics = metrics
        self._rate = rate
        self._bodies = bodies
        self._now_ms = now_ms
        self._decoder = ThreadPoolExecutor(1, thread_name_prefix="decoder")

    def close(self) -> None:
        """Let go of the decoding thread."""
        self._decoder.shutdown(wait=False)

    async def take(self, head: RequestHead, receive: Receive) -> Answer:
        """Returns when the batch in the request's body is stored; raises IngestError if not.

        Nothing of the body is read before the token is known and the rate allows it.
        """
        token = head.token
        if token is None:
            raise UnauthorizedError("a bearer token is needed")
        grant = await admit(self._tokens, token)
        self._rate.take(grant.sha256)
        gzipped = head.is_gzip()
        head.check_length()
        with self._bodies.lease() as lease:
            body = await read_body(receive, lease)
            self._metrics.received_bytes.inc(len(body))
            received_at = self._now_ms()
            prepared = await self._prepare(body, grant.identity, received_at, gzipped=gzipped)
            handed_over = time.perf_counter()
            try:
                await self._publisher.publish(site_key(*grant.identity), prepared.messages)
            finally:
                self._metrics.publish_seconds.observe(time.perf_counter() - handed_over)
        self._count(grant.identity, prepared, received_at)
        return prepared.answer

    async def _prepare(
        self, body: bytes | bytearray, identity: SiteIdentity, received_at: int, *, gzipped: bool
    ) -> _Prepared:
        """Small bodies at once; others aside, so that somebody else is answered meanwhile."""
        if gzipped:
            with contextlib.suppress(TooLargeError):
                body, gzipped = inflate(body, _DECODED_AT_ONCE_BYTES), False
        if not gzipped and len(body) <= _DECODED_AT_ONCE_BYTES:
            return _prepared(body, identity, received_at)
        return await asyncio.get_running_loop().run_in_executor(
            self._decoder,
            lambda: _prepared(inflate(body) if gzipped else body, identity, received_at),
        )

    def _count(self, identity: SiteIdentity, prepared: _Prepared, received_at: int) -> None:
        metrics = self._metrics
        metrics.events_accepted.inc(prepared.answer.accepted)
        metrics.batch_events.observe(prepared.answer.accepted + len(prepared.answer.refused))
        metrics.published_bytes.inc(sum(map(len, prepared.messages)))
        for event in prepared.answer.refused:
            metrics.events_refused.labels(event.reason).inc()
        if prepared.answer.refused:
            _log.warning(
                "events_refused",
                tenant=identity.tenant,
                site=identity.site,
                events=len(prepared.answer.refused),
                reasons=sorted({event.reason for event in prepared.answer.refused}),
            )
        metrics.sites.seen(identity, received_at, prepared.sent_at)
        if prepared.heartbeat is not None:
            metrics.sites.heartbeat(identity, prepared.heartbeat)


def _prepared(body: bytes | bytearray, identity: SiteIdentity, received_at: int) -> _Prepared:
    batch = read_batch(body)
    if batch.site != identity.site:
        raise WrongSiteError("the token does not speak for this site")
    heartbeat = None
    for event in reversed(batch.events):
        if event.kind == "collector" and event.name == "heartbeat":
            heartbeat = event.fields
            break
    refused = [
        RefusedEvent(batch.events[index].sequence, batch.events[index].refused)
        for index in batch.refused
    ]
    return _Prepared(
        Answer(len(batch.events) - len(refused), refused),
        messages_of(batch.published(identity.tenant, received_at)),
        batch.sent_at,
        heartbeat,
    )
