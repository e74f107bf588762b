"""Running one statement on a handle of its own. Everything here blocks: call it in a thread.

Values of parameters are texts as they come over HTTP: escaped like fields of TSV by the client.
"""

import tempfile
import threading
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from local.clickhouse.engine import Engine, Handle, Session
from local.clickhouse.statements import Insert


class Answer(NamedTuple):
    """What a statement gave, with the numbers ClickHouse tells beside it."""

    data: bytes
    read_rows: int = 0
    written_rows: int = 0
    written_bytes: int = 0


def run_statement(
    engine: Engine,
    session: Session,
    statement: str,
    format_name: str,
    parameters: Mapping[str, str],
) -> Answer:
    """Runs the statement to its end. Raises RuntimeError with ClickHouse's text if it fails."""
    handle = engine.open_handle(session)
    try:
        result = handle.query(statement, format_name, params=dict(parameters))
        return Answer(result.bytes() or b"", result.storage_rows_read(), result.rows_written())
    finally:
        handle.close()


def run_insert(engine: Engine, session: Session, insert: Insert, data: Iterable[bytes]) -> Answer:
    """Inserts all of the data or, if a piece of it is bad, nothing that was not yet committed.

    By way of a file without a name: what the engine is handed in pieces it acknowledges even if the
    table then refuses it (a constraint, too many partitions in a block).

    Raises RuntimeError with ClickHouse's text, or what the iteration over the data raises.
    """
    handle = engine.open_handle(session)
    try:
        with tempfile.TemporaryFile() as file:
            written = sum(file.write(piece) for piece in data)
            file.flush()
            result = handle.query(
                f"{insert.into} FROM INFILE '/proc/self/fd/{file.fileno()}'"
                f" {insert.settings} FORMAT {insert.format}"
            )
        return Answer(b"", written_rows=result.rows_written(), written_bytes=written)
    finally:
        handle.close()


class PieceReader:
    """An answer that is fetched piece by piece, so that its size does not matter.

    `fetch` and `close` may be called from different threads.
    """

    def __init__(
        self,
        engine: Engine,
        session: Session,
        statement: str,
        format_name: str,
        parameters: Mapping[str, str],
    ) -> None:
        """Begins the query. Raises RuntimeError with ClickHouse's text if it is refused."""
        self._lock = threading.Lock()
        handle = engine.open_handle(session)
        try:
            self._result = handle.send_query(statement, format_name, params=dict(parameters))
        except BaseException:
            handle.close()
            raise
        self._handle: Handle | None = handle

    def fetch(self) -> bytes | None:
        """The next piece, None at the end. Raises RuntimeError with ClickHouse's text."""
        with self._lock:
            while self._handle is not None:
                piece = self._result.fetch()
                if piece is None:
                    return None
                data: bytes = piece.bytes()
                if data:
                    return data
        return None

    def close(self) -> None:
        """Ends the query, wherever it is; later calls do nothing."""
        with self._lock:
            handle, self._handle = self._handle, None
            if handle is not None:
                try:
                    self._result.close()
                finally:
                    handle.close()
