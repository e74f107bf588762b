"""`forget`: takes a caller out of all that is stored of a customer, and says what goes by itself.

Rows of facts stay, so that sums hold; number and hash in them become empty. Stored batches of raw
events are replaced by ones without the person, so a rebuild brings nothing back. Nothing that is
written for it, the server's list of mutations included, holds the number or the hash.
"""

# ruff: noqa: S608 - only names of the schema and numbers go into the statements

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from clickhouse_connect.driver.client import Client

from tenants.connection import DATABASE
from tenants.errors import NotPossibleError
from tenants.forget_report import REMEMBERED_DAYS, Chat, told
from tenants.outcome import Outcome
from tenants.person import Person
from tenants.registry import Registry

_BATCHES_AT_ONCE = 200
_NEEDLES_AT_ONCE = 200
_HASH_SUFFIX = "_hash"

T = TypeVar("T")

# Waits until the rows are rewritten; keeps what it is about out of the server's log of queries.
_QUIETLY = {"log_queries": 0}
_REWRITTEN = {**_QUIETLY, "mutations_sync": 2}


class Numbered(NamedTuple):
    """A pair of columns: a number as it may be shown, and its hash."""

    table: str
    number: str

    @property
    def hash(self) -> str:
        """The column beside it."""
        return f"{self.number}{_HASH_SUFFIX}"


class _Batch(NamedTuple):
    """A stored batch, told from others and from its own replacement by the hash of its payload."""

    site: str
    generation: int
    first_sequence: int
    fingerprint: int


def forget(
    client: Client, registry: Registry, tenant_id: str, person: Person, *, is_dry: bool
) -> Outcome:
    """Counts what there is of the person and, unless `is_dry`, removes it.

    Raises NotPossibleError if there is no such customer, or a stored batch cannot be read.
    """
    registry.tenant(tenant_id)
    is_by_hash = bool(person.hashes)
    traces = _Traces(client, tenant_id, person)
    rows = {where: traces.count(where) for where in numbered_columns(client)}
    try:
        batches = traces.batches()
    except ValueError as error:
        raise NotPossibleError("a stored batch of events cannot be read") from error
    open_calls = traces.open_calls()
    chats = traces.chats()
    if not is_dry:
        for where, count in rows.items():
            if count:
                traces.clear(where)
        traces.replace(batches)
    found = {f"{where.table}.{where.number}": count for where, count in rows.items()}
    found["event_batches"] = len(batches)
    notes = []
    if not is_by_hash:
        notes.append("no key was given: a number that is shown masked was not found by it")
    if open_calls:
        notes.append(f"{open_calls} calls are not over: run it again when they are")
    if remembered := sum(chat.is_remembered for chat in chats):
        notes.append(
            f"{remembered} chats are not over, or were less than {REMEMBERED_DAYS} days ago: what"
            f" changes of them is written with the number; run it again {REMEMBERED_DAYS} days"
            " after their end"
        )
    if is_dry:
        notes.append("nothing was removed: give --yes to do it")
    return told(found, chats, notes, is_dry=is_dry)


def numbered_columns(client: Client) -> list[Numbered]:
    """Every pair of a number and its hash in the tables of the schema in use, in order."""
    rows = client.query(
        "SELECT hashes.table, numbers.name FROM system.columns AS hashes"
        " INNER JOIN system.columns AS numbers ON numbers.database = hashes.database"
        " AND numbers.table = hashes.table"
        f" AND concat(numbers.name, '{_HASH_SUFFIX}') = hashes.name"
        " WHERE hashes.database = {database:String} AND hashes.table IN"
        " (SELECT name FROM system.tables WHERE database = {database:String}"
        " AND engine LIKE '%MergeTree') ORDER BY ALL",
        parameters={"database": DATABASE},
    ).result_rows
    return [Numbered(*row) for row in rows]


class _Traces:
    """What a customer's tables hold of a person."""

    def __init__(self, client: Client, tenant_id: str, person: Person) -> None:
        self._client = client
        self._tenant_id = tenant_id
        self._person = person

    def count(self, where: Numbered) -> int:
        """Rows, replaced versions included; learns the hash, and the texts that show the number."""
        found = self._rows(
            f"SELECT {where.number}, {where.hash}, count() FROM {DATABASE}.{where.table}"
            f" WHERE tenant_id = {{tenant_id:String}} AND {self._is_theirs(where)}"
            f" GROUP BY {where.number}, {where.hash}",
            **self._keys(),
        )
        self._person.shown |= {text for text, _, _ in found if text}
        self._person.hashes |= {text for _, text, _ in found if text}
        return sum(count for _, _, count in found)

    def open_calls(self) -> int:
        """Queue calls of the person that are not over: their next rows would name them again."""
        ((count,),) = self._of_queue_calls("count()", "status != 'ended' AND channel = 'voice'")
        return int(count)

    def chats(self) -> list[Chat]:
        """The person's chat sessions, in order: once their rows are cleared nobody knows them."""
        rows = self._of_queue_calls(
            "site, uniqueid,"
            f" max(status != 'ended' OR ended_at > now() - INTERVAL {REMEMBERED_DAYS} DAY)",
            "channel = 'whatsapp' GROUP BY site, uniqueid ORDER BY site, uniqueid",
        )
        return [Chat(site, session, bool(is_remembered)) for site, session, is_remembered in rows]

    def clear(self, where: Numbered) -> None:
        """Empty both columns; the condition says no more of the person than two numbers."""
        fingerprints = self._rows(
            f"SELECT DISTINCT sipHash64({where.number}, {where.hash})"
            f" FROM {DATABASE}.{where.table}"
            f" WHERE tenant_id = {{tenant_id:String}} AND {self._is_theirs(where)}",
            **self._keys(),
        )
        listed = ", ".join(str(fingerprint) for (fingerprint,) in fingerprints)
        if listed:
            self._change(
                f"ALTER TABLE {DATABASE}.{where.table} UPDATE {where.number} = '',"
                f" {where.hash} = '' WHERE tenant_id = '{self._tenant_id}'"
                f" AND sipHash64({where.number}, {where.hash}) IN ({listed})"
            )

    def batches(self) -> list[_Batch]:
        """The batches that hold anything of the person; learns calls and shown texts first."""
        for payload in self._payloads():
            self._person.note(payload)
        return list(dict.fromkeys(self._holding()))

    def replace(self, batches: Sequence[_Batch]) -> None:
        """Each batch by one without the person; the old one goes when the new one is stored."""
        for some in _in_turn(batches, _BATCHES_AT_ONCE):
            listed = ", ".join(
                f"('{batch.site}', {batch.generation}, {batch.first_sequence}, {batch.fingerprint})"
                for batch in some
            )
            condition = (
                f"tenant_id = '{self._tenant_id}' AND"
                f" (site, generation, first_sequence, sipHash64(payload)) IN ({listed})"
            )
            found = self._client.query(
                f"SELECT * FROM {DATABASE}.event_batches WHERE {condition}",
                settings=_QUIETLY,
                column_formats={"payload": "bytes"},
            )
            place = found.column_names.index("payload")
            rows = []
            for row in found.result_rows:
                cleaned = self._person.cleaned(row[place])
                rows.append([*row[:place], cleaned or row[place], *row[place + 1 :]])
            self._client.insert(
                "event_batches", rows, column_names=found.column_names, database=DATABASE
            )
            self._change(f"ALTER TABLE {DATABASE}.event_batches DELETE WHERE {condition}")

    def _holding(self) -> Iterator[_Batch]:
        for needles in _in_turn(self._person.needles(), _NEEDLES_AT_ONCE):
            columns = "site, generation, first_sequence, sipHash64(payload), payload"
            for *key, payload in self._stored(columns, needles):
                if self._person.cleaned(payload) is not None:
                    yield _Batch(*key)

    def _payloads(self) -> Iterator[bytes]:
        """Those that name the person: by the hash, or by a number in clear."""
        needles = [*self._person.hashes, *([self._person.digits] if self._person.digits else [])]
        return (payload for (payload,) in self._stored("payload", needles))

    def _stored(self, columns: str, needles: Sequence[str]) -> Iterator[Sequence[Any]]:
        """Of the batches in which one of the needles stands; no more than a block at once."""
        found = self._client.query_row_block_stream(
            f"SELECT {columns} FROM {DATABASE}.event_batches"
            " WHERE tenant_id = {tenant_id:String}"
            " AND multiSearchAny(payload, {needles:Array(String)})",
            parameters={"tenant_id": self._tenant_id, "needles": needles},
            settings=_QUIETLY,
            column_formats={"payload": "bytes"},
        )
        with found as blocks:
            for block in blocks:
                yield from block

    def _of_queue_calls(self, columns: str, which: str) -> Sequence[Sequence[Any]]:
        """Of the person's queue calls as they are now."""
        calls = Numbered("queue_calls", "caller")
        return self._rows(
            f"SELECT {columns} FROM {DATABASE}.{calls.table} FINAL"
            f" WHERE tenant_id = {{tenant_id:String}} AND {self._is_theirs(calls)} AND {which}",
            **self._keys(),
        )

    def _is_theirs(self, where: Numbered) -> str:
        digits = f"right(replaceRegexpAll({where.number}, '[^0-9]', ''), 8)"
        return (
            f"({where.hash} IN {{hashes:Array(String)}}"
            f" OR ({{digits:String}} != '' AND {digits} = {{digits:String}}))"
        )

    def _keys(self) -> dict[str, Any]:
        return {
            "tenant_id": self._tenant_id,
            "hashes": sorted(self._person.hashes),
            "digits": self._person.digits,
        }

    def _rows(self, statement: str, **keys: object) -> Sequence[Sequence[Any]]:
        return self._client.query(statement, parameters=keys, settings=_QUIETLY).result_rows

    def _change(self, statement: str) -> None:
        self._client.command(statement, settings=_REWRITTEN)


def _in_turn(things: Sequence[T], at_once: int) -> Iterator[Sequence[T]]:
    return (things[start : start + at_once] for start in range(0, len(things), at_once))
