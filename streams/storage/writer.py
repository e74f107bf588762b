"""Writes what a flush holds: one insert per table, acknowledged before `write` returns.

Facts are upserts, raw batches and snapshots replace themselves, so a write that is repeated, whole
or in part, changes nothing: every doubt is settled by writing again.
"""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError
from clickhouse_connect.driver.insert import InsertContext

from streams.domain.facts import Fact, QueueWindow, StaleWindow
from streams.storage.connection import is_passing
from streams.storage.errors import StorageRefusedError, StorageUnavailableError
from streams.storage.rows import (
    Block,
    RawBatch,
    SiteSnapshot,
    batch_block,
    fact_block,
    latest_facts,
    snapshot_block,
)
from streams.storage.schema_files import DATABASE
from streams.storage.windows import recompute_windows

RETRY_DELAYS_S = (0.1, 0.3, 1.0)

_WINDOWS_AT_ONCE = 200


class FactWriter(Protocol):
    """Where facts, raw batches and snapshots go; blocks, so call it in a thread."""

    def write(
        self,
        facts: Sequence[Fact],
        batches: Sequence[RawBatch],
        snapshots: Sequence[SiteSnapshot] = (),
    ) -> None:
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
        self._contexts: dict[tuple[str, tuple[str, ...]], InsertContext] = {}

    def write(
        self,
        facts: Sequence[Fact],
        batches: Sequence[RawBatch],
        snapshots: Sequence[SiteSnapshot] = (),
    ) -> None:
        """Writes raw batches, snapshots, the facts of each table, then windows to be made anew."""
        if batches:
            self._insert(batch_block(batches))
        if snapshots:
            self._insert(snapshot_block(snapshots))
        latest = latest_facts(facts)
        stale = latest.pop(StaleWindow, [])
        for fact_type, rows in latest.items():
            self._insert(fact_block(fact_type, rows))
        for start in range(0, len(stale), _WINDOWS_AT_ONCE):
            self._recompute(stale[start : start + _WINDOWS_AT_ONCE])

    def close(self) -> None:
        """Lets the connection go; a later write opens a new one."""
        if self._client is not None:
            self._client.close()
        self._client = None
        self._contexts.clear()

    def _insert(self, block: Block) -> None:
        def insert(client: Client) -> None:
            client.insert(context=self._context(client, block), data=block.columns)

        self._retrying(block.table, len(block.columns[0]), insert)

    def _recompute(self, stale: Sequence[Fact]) -> None:
        windows = [fact for fact in stale if isinstance(fact, StaleWindow)]

        def recompute(client: Client) -> None:
            recompute_windows(client, windows)

        self._retrying(QueueWindow.TABLE, len(windows), recompute)

    def _retrying(self, table: str, rows: int, action: Callable[[Client], None]) -> None:
        began = time.perf_counter()
        for delay in RETRY_DELAYS_S:
            failure = self._try(table, action)
            if failure is None:
                break
            self._observer.retried(table, _reason(failure))
            self._sleep(delay)
        else:
            failure = self._try(table, action)
            if failure is not None:
                raise StorageUnavailableError(
                    f"could not write {rows} rows to {table}"
                ) from failure
        self._observer.inserted(table, rows, time.perf_counter() - began)

    def _try(self, table: str, action: Callable[[Client], None]) -> ClickHouseError | None:
        """Does it, or returns why it may be worth another try."""
        try:
            if self._client is None:
                self._client = self._connect()
            action(self._client)
        except ClickHouseError as error:
            if is_passing(error):
                return error
            raise StorageRefusedError(
                f"ClickHouse refuses {table}: is the schema migrated?"
            ) from error
        return None

    def _context(self, client: Client, block: Block) -> InsertContext:
        """The insert of these columns of a table; their types are asked for once."""
        place = block.table, block.column_names
        context = self._contexts.get(place)
        if context is None:
            context = self._contexts[place] = client.create_insert_context(
                block.table, block.column_names, DATABASE, column_oriented=True
            )
        return context


def _reason(failure: ClickHouseError) -> str:
    return "network" if isinstance(failure, OperationalError) else "clickhouse"
