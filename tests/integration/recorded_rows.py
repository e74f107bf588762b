"""A fact writer into an SQLite file: the tables' upserts without their engine, for several workers.

`expected_rows` is the same for messages folded one after the other, without a fault.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from ingest_api.contract.published import decode_batch
from streams.domain.facts import Fact
from streams.domain.site_state import SiteState, new_site_state
from streams.processors.dead_letters import FOLD_FAILED
from streams.site_batches import Continuity, continuity, fold_batch, skip_batch
from streams.storage.errors import StorageUnavailableError
from streams.storage.rows import RawBatch, SiteSnapshot
from tests.integration.shift_of_sites import SourceMessage

Rows = dict[str, str]
"""Table and key columns as JSON → the row as JSON."""


class RowRecorder:
    """A FactWriter. While the file `away` exists, it answers like a ClickHouse that is away."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._away = path.with_suffix(".away")
        self._connection: sqlite3.Connection | None = None

    def write(
        self,
        facts: Sequence[Fact],
        batches: Sequence[RawBatch],
        snapshots: Sequence[SiteSnapshot] = (),
    ) -> None:
        if self._away.exists():
            raise StorageUnavailableError("it is away")
        if self._connection is None:
            self._connection = _open(self._path)
        with self._connection as transaction:
            transaction.executemany(
                "INSERT INTO facts VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE SET "
                "version = ?2, row = ?3 WHERE excluded.version > facts.version",
                [(key_of(fact), f"{fact.version:020d}", _json(fact)) for fact in facts],
            )
            transaction.executemany(
                "INSERT OR REPLACE INTO batches VALUES (?, ?, ?, ?)",
                [(b.site, b.generation, b.first_sequence, b.last_sequence) for b in batches],
            )
            transaction.executemany(
                "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)",
                [(s.site, s.generation, s.sequence, s.state) for s in snapshots],
            )


def written_rows(path: Path) -> Rows:
    """What stands in the file."""
    with _open(path) as connection:
        return dict(connection.execute("SELECT key, row FROM facts"))


def written_sequences(path: Path) -> dict[str, set[int]]:
    """Per site the sequences that the raw batches stand for."""
    found: dict[str, set[int]] = {}
    with _open(path) as connection:
        for site, first, last in connection.execute("SELECT site, first, last FROM batches"):
            found.setdefault(site, set()).update(range(first, last + 1))
    return found


def expected_rows(messages: Iterable[SourceMessage], broken_at: int | None = None) -> Rows:
    """The rows of a run without faults; batches with the sequence `broken_at` are skipped."""
    return {key_of(fact): _json(fact) for fact in expected_facts(messages, broken_at)}


def expected_facts(
    messages: Iterable[SourceMessage], broken_at: int | None = None
) -> Iterable[Fact]:
    """The facts that hold in the end of a run without faults."""
    states: dict[bytes, SiteState] = {}
    latest: dict[str, Fact] = {}
    for message in messages:
        batch = decode_batch(message.value)
        state = states.setdefault(message.key, new_site_state(batch.tenant, batch.site))
        if continuity(state, batch) is Continuity.REPEATED:
            continue
        is_broken = any(event.sequence == broken_at for event in batch.events)
        made = skip_batch(state, batch, FOLD_FAILED) if is_broken else fold_batch(state, batch)
        for fact in made:
            key = key_of(fact)
            if key not in latest or fact.version >= latest[key].version:
                latest[key] = fact
    return latest.values()


def key_of(fact: Fact) -> str:
    return _json([fact.TABLE, *(getattr(fact, column) for column in fact.KEY)])


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=30, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS facts (key TEXT PRIMARY KEY, version TEXT, row TEXT) STRICT"
    )
    connection.execute(
        "CREATE TABLE IF NOT EXISTS batches (site TEXT, generation INT, first INT, last INT, "
        "PRIMARY KEY (site, generation, first)) STRICT"
    )
    connection.execute(
        "CREATE TABLE IF NOT EXISTS snapshots (site TEXT, generation INT, sequence INT, "
        "state BLOB, PRIMARY KEY (site, generation, sequence)) STRICT"
    )
    connection.commit()
    return connection
