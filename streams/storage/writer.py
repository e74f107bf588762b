"""Writes what a flush holds: one insert per table, acknowledged before `write` returns.

Facts are upserts and raw batches replace themselves, so a write that is repeated, whole or in part,
changes nothing: every doubt is settled by writing again.
"""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from clickhouse_connect.datatypes.registry import get_from_name
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError
from clickhouse_connect.driver.insert import InsertContext

from streams.domain.facts import Fact
from streams.storage.connection import is_passing
from streams.storage.errors import StorageRefusedError, StorageUnavailableError
from streams.storage.rows import Block, RawBatch, batch_block, fact_block, latest_facts
from streams.storage.schema_files import DATABASE

RETRY_DELAYS_S = (0.1, 0.3, 1.0)

_REPEATED_TEXT = "LowCardinality(String)"
_PLAIN_TEXT = get_from_name("String")


class FactWriter(Protocol):
    """Where facts and raw batches go; blocks, so call it in a thread."""

    def write(self, facts: Sequence[Fact], batches: Sequence[RawBatch]) -> None:
        """Writes all of it; on return it is acknowledged and readable. Nothing to write is fine.

        Raises StorageUnavailableError if it cannot be done now: call again with the same, for ever.
        Raises StorageRefusedError if it will never be accepted: our bug, crash.
        """


class WriteObserver(Protocol):
    """Told about each insert; implemented by the metrics of the room."""

    def inserted(self, table: str, rows: int, seconds: float) -> None:
        """An insert of `rows` rows was acknowledged after `seconds`, its retries included."""

    def retried(self, table: str, reason: str) -> None:
        """An insert failed and is tried again. `reason` is `network` or `clickhouse`."""


class ClickHouseFactWriter:
    """A FactWriter over ClickHouse's HTTP interface, in its Native format.

    One call of `write` at a time. The connection is opened by the first write and kept.
    """

    def __init__(
        self,
        connect: Callable[[], Client],
        observer: WriteObserver,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`connect` opens a client; called again only while no connection could be opened."""
        self._connect = connect
        self._observer = observer
        self._sleep = sleep
        self._client: Client | None = None
        self._contexts: dict[str, InsertContext] = {}

    def write(self, facts: Sequence[Fact], batches: Sequence[RawBatch]) -> None:
        """Writes raw batches, then the facts of each table. See FactWriter."""
        if batches:
            self._insert(batch_block(batches))
        for fact_type, latest in latest_facts(facts).items():
            self._insert(fact_block(fact_type, latest))

    def close(self) -> None:
        """Lets the connection go; a later write opens a new one."""
        if self._client is not None:
            self._client.close()
        self._client = None
        self._contexts.clear()

    def _insert(self, block: Block) -> None:
        began = time.perf_counter()
        for delay in RETRY_DELAYS_S:
            failure = self._try_insert(block)
            if failure is None:
                break
            self._observer.retried(block.table, _reason(failure))
            self._sleep(delay)
        else:
            failure = self._try_insert(block)
            if failure is not None:
                raise StorageUnavailableError(
                    f"could not write {len(block.columns[0])} rows to {block.table}"
                ) from failure
        self._observer.inserted(block.table, len(block.columns[0]), time.perf_counter() - began)

    def _try_insert(self, block: Block) -> ClickHouseError | None:
        """Inserts the block, or returns why it may be worth another try."""
        try:
            if self._client is None:
                self._client = self._connect()
            self._client.insert(context=self._context(self._client, block), data=block.columns)
        except ClickHouseError as error:
            if is_passing(error):
                return error
            raise StorageRefusedError(
                f"ClickHouse refuses {block.table}: is the schema migrated?"
            ) from error
        return None

    def _context(self, client: Client, block: Block) -> InsertContext:
        """The insert of this table; its column types are asked for once.

        Low-cardinality texts are sent as plain ones: ClickHouse makes the dictionaries ten times
        faster than Python.
        """
        context = self._contexts.get(block.table)
        if context is None:
            context = self._contexts[block.table] = client.create_insert_context(
                block.table, block.column_names, DATABASE, column_oriented=True
            )
            context.column_types = [
                _PLAIN_TEXT if column_type.name == _REPEATED_TEXT else column_type
                for column_type in context.column_types
            ]
        return context


def _reason(failure: ClickHouseError) -> str:
    return "network" if isinstance(failure, OperationalError) else "clickhouse"
