"""Windows taken from the queue calls themselves: to write one anew, and to check them all.

A window that left a site's state can still change, by a late event; then its row is summed over
`queue_calls` by ClickHouse. The same sums are what all windows must equal.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from streams.domain.facts import QueueWindow, StaleWindow
from streams.storage.connection import is_passing
from streams.storage.errors import StorageRefusedError, StorageUnavailableError
from streams.storage.rows import WindowDifference
from streams.storage.schema_files import DATABASE

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_KEY = ("tenant_id", "queue", "window_start", "site", "channel")
_SUMS = ", ".join(name for name in QueueWindow.__struct_fields__ if name not in (*_KEY, "version"))

# The conditions with IN are for the index on queue_calls; the join alone would read it all.
_RECOMPUTE = f"""
INSERT INTO {{database:Identifier}}.queue_windows
    ({", ".join(_KEY)}, {_SUMS}, version, is_deleted)
SELECT {", ".join(f"stale.{place}" for place in range(1, 6))}, {_SUMS},
    greatest(recounted.version, stale.6), recounted.offered = 0
FROM
(
    SELECT arrayJoin(arrayZip(
        {{tenants:Array(String)}}, {{queues:Array(String)}}, {{starts:Array(DateTime64(3, 'UTC'))}},
        {{sites:Array(String)}}, {{channels:Array(String)}}, {{versions:Array(UInt64)}}
    )) AS stale
) AS asked
LEFT JOIN
(
    SELECT * FROM callcentre.v_queue_windows_recounted
    WHERE tenant_id IN ({{tenants:Array(String)}})
        AND queue IN ({{queues:Array(String)}})
        AND window_start IN ({{starts:Array(DateTime64(3, 'UTC'))}})
) AS recounted
ON recounted.tenant_id = stale.1 AND recounted.queue = stale.2
    AND recounted.window_start = stale.3 AND recounted.site = stale.4
    AND recounted.channel = stale.5
SETTINGS join_use_nulls = 0
"""  # noqa: S608 - column names of our own

_DIFFERENCES = """
SELECT tenant_id, queue, toUnixTimestamp64Milli(window_start), site, channel, stored, recounted
FROM callcentre.v_window_differences
WHERE window_start >= {since:DateTime64(3, 'UTC')} AND window_start < {until:DateTime64(3, 'UTC')}
ORDER BY tenant_id, queue, window_start, site, channel
LIMIT {limit:UInt32}
SETTINGS max_execution_time = 20
"""


def recompute_windows(
    client: Client, windows: Sequence[StaleWindow], database: str = DATABASE
) -> None:
    """Writes these windows anew from the queue calls that are stored; one statement for all.

    They go into the table `queue_windows` of `database`.

    The version is the window's, or that of a later call among those summed. A window that no queue
    call is in any more is taken back. Raises what clickhouse-connect raises.
    """
    parameters = {
        "database": database,
        "tenants": [window.tenant_id for window in windows],
        "queues": [window.queue for window in windows],
        "starts": [_moment(window.window_start) for window in windows],
        "sites": [window.site for window in windows],
        "channels": [window.channel for window in windows],
        "versions": [window.version for window in windows],
    }
    client.command(_RECOMPUTE, parameters=parameters)


def window_differences(
    client: Client, since: int, until: int, limit: int = 100
) -> list[WindowDifference]:
    """Windows that begin in `[since, until)` and do not equal the sums over their queue calls.

    Empty when all is well. A flush is not atomic over two tables, so a window that is being written
    may show for a moment: ask about time that is over. At most `limit` are returned. Raises what
    clickhouse-connect raises.
    """
    bounds = {"since": _moment(since), "until": _moment(until), "limit": limit}
    rows = client.query(_DIFFERENCES, parameters=bounds).result_rows
    return [WindowDifference(*row) for row in rows]


class DifferenceReader:
    """`window_differences` over a connection of its own, opened when it is needed and kept.

    Blocks, so call it in a thread; one call at a time.
    """

    def __init__(self, connect: Callable[[], Client]) -> None:
        """`connect` opens a client; called again after every failure."""
        self._connect = connect
        self._client: Client | None = None

    def __call__(self, since: int, until: int, limit: int) -> list[WindowDifference]:
        """See `window_differences`. Raises StorageUnavailableError and StorageRefusedError."""
        try:
            if self._client is None:
                self._client = self._connect()
            return window_differences(self._client, since, until, limit)
        except ClickHouseError as error:
            if self._client is not None:
                self._client.close()
            self._client = None
            if is_passing(error):
                raise StorageUnavailableError("the windows could not be compared") from error
            raise StorageRefusedError("ClickHouse refuses to compare the windows") from error


def _moment(at: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=at)
