"""Where the rows of a rebuild wait until all of a site's are there: a database of its own.

Its tables are copies of the real ones, without rows, that no reader is granted and nothing listens
to. So readers see no half of a rebuild, an agent's past states do not pass over the boards, and a
rebuild that breaks off leaves no trace but this database, which the next one removes.
"""

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from clickhouse_connect.driver.client import Client

from streams.domain.facts import FACT_TYPES, Fact, QueueWindow, SiteStatus, StaleWindow
from streams.storage.rows import fact_block, latest_facts
from streams.storage.schema_files import DATABASE
from streams.storage.windows import recompute_windows

PREFIX = "callcentre_rebuild_"
LEFT_BEHIND_AFTER_S = 86_400
"""A rebuild that began longer ago than this is not running any more."""

REBUILT_TYPES: tuple[type[Fact], ...] = tuple(t for t in FACT_TYPES if t is not SiteStatus)
"""All facts but the site's status, which is about now and not about then."""

_WINDOWS_AT_ONCE = 200


class Staging:
    """The staging tables. Methods raise what clickhouse-connect raises."""

    def __init__(self, client: Client, database: str) -> None:
        """`database` is there, with its tables: see `open_staging`."""
        self._client = client
        self.database = database
        self._filled: set[str] = set()

    def clear(self) -> None:
        """Empty all tables."""
        for table in self._filled:
            self._client.command(f"TRUNCATE TABLE {self.database}.{table}")
        self._filled.clear()

    def add(self, facts: Sequence[Fact]) -> None:
        """Keep these facts; of those with one key the highest version holds."""
        for fact_type, rows in latest_facts(facts).items():
            block = fact_block(fact_type, rows)
            self._filled.add(block.table)
            self._client.insert(
                block.table,
                block.columns,
                column_names=block.column_names,
                database=self.database,
                column_oriented=True,
            )

    def recount(self, windows: Sequence[StaleWindow]) -> None:
        """Make the rows of these windows from the real queue calls, which must be settled."""
        for start in range(0, len(windows), _WINDOWS_AT_ONCE):
            some = windows[start : start + _WINDOWS_AT_ONCE]
            self._filled.add(QueueWindow.TABLE)
            recompute_windows(self._client, some, self.database)


@contextmanager
def open_staging(client: Client) -> Iterator[Staging]:
    """A staging database for the time of one rebuild. Raises what clickhouse-connect raises."""
    _drop_left_behind(client)
    database = f"{PREFIX}{int(time.time())}_{secrets.token_hex(4)}"
    client.command(f"CREATE DATABASE {database}")
    try:
        for fact_type in REBUILT_TYPES:
            table = fact_type.TABLE
            client.command(f"CREATE TABLE {database}.{table} AS {DATABASE}.{table}")
        yield Staging(client, database)
    finally:
        client.command(f"DROP DATABASE IF EXISTS {database}")


def _drop_left_behind(client: Client) -> None:
    query = "SELECT name FROM system.databases WHERE startsWith(name, {prefix:String})"
    for (name,) in client.query(query, parameters={"prefix": PREFIX}).result_rows:
        began = name.removeprefix(PREFIX).partition("_")[0]
        if began.isdecimal() and int(began) < time.time() - LEFT_BEHIND_AFTER_S:
            client.command(f"DROP DATABASE IF EXISTS {name}")
