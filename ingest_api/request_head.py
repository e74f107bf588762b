"""What a request to `/v1/events` says before its body."""

from collections.abc import Iterable
from typing import NamedTuple

from ingest_api.contract.limits import MAX_COMPRESSED_BYTES
from ingest_api.errors import MalformedBodyError, TooLargeError, UnsupportedBodyError

_MAX_DIGITS = 18


class RequestHead(NamedTuple):
    """The headers that matter, as they were sent: of a repeated one the first."""

    authorization: str = ""
    content_type: str = "application/json"
    content_encoding: str = "identity"
    content_length: str = "0"

    @property
    def token(self) -> str | None:
        """The bearer token; None if there is none."""
        scheme, _, token = self.authorization.partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None

    def is_gzip(self) -> bool:
        """Whether the body is gzip; raises UnsupportedBodyError if it is not that or plain JSON.

        Without a Content-Type the body is taken for JSON.
        """
        media_type = self.content_type.partition(";")[0]
        if media_type.strip().lower() != "application/json":
            raise UnsupportedBodyError("the content type must be application/json")
        return self.is_encoded_as_gzip()

    def is_encoded_as_gzip(self) -> bool:
        """The same, whatever the body is said to be."""
        encoding = self.content_encoding.strip().lower()
        if encoding not in ("gzip", "identity"):
            raise UnsupportedBodyError("the content encoding must be gzip, or none")
        return encoding == "gzip"

    def check_length(self, most: int = MAX_COMPRESSED_BYTES) -> None:
        """Raises TooLargeError if the body is declared too long, MalformedBodyError if wrongly."""
        declared = self.content_length
        if not (declared.isascii() and declared.isdecimal()):
            raise MalformedBodyError("the content length is not a number")
        if len(declared) > _MAX_DIGITS or int(declared) > most:
            raise TooLargeError(too_long(most))


_FIELDS = {name.replace("_", "-").encode(): name for name in RequestHead._fields}


def too_long(most: int) -> str:
    """What is said of a body of more than `most` bytes."""
    return f"a body has at most {most} bytes"


def read_head(headers: Iterable[tuple[bytes, bytes]]) -> RequestHead:
    """The head in ASGI's headers, whose names are in lower case."""
    found: dict[str, str] = {}
    for name, value in headers:
        if name in _FIELDS:
            found.setdefault(_FIELDS[name], value.decode("latin-1"))
    return RequestHead(**found)
