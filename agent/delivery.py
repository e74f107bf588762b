"""Takes batches from the spool to the ingest API: in order, one in flight, nothing given up.

What each answer means:

    202            arrived: leaves the spool
    400, 413, 422  something in this batch will never be accepted: the batch is halved until one
                   event is left, which a gap (reason `refused`) replaces; one refused gap
                   means that everything is refused, and then it is as for 401
    401, 403, 404  wrong token or address: only people can help; tried again every half minute
                   to a minute
    429, 5xx, none the server's or the network's trouble: tried again with back-off, or when
                   `Retry-After` says
"""

import json
import logging
import random
import time
from typing import Callable, Optional

from agent.backoff import Backoff
from agent.envelope import encode_batch
from agent.errors import IngestUnreachableError
from agent.ingest_client import Answer, IngestClient
from agent.spool import Spool, SpooledBatch

MAX_BATCH_EVENTS = 500
MAX_BATCH_BYTES = 512 * 1024
FIRST_RETRY_S = 0.5
MOST_RETRY_S = 30.0
MOST_RETRY_AFTER_S = 300.0
REFUSED_RETRY_S = 60.0

_ACCEPTED = 202
_BAD_BATCH = frozenset((400, 413, 422))
_NEEDS_PEOPLE = frozenset((401, 403, 404))

log = logging.getLogger("collector.delivery")


class Delivery(object):
    """Sends what is in one spool, one attempt per `step`. Never waits by itself."""

    def __init__(
        self,
        site: str,
        spool: Spool,
        client: IngestClient,
        clock: Callable[[], float] = time.time,
        gap_arrived: Callable[[], None] = lambda: None,
    ) -> None:
        """`clock` gives the seconds since the epoch that go out as `sent_at`.

        `gap_arrived` is called when the API has learned of events that were dropped.
        """
        self._site = site
        self._spool = spool
        self._client = client
        self._clock = clock
        self._gap_arrived = gap_arrived
        self._backoff = Backoff(FIRST_RETRY_S, MOST_RETRY_S)
        self._suspect_to = 0
        self._limit = MAX_BATCH_EVENTS
        self.delivered_events = 0
        self.refused_events = 0
        self.failed_attempts = 0
        self.last_trouble = ""

    def step(self) -> float:
        """Sends one batch, if there is one. Returns the seconds to wait before the next step.

        Raises SpoolWriteError, and then the batch will be sent again.
        """
        batch = self._spool.read(self._limit, MAX_BATCH_BYTES)
        if not batch.events:
            return 0.0
        body = encode_batch(
            self._site,
            batch.spool_id,
            int(self._clock() * 1000),
            [event.text for event in batch.events],
        )
        try:
            answer = self._client.post(body)
        except IngestUnreachableError as error:
            return self._retry("ingest cannot be reached: {}".format(error), None)
        if answer.status == _ACCEPTED:
            self._arrived(batch, answer)
            return 0.0
        if answer.status in _BAD_BATCH:
            return self._bisect(batch, answer)
        if answer.status in _NEEDS_PEOPLE:
            return self._wait_for_people("ingest answers {}".format(answer.status))
        return self._retry("ingest answers {}".format(answer.status), answer.retry_after_s)

    def _arrived(self, batch: SpooledBatch, answer: Answer) -> None:
        last = batch.events[-1].sequence
        self._spool.acknowledge(batch.spool_id, last)
        self._backoff.reset()
        self.delivered_events += len(batch.events)
        refused = _refused_events(answer.body)
        self.refused_events += refused
        if refused:
            log.warning("event=refused count=%d answer=202", refused)
        if self.last_trouble:
            log.info("event=delivering_again")
            self.last_trouble = ""
        if any(event.is_gap for event in batch.events):
            self._gap_arrived()
        if last >= self._suspect_to:
            self._limit = MAX_BATCH_EVENTS
        else:
            # The first half was good: the culprit is in what is left of the refused batch.
            self._limit = max(1, (self._suspect_to - last) // 2)

    def _bisect(self, batch: SpooledBatch, answer: Answer) -> float:
        count = len(batch.events)
        if count > 1:
            self._suspect_to = batch.events[-1].sequence
            self._limit = count // 2
            return 0.0
        culprit = batch.events[0].sequence
        if not self._spool.refuse(batch.spool_id, culprit):
            return self._wait_for_people("ingest answers {} to everything".format(answer.status))
        log.error("event=refused sequence=%d answer=%d", culprit, answer.status)
        self.refused_events += 1
        # The gap in its place is sent alone: if that is refused, too, it was not the event.
        self._suspect_to, self._limit = culprit, 1
        return 0.0

    def _wait_for_people(self, trouble: str) -> float:
        self._tell(trouble)
        return REFUSED_RETRY_S * random.uniform(0.5, 1.0)  # noqa: S311

    def _retry(self, trouble: str, retry_after_s: Optional[float]) -> float:
        self._tell(trouble)
        delay_s = self._backoff.next_s()
        if retry_after_s is None:
            return delay_s
        # Jitter on top: never before the time that the server asked for.
        return min(MOST_RETRY_AFTER_S, retry_after_s) + min(1.0, delay_s)

    def _tell(self, trouble: str) -> None:
        self.failed_attempts += 1
        if trouble != self.last_trouble:
            log.warning("event=not_delivering reason=%s", json.dumps(trouble))
            self.last_trouble = trouble


def _refused_events(body: bytes) -> int:
    """How many events a 202 lists as refused; 0 if its body is not as documented."""
    try:
        refused = json.loads(body.decode("utf-8")).get("refused", [])
    except (ValueError, AttributeError):
        return 0
    return len(refused) if isinstance(refused, list) else 0
