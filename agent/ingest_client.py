"""POSTs bodies to the ingest API over one kept-alive connection.

TLS certificates are always verified, against the system's authorities or the file given; TLS 1.2
and newer is spoken. Plain HTTP is for loopback only, which `agent.config` sees to.
"""

import email.utils
import gzip
import http.client
import io
import ssl
import sys
from typing import Dict, NamedTuple, Optional
from urllib.parse import urlsplit

from agent.errors import IngestUnreachableError

PATH = "/v1/events"
TIMEOUT_S = 30.0
MAX_ANSWER_BYTES = 65536
GZIP_OVER_BYTES = 1024
_GZIP_LEVEL = 1


class Answer(NamedTuple):
    """What came back.

    `retry_after_s` is `Retry-After` in seconds, if it was sent as a number; `date_s` the server's
    clock in seconds since the epoch, if it told.
    """

    status: int
    retry_after_s: Optional[float]
    date_s: Optional[float]
    body: bytes


class IngestClient(object):
    """One address and one token. Not to be shared between threads."""

    def __init__(self, url: str, token: str, ca_file: str) -> None:
        """`url` is the API's base; an empty `ca_file` means the system's authorities."""
        parts = urlsplit(url)
        self._path = parts.path.rstrip("/") + PATH
        self._headers = {
            "Authorization": "Bearer " + token,
            "Content-Type": "application/json",
        }
        self._connection: http.client.HTTPConnection
        host = parts.hostname or ""
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=ca_file or None)
            if sys.version_info < (3, 10):  # later ones speak nothing older by default
                context.options |= ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1
            self._connection = http.client.HTTPSConnection(
                host, parts.port, timeout=TIMEOUT_S, context=context
            )
        else:
            self._connection = http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT_S)

    def post(self, body: bytes) -> Answer:
        """Sends one body; compressed unless it is small.

        A connection that the server closed while it was idle is opened again once. Raises
        IngestUnreachableError with the reason.
        """
        headers = dict(self._headers)
        if len(body) > GZIP_OVER_BYTES:
            body = _compressed(body)
            headers["Content-Encoding"] = "gzip"
        is_reused = self._connection.sock is not None
        try:
            return self._post(body, headers)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError) as error:
            self.close()
            if not is_reused:
                raise IngestUnreachableError(_reason(error)) from error
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise IngestUnreachableError(_reason(error)) from error
        try:
            return self._post(body, headers)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise IngestUnreachableError(_reason(error)) from error

    def close(self) -> None:
        """Closes the connection; the next `post` opens it again."""
        self._connection.close()

    def _post(self, body: bytes, headers: Dict[str, str]) -> Answer:
        self._connection.request("POST", self._path, body, headers)
        response = self._connection.getresponse()
        answer = response.read(MAX_ANSWER_BYTES)
        if not response.isclosed():
            # More than is worth reading: the rest would be taken for the next answer.
            self.close()
        return Answer(
            response.status,
            _seconds(response.getheader("Retry-After")),
            _epoch_s(response.getheader("Date")),
            answer,
        )


def _compressed(body: bytes) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=_GZIP_LEVEL, mtime=0) as file:
        file.write(body)
    return buffer.getvalue()


def _seconds(retry_after: Optional[str]) -> Optional[float]:
    if retry_after is None or not retry_after.strip().isdigit():
        return None
    return float(retry_after)


def _epoch_s(date: Optional[str]) -> Optional[float]:
    parts = email.utils.parsedate_tz(date or "")
    return None if parts is None else float(email.utils.mktime_tz(parts))


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
