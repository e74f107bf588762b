"""Opening a ClickHouse by its address, and telling a passing fault from a lasting one."""

from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import (
    ClickHouseError,
    DataError,
    OperationalError,
    ProgrammingError,
)
from clickhouse_connect.driver.exceptions import Error as DriverError

CONNECT_TIMEOUT_S = 5
RECEIVE_TIMEOUT_S = 60

_PASSING_CODES = frozenset(
    (
        74,  # CANNOT_READ_FROM_FILE_DESCRIPTOR
        75,  # CANNOT_WRITE_TO_FILE_DESCRIPTOR
        159,  # TIMEOUT_EXCEEDED
        201,  # QUOTA_EXCEEDED
        202,  # TOO_MANY_SIMULTANEOUS_QUERIES
        203,  # NO_FREE_CONNECTION
        209,  # SOCKET_TIMEOUT
        210,  # NETWORK_ERROR
        236,  # ABORTED
        241,  # MEMORY_LIMIT_EXCEEDED
        242,  # TABLE_IS_READ_ONLY
        243,  # NOT_ENOUGH_SPACE
        252,  # TOO_MANY_PARTS
        319,  # UNKNOWN_STATUS_OF_INSERT
        394,  # QUERY_WAS_CANCELLED
        425,  # SYSTEM_ERROR
        999,  # KEEPER_EXCEPTION
    )
)


def connect(url: str) -> Client:
    """A client for `http(s)://user:password@host:port`; one per thread of use.

    No database is preset: statements name theirs. Raises ValueError if the address has another
    form, without repeating its password, and ClickHouseError if nobody answers there.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the ClickHouse address must look like http://user:password@host:port")
    return clickhouse_connect.get_client(
        interface=parts.scheme,
        host=parts.hostname,
        port=parts.port or (8443 if parts.scheme == "https" else 8123),
        username=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        compress="lz4",
        connect_timeout=CONNECT_TIMEOUT_S,
        send_receive_timeout=RECEIVE_TIMEOUT_S,
        autogenerate_session_id=False,
    )


def is_passing(error: ClickHouseError) -> bool:
    """Whether the same statement may succeed later, so that repeating it makes sense.

    True for everything of the network, for a ClickHouse that is overloaded or full, and for errors
    without a ClickHouse code, which come from something between it and us; not for values and
    statements that the client itself refuses.
    """
    if isinstance(error, (DataError, ProgrammingError)):
        return False
    if isinstance(error, OperationalError):
        return True
    return isinstance(error, DriverError) and (error.code is None or error.code in _PASSING_CODES)
