"""Brings the rows of one site in a table in step with those that were folded anew.

Compared are the rows that hold, key by key. Written is only what differs: the row folded anew, or
the old row taken back where today's rules make none with its key. All of it gets one version, that
of the last event folded: so it wins over what the live path made of any event up to that, and loses
against what the live path makes of later ones (docs/adr/0016). Running it again writes nothing.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
from clickhouse_connect.driver.client import Client

from streams.domain.facts import AgentMembership, AgentState, Fact, QueueCall
from streams.domain.version import PLACE_MASK, place_of, rebuilt_version_of, version_of
from streams.rebuild.raw_events import Place
from streams.storage.rows import stored_columns
from streams.storage.schema_files import DATABASE

ROWS_AT_ONCE = 200_000
"""So many rows, old and new, are compared in one statement, unless one day has more."""

_END_OF_TIME = 253_402_300_800_000  # the year 10000
_HELD = 0
_MADE = 1


class Settled(msgspec.Struct, frozen=True):
    """What was (or, in a dry run, would be) done to one table.

    `written` rows differed or were missing, or came from older rules; `taken_back` rows are made no
    more. `unfollowed` of the written ones are open, but not in the live path's eyes, so it will not
    close them.
    """

    written: int = 0
    taken_back: int = 0
    unfollowed: int = 0

    def __add__(self, other: "Settled") -> "Settled":
        """Both together."""
        return Settled(
            self.written + other.written,
            self.taken_back + other.taken_back,
            self.unfollowed + other.unfollowed,
        )


class Range(NamedTuple):
    """What was folded: the events after `start` up to `end`, and the rows wanted of them.

    `since`: rows whose moment (milliseconds since the epoch) is at or after this.
    """

    tenant: str
    site: str
    since: int
    start: Place
    end: Place


def moment_column(fact_type: type[Fact]) -> str:
    """The column of the key that says when: `entered_at`, `started_at` or `window_start`."""
    return next(name for name in fact_type.KEY if name.endswith(("_at", "_start")))


class Settler:
    """Settles the tables of one site. Methods raise what clickhouse-connect raises."""

    def __init__(self, client: Client, staging: str, asked: Range, *, is_dry_run: bool) -> None:
        """`staging` is the database with the rows folded anew."""
        self._client = client
        self._staging = staging
        self._since = asked.since
        self._is_dry_run = is_dry_run
        self._values = {
            "tenant": asked.tenant,
            "site": asked.site,
            "mask": PLACE_MASK,
            "start": place_of(*asked.start) + 1,
            "revision": version_of(0, 0),
            "version": rebuilt_version_of(*asked.end),
        }

    def settle(self, fact_type: type[Fact]) -> Settled:
        """Bring the fact's table in step."""
        table = _Table(fact_type)
        done = Settled()
        for since, until in self._slices(table):
            done += self._settle(table, {"since": since, "until": until})
        return done

    def settle_copies(self) -> None:
        """Bring the copies of what runs in step with the tables they are of (docs/adr/0013)."""
        if not self._is_dry_run:
            for statement in (_COPY_RUNNING_STATES, _COPY_RUNNING_MEMBERSHIPS):
                self._client.command(statement, parameters=self._values)

    def _settle(self, table: "_Table", bounds: dict[str, int]) -> Settled:
        differences = table.differences(self._staging)
        values = self._values | bounds
        rows = self._client.query(table.count(differences), parameters=values).result_rows
        settled = Settled(*rows[0])
        if settled.written + settled.taken_back and not self._is_dry_run:
            self._client.command(table.insert(differences), parameters=values)
        return settled

    def _slices(self, table: "_Table") -> Iterator[tuple[int, int]]:
        """Stretches of whole days from `since` on that hold some `ROWS_AT_ONCE` rows at most."""
        query = table.days(self._staging)
        since, rows = self._since, 0
        values = self._values | {"since": since, "until": _END_OF_TIME}
        for day, count in self._client.query(query, parameters=values).result_rows:
            if rows and rows + count > ROWS_AT_ONCE:
                yield since, day
                since, rows = day, 0
            rows += count
        if rows:
            yield since, _END_OF_TIME


class _Table:
    """The statements about one table. Names in them are our own; values are parameters."""

    def __init__(self, fact_type: type[Fact]) -> None:
        self._name = fact_type.TABLE
        self._moment = moment_column(fact_type)
        self._keys = ", ".join(fact_type.KEY)
        columns = [name for name in stored_columns(fact_type) if name != "version"]
        self._others = [name for name in columns if name not in fact_type.KEY]
        self._open = "status != 'ended'" if fact_type is QueueCall else "ended_at IS NULL"
        if "ended_at" not in columns:
            self._open = "0"

    def days(self, staging: str) -> str:
        """Rows of both sides by day: its first millisecond and how many."""
        day = f"toUnixTimestamp64Milli(toDateTime64(toStartOfDay({self._moment}), 3, 'UTC'))"
        sides = " UNION ALL ".join(
            f"SELECT {day} AS day FROM {database}.{self._name} FINAL WHERE {self._wanted()}"  # noqa: S608
            for database in (DATABASE, staging)
        )
        return f"SELECT day, count() FROM ({sides}) GROUP BY day ORDER BY day"  # noqa: S608

    def differences(self, staging: str) -> str:
        """Per key that has to be written: the content that shall hold, and how it came to that."""
        return f"""
SELECT
    {self._keys},
    argMax(tuple({", ".join(self._others)}), side) AS content,
    max(side) = {_MADE} AS is_made,
    countIf(side = {_HELD}) > 0 AS is_held,
    maxIf(row_version, side = {_HELD}) AS held_version,
    bitAnd(held_version, {{mask:UInt64}}) AS held_place,
    is_made AND is_held AND held_version >= {{revision:UInt64}}
        AND uniqExact(toString(tuple({", ".join(map(_in_order, self._others))}))) = 1 AS is_same,
    is_made AND countIf(side = {_MADE} AND is_open) > 0
        AND countIf(side = {_HELD} AND is_open) = 0 AS is_unfollowed
FROM ({self._side(DATABASE, _HELD)} UNION ALL {self._side(staging, _MADE)})
GROUP BY {self._keys}
HAVING held_place <= bitAnd({{version:UInt64}}, {{mask:UInt64}})
    AND if(is_made, NOT is_same, held_place > {{start:UInt64}})
"""  # noqa: S608

    def count(self, differences: str) -> str:
        """The numbers of `Settled`."""
        return (
            "SELECT countIf(is_made), countIf(NOT is_made), countIf(is_unfollowed)"  # noqa: S608
            f" FROM ({differences})"
        )

    def insert(self, differences: str) -> str:
        """Writes the differences. A row taken back is not open: its copy must not follow it."""
        values = [f"tupleElement(content, {n})" for n in range(1, len(self._others) + 1)]
        if "ended_at" in self._others:
            place = self._others.index("ended_at")
            values[place] = f"if(is_made, {values[place]}, {self._moment})"
        return f"""
INSERT INTO {DATABASE}.{self._name} ({self._keys}, {", ".join(self._others)}, version, is_deleted)
SELECT {self._keys}, {", ".join(values)}, {{version:UInt64}}, NOT is_made FROM ({differences})
"""  # noqa: S608

    def _side(self, database: str, side: int) -> str:
        return (
            f"SELECT {self._keys}, {', '.join(self._others)}, version AS row_version,"  # noqa: S608
            f" {side} AS side, {self._open} AS is_open"
            f" FROM {database}.{self._name} FINAL WHERE {self._wanted()}"
        )

    def _wanted(self) -> str:
        return (
            "tenant_id = {tenant:String} AND site = {site:String}"
            f" AND {self._moment} >= fromUnixTimestamp64Milli({{since:Int64}})"
            f" AND {self._moment} < fromUnixTimestamp64Milli({{until:Int64}})"
        )


def _in_order(column: str) -> str:
    """A map's pairs come in the order in which they were counted, which means nothing."""
    return f"mapSort({column})" if column.endswith("_waits") else column


class _Copy(NamedTuple):
    """A copy of the running rows of a fact's table: its key, its other columns, its versions.

    `written` is the version that a row gets here, `held` that of the fact a row was copied from.
    """

    name: str
    of: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    written: str
    held: str

    def settle(self) -> str:
        """Writes per key what differs: the row that runs, or the copy of one that does not."""
        keys, columns = ", ".join(self.keys), ", ".join(self.columns)
        content = ", ".join(f"tupleElement(content, {n + 1})" for n in range(len(self.columns)))
        return f"""
INSERT INTO {DATABASE}.{self.name} ({keys}, {columns}, version, is_deleted)
SELECT {keys}, {content}, {self.written}, NOT is_running
FROM
(
    SELECT
        {keys},
        argMax(tuple({columns}), (side, started_at)) AS content,
        max(side) = {_MADE} AS is_running,
        argMaxIf(toString(tuple({columns})), started_at, side = {_MADE}) AS running,
        anyIf(toString(tuple({columns})), side = {_HELD}) AS copied
    FROM
    (
        SELECT {keys}, {columns}, {self.held} AS row_version, {_HELD} AS side
        FROM {DATABASE}.{self.name} FINAL
        WHERE tenant_id = {{tenant:String}} AND site = {{site:String}}
        UNION ALL
        SELECT {keys}, {columns}, version AS row_version, {_MADE} AS side
        FROM {DATABASE}.{self.of} FINAL
        WHERE tenant_id = {{tenant:String}} AND site = {{site:String}} AND ended_at IS NULL
    )
    GROUP BY {keys}
    HAVING running != copied
        AND max(bitAnd(row_version, {{mask:UInt64}})) <= bitAnd({{version:UInt64}}, {{mask:UInt64}})
)
SETTINGS do_not_merge_across_partitions_select_final = 1
"""  # noqa: S608 - column names of our own


_KEYS_OF_STATE = ("tenant_id", "agent_key", "site", "channel")
_NOT_COPIED = ("ended_at", "offer_result", "version")
_COPY_RUNNING_STATES = _Copy(
    name="agents_now",
    of=AgentState.TABLE,
    keys=_KEYS_OF_STATE,
    columns=tuple(
        name for name in stored_columns(AgentState) if name not in _KEYS_OF_STATE + _NOT_COPIED
    ),
    written="{version:UInt64}",
    held="version",
).settle()
_COPY_RUNNING_MEMBERSHIPS = _Copy(
    name="memberships_now",
    of=AgentMembership.TABLE,
    keys=("tenant_id", "agent_key", "queue", "site"),
    columns=("started_at", "is_paused", "penalty"),
    written="2 * {version:UInt64} + 1",
    held="intDiv(version, 2)",
).settle()
