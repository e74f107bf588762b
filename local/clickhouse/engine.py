"""The embedded engine: one data path per process, one fresh handle per request.

A handle carries settings, role and database of one request and nothing else; opening one costs a
quarter of a millisecond. Every handle takes its role before anything else: a fresh one has all.
"""

import fcntl
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

import chdb

from local.clickhouse.access import ADMIN_ROLE, ALL_TENANTS, READER_ROLE, config_xml, users_xml
from local.clickhouse.errors import StartError
from local.clickhouse.users import User
from streams.storage.schema_files import SchemaFiles

READER_LIMITS = {
    "max_execution_time": "30",
    "max_memory_usage": "2000000000",
    # Would tell in an answer how many rows were read for it, other tenants' included.
    "output_format_write_statistics": "0",
    "use_skip_indexes": "0",
}

Handle = Any
"""A chdb connection."""


class Session(NamedTuple):
    """What a request's handle is opened with.

    `settings` have passed `settings.request_options`; `filters` are conditions by table, added to
    the row policies; `is_read_only` is for requests that must not write whoever sends them.
    """

    user: User
    database: str
    settings: Mapping[str, str]
    filters: Mapping[str, str]
    is_read_only: bool


class Engine:
    """The running engine. Close it to let the path go."""

    def __init__(self, path: Path, schema: SchemaFiles) -> None:
        """Opens or makes the data path, with access rules for this schema.

        Raises StartError if another process uses the path or the engine cannot open it.
        """
        self._lock = _lock_path(path)
        configuration = path / "service"
        users_file = configuration / "users.xml"
        config_file = configuration / "config.xml"
        users_file.write_text(users_xml(schema), encoding="utf-8")
        config_file.write_text(config_xml(str(users_file.resolve())), encoding="utf-8")
        self._address = f"{path / 'data'}?config-file={config_file.resolve()}"
        try:
            # Kept open: the engine ends with its last handle.
            self._root = _connect(self._address)
        except RuntimeError as error:
            self._lock.close()
            raise StartError(f"the engine cannot open {path}: {error}") from error
        self._root_lock = threading.Lock()
        self._root.query(f"SET ROLE {ADMIN_ROLE}")
        self._root.query(f"SET log_comment = '{ALL_TENANTS}'")
        self.version = self._scalar("SELECT version()")

    def close(self) -> None:
        """Ends the engine and lets the path go."""
        self._root.close()
        self._lock.close()

    def open_handle(self, session: Session) -> Handle:
        """A fresh handle with the rights and settings of the session; the caller closes it.

        Raises RuntimeError with ClickHouse's text if the engine refuses the database or a setting.
        """
        handle = _connect(self._address)
        try:
            _set_up(handle, session)
        except BaseException:
            handle.close()
            raise
        return handle

    def normalised(self, statement: str) -> str:
        """The statement as the engine's own parser reads it: one line, no comments.

        Raises RuntimeError with ClickHouse's text if it is no single statement.
        """
        return self._scalar("SELECT formatQuerySingleLine({q:String})", {"q": escaped(statement)})

    def table_functions(self) -> list[str]:
        """The names of the engine's table functions."""
        names = "SELECT arrayStringConcat(groupArray(name), '\\n') FROM system.table_functions"
        return self._scalar(names).split("\n")

    def aliases_of_functions(self) -> dict[str, str]:
        """The functions that have a second name, by that name."""
        pairs = (
            "SELECT arrayStringConcat(groupArray(concat(name, '\\t', alias_to)), '\\n')"
            " FROM system.functions WHERE alias_to != ''"
        )
        return dict(pair.split("\t") for pair in self._scalar(pairs).split("\n"))

    def _scalar(self, statement: str, parameters: Mapping[str, str] | None = None) -> str:
        # RawBLOB: the bare value, without a newline or escapes. One statement at a time.
        with self._root_lock:
            result = self._root.query(statement, "RawBLOB", params=parameters)
        text: str = result.bytes().decode()
        return text


def quoted(value: str) -> str:
    """A text as an SQL string."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quoted_identifier(name: str) -> str:
    """A name as an SQL identifier."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def escaped(value: str) -> str:
    """A text as the value of a query parameter, which the engine reads like a field of TSV."""
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def _connect(address: str) -> Handle:
    return chdb.connect(address)  # type: ignore[no-untyped-call]  # the library has no types


def _set_up(handle: Handle, session: Session) -> None:
    tenant = session.user.tenant
    handle.query(f"SET ROLE {ADMIN_ROLE if tenant is None else READER_ROLE}")
    if session.database:
        handle.query(f"USE {quoted_identifier(session.database)}")
    limits = {} if tenant is None else _at_most(READER_LIMITS, session.settings)
    settings = {
        **session.settings,
        **limits,
        "log_comment": ALL_TENANTS if tenant is None else tenant,
    }
    assignments = [f"{name} = {quoted(value)}" for name, value in settings.items()]
    if session.filters:
        pairs = (f"{quoted(table)}: {quoted(text)}" for table, text in session.filters.items())
        assignments.append(f"additional_table_filters = {{{', '.join(pairs)}}}")
    handle.query(f"SET {', '.join(assignments)}")
    if tenant is not None or session.is_read_only:
        handle.query("SET readonly = 1")


def _at_most(limits: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """The limits, except where the request asks for less."""
    return {
        name: settings[name]
        if settings.get(name, "").isdigit() and 0 < int(settings[name]) < int(limit)
        else limit
        for name, limit in limits.items()
    }


def _lock_path(path: Path) -> IO[str]:
    """Holds the path for this process. The engine's own message for a taken path says nothing."""
    directory = path / "service"
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = (directory / "lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        owner = lock.read().strip() or "unknown"
        lock.close()
        raise StartError(f"{path} is in use by process {owner}") from error
    lock.seek(0)
    lock.truncate()
    lock.write(str(os.getpid()))
    lock.flush()
    return lock
