"""The Faust table that holds the site records, and what of Faust's own behaviour is replaced.

Written against faust-streaming 0.15.3 (a test holds the version):

- `Table.__setitem__` sends to the changelog in the background and only logs a failure; the commit
  does not wait for it reliably (`ProducerBuffer.flush_atmost` gives up after 0.1 s without
  progress). `store` sends with the app's producer, awaits every acknowledgement, and only then
  changes the table: what is in the table is in the changelog.
- `Table.apply_changelog_batch` lets the later record win. After a rebalance Faust reads the
  changelog again over a live table, and a worker that stood still may add an old record at the end:
  here the record with the higher source offset wins.
- The memory store drops keys of lost partitions only if it read them from the changelog itself;
  `drop_other_partitions` looks at the records.
- An exception in `apply_changelog_batch` is only logged and the recovery waits for ever; so a
  record that cannot be read is kept as it came, for `SiteCarrier.load` to refuse.
- A rebalance or a recovery that does not come to its end is waited for without a word (a group that
  the broker does not complete, a signal that came before its waiter). `_watch_recovery` stops the
  worker then; who restarts it gets a new member of the group.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import cast

import faust
from aiokafka.errors import KafkaError
from faust.exceptions import ProducerSendError
from faust.types import TP, EventT
from mode import Service

from streams import metrics
from streams.errors import RecoveryStuckError, StateRecordError
from streams.processors.ports import NotStoredError
from streams.processors.site_record import record_place

RECOVERY_WITHIN_S = 180.0
"""A rebalance with its recovery takes seconds; one that takes so long will never end."""


class SiteTable(faust.Table[bytes, bytes]):
    """Site key → site record, both raw bytes. A RecordLog."""

    _recoveries = 0

    async def store(self, records: Mapping[bytes, bytes]) -> None:
        """Send the records to their partitions of the changelog. See RecordLog."""
        producer = self.app.producer
        topic = self.changelog_topic.get_topic_name()
        try:
            sent = [
                await producer.send(topic, key, data or None, partition, None, None)
                for key, data in records.items()
                if (partition := self._partition_of(key, data)) is not None
            ]
            await asyncio.gather(*sent)
        except (KafkaError, ProducerSendError) as error:
            metrics.SENDS_FAILED.labels("records").inc()
            raise NotStoredError(f"state records: {error!r}") from error
        for key, data in records.items():
            if not data:
                self.data.pop(key, None)
                continue
            held = self.data.get(key)
            # The acknowledgement may come after a rebalance that brought more than this.
            if held is None or _knows_more(data, held):
                self.data[key] = data

    def apply_changelog_batch(self, batch: Iterable[EventT[bytes]]) -> None:
        """Take from the changelog only what knows more than what is held already."""
        newest: dict[bytes, EventT[bytes]] = {}
        for event in batch:
            key = cast("bytes", event.key)
            held = newest[key].value if key in newest else self.data.get(key)
            if held is None or event.value is None or _knows_more(event.value, held):
                newest[key] = event
        super().apply_changelog_batch(newest.values())

    def _partition_of(self, key: bytes, data: bytes) -> int | None:
        """Where a record goes; None if one is to be taken away that is not here any more."""
        data = data or self.data.get(key, b"")
        return record_place(data).partition if data else None

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Called by Faust at the end of each recovery, also of one without partitions."""
        self._recoveries += 1
        await super().on_recovery_completed(active_tps, standby_tps)

    @Service.task
    async def _watch_recovery(self) -> None:
        while not self.should_stop:
            before = self._recoveries
            await self.sleep(RECOVERY_WITHIN_S)
            is_waiting = self.app.rebalancing or not self._recoveries
            if is_waiting and self._recoveries == before and not self.should_stop:
                # The app, not the table alone: while it starts it waits for the recovery only.
                await self.app.crash(
                    RecoveryStuckError(f"no recovery has ended for {RECOVERY_WITHIN_S:g} s")
                )

    def drop_other_partitions(self, partitions: set[int]) -> None:
        """Forget the records of all partitions but these."""
        others = [
            key for key, data in self.data.items() if record_place(data).partition not in partitions
        ]
        for key in others:
            del self.data[key]


def _knows_more(data: bytes, held: bytes) -> bool:
    """Whether a record that came later in the changelog says at least as much as the one held.

    True as well if one of them cannot be read: it must be met, not passed over.
    """
    try:
        new, old = record_place(data), record_place(held)
    except StateRecordError:
        return True
    return new.log != old.log or new.offset >= old.offset
