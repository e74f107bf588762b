"""Opening a ClickHouse by its address."""

from urllib.parse import urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client

from tenants.errors import WrongInputError

DATABASE = "callcentre"

CONNECT_TIMEOUT_S = 5
RECEIVE_TIMEOUT_S = 60


def connect(url: str) -> Client:
    """A client for `http(s)://user:password@host:port`.

    Raises WrongInputError if the address has another form, without repeating its password, and
    ClickHouseError if nobody answers there.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        raise WrongInputError("CLICKHOUSE_URL must look like http://user:password@host:port")
    return clickhouse_connect.get_client(
        dsn=url,
        interface=parts.scheme,
        connect_timeout=CONNECT_TIMEOUT_S,
        send_receive_timeout=RECEIVE_TIMEOUT_S,
        autogenerate_session_id=False,
    )
