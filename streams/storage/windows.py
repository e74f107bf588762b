"""Windows taken from the queue calls themselves: to write one anew, and to check them all.

A window that left a site's state can still change, by a late event or a rebuild; then its row is
summed over `queue_calls` by ClickHouse. The same sums are what all windows must equal.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from clickhouse_connect.driver.client import Client

from streams.domain.facts import QueueCall, QueueWindow
from streams.domain.interval import window_start

_COLUMNS = ", ".join(QueueWindow.__struct_fields__)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_RECOMPUTE = f"""
INSERT INTO callcentre.queue_windows ({_COLUMNS})
SELECT {_COLUMNS}
FROM callcentre.v_queue_windows_recounted
WHERE tenant_id = {{tenant_id:String}} AND queue = {{queue:String}} AND site = {{site:String}}
    AND channel = {{channel:String}}
    AND window_start = fromUnixTimestamp64Milli({{window_start:Int64}}, 'UTC')
"""  # noqa: S608 - column names of our own

_DIFFERENCES = """
SELECT tenant_id, queue, toUnixTimestamp64Milli(window_start), site, channel, stored, recounted
FROM callcentre.v_window_differences
WHERE window_start >= {since:DateTime64(3, 'UTC')} AND window_start < {until:DateTime64(3, 'UTC')}
ORDER BY tenant_id, queue, window_start, site, channel
LIMIT {limit:UInt32}
"""


class WindowKey(NamedTuple):
    """Which window; `window_start` is milliseconds since the epoch."""

    tenant_id: str
    queue: str
    window_start: int
    site: str
    channel: str


class WindowDifference(NamedTuple):
    """A window that does not equal its queue calls: counts and sums as texts, empty if no row."""

    key: WindowKey
    stored: str
    recounted: str


def window_of(call: QueueCall) -> WindowKey:
    """The window a queue call is counted in."""
    return WindowKey(
        call.tenant_id, call.queue, window_start(call.entered_at), call.site, call.channel
    )


def recompute_windows(client: Client, keys: Iterable[WindowKey]) -> None:
    """Writes these windows anew from the queue calls that are stored.

    The version is the highest of those calls, so a row the fold writes later still wins. A window
    without any queue call is left as it is. Raises what clickhouse-connect raises.
    """
    for key in keys:
        client.command(_RECOMPUTE, parameters=key._asdict())


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
    return [WindowDifference(WindowKey(*row[:5]), row[5], row[6]) for row in rows]


def _moment(at: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=at)
