"""Opening a ClickHouse by its address."""

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from ingest_api.contract.addresses import parts_of
from tenants.errors import WrongInputError

DATABASE = "callcentre"

CONNECT_TIMEOUT_S = 5
RECEIVE_TIMEOUT_S = 60

_UNKNOWN_TABLE = 60
_UNKNOWN_DATABASE = 81
_AUTHENTICATION_FAILED = 516


def connect(url: str) -> Client:
    """A client for `http(s)://user:password@host:port`.

    Raises WrongInputError if the address has another form, without repeating its password, and
    ClickHouseError if nobody answers there.
    """
    parts = parts_of(url)
    if not parts.hostname or parts.path or parts.query:
        raise WrongInputError("CLICKHOUSE_URL must look like http://user:password@host:port")
    return clickhouse_connect.get_client(
        dsn=url,
        interface=parts.scheme,
        connect_timeout=CONNECT_TIMEOUT_S,
        send_receive_timeout=RECEIVE_TIMEOUT_S,
        autogenerate_session_id=False,
    )


def refused_by_server(error: ClickHouseError, url: str) -> str:
    """What went wrong between us and the server of this address, for the operator."""
    place = parts_of(url).netloc.rpartition("@")[2]
    code = getattr(error, "code", None)
    if code is None:
        return f"ClickHouse at {place} does not answer: is it running, is CLICKHOUSE_URL right?"
    if code == _AUTHENTICATION_FAILED:
        return f"ClickHouse at {place} refuses the user or the password of CLICKHOUSE_URL"
    if code in (_UNKNOWN_TABLE, _UNKNOWN_DATABASE):
        return (
            f"the schema of ClickHouse at {place} is not there, or older than this program:"
            " run `python -m streams migrate`"
        )
    return f"ClickHouse at {place}: {error}"
