"""What the carrier needs from others: the rules, and somewhere to keep records and dead letters.

The facts go to a `streams.storage.writer.FactWriter`.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from ingest_api.contract.published import PublishedBatch
from streams.domain.facts import Fact
from streams.domain.site_state import SiteState
from streams.processors.dead_letters import DeadLetter
from streams.site_batches import Continuity, continuity, fold_batch, skip_batch


class SiteFold(msgspec.Struct, frozen=True):
    """The rules: the three functions of `streams/site_batches.py`, which is also the default."""

    continuity: Callable[[SiteState, PublishedBatch], Continuity] = continuity
    fold_batch: Callable[[SiteState, PublishedBatch], list[Fact]] = fold_batch
    skip_batch: Callable[[SiteState, PublishedBatch, str], list[Fact]] = skip_batch


class NotStoredError(Exception):
    """The broker did not acknowledge what was sent: nobody knows whether it has it.

    Read by the flusher, which drops the states and begins at the stored records again.
    """


class RecordLog(Protocol):
    """Keeps the state records."""

    async def store(self, records: Mapping[bytes, bytes]) -> None:
        """Returns when every record is acknowledged. Raises NotStoredError if one is not.

        An empty record takes the one that is stored away.
        """


class DeadLetterLog(Protocol):
    """Keeps what could not be folded."""

    async def send(self, letters: list[DeadLetter]) -> None:
        """Returns when every letter is acknowledged. Raises NotStoredError if one is not."""
