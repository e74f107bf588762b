"""The live path without Kafka: the real carrier and the real writer, flushed every few batches."""

from collections.abc import Iterable

from ingest_api.contract.published import PublishedBatch, encode_batch
from ingest_api.contract.topics import PBX_EVENTS, site_key
from streams.domain.site_state import decode_state
from streams.processors.dead_letters import FloodGuard
from streams.processors.ports import SiteFold
from streams.processors.site_carrier import SiteCarrier
from streams.processors.site_record import record_state
from streams.processors.source_message import Message
from streams.storage.rows import SiteSnapshot
from streams.storage.writer import ClickHouseFactWriter

FLUSH_EVERY = 20


class LivePath:
    """Folds and writes batches as a worker does; goes on where it was when fed again."""

    def __init__(self, writer: ClickHouseFactWriter, fold: SiteFold | None = None) -> None:
        self._writer = writer
        self._records: dict[bytes, bytes] = {}
        self._carrier = SiteCarrier(self._records, fold or SiteFold(), FloodGuard(1_000))
        self._carrier.load([0], bytes(16))
        self._offset = 0

    def feed(self, batches: Iterable[PublishedBatch]) -> None:
        """Take these batches and write what they made."""
        for number, batch in enumerate(batches, 1):
            key = site_key(batch.tenant, batch.site)
            message = Message(PBX_EVENTS, 0, self._offset, key, encode_batch(batch), lambda: None)
            self._carrier.take(message)
            self._offset += 1
            if number % FLUSH_EVERY == 0:
                self.flush()
        self.flush()

    def flush(self) -> None:
        """Write what was folded since the last time."""
        unit = self._carrier.cut()
        self._writer.write(unit.facts, unit.batches)
        self._records.update(unit.records)
        self._carrier.flushed(unit)

    def take_snapshots(self) -> None:
        """Keep every site's state as it is now, whatever its event time."""
        snapshots = []
        for record in self._records.values():
            encoded = record_state(record)
            state = decode_state(encoded)
            snapshots.append(
                SiteSnapshot(
                    state.tenant_id,
                    state.site,
                    state.generation,
                    state.last_sequence,
                    state.now,
                    encoded,
                )
            )
        self._writer.write([], [], snapshots)
