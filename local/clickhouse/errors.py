"""Errors of the service and how they are told to clients, in ClickHouse's own form.

Exception
 ├─ StartError          the service cannot start; the message says why in one sentence
 └─ RequestError        this request is refused; has ClickHouse's code and name

Errors of the engine carry ClickHouse's text themselves (`Code: N. DB::Exception: …`).
"""

import re

_CODE = re.compile(r"Code: (\d+)\. ")
_STATUS_OF_CODE = {
    36: 400,  # BAD_ARGUMENTS
    40: 400,  # CHECKSUM_DOESNT_MATCH
    43: 400,  # ILLEGAL_TYPE_OF_ARGUMENT
    46: 404,  # UNKNOWN_FUNCTION
    47: 404,  # UNKNOWN_IDENTIFIER
    60: 404,  # UNKNOWN_TABLE
    62: 400,  # SYNTAX_ERROR
    81: 404,  # UNKNOWN_DATABASE
    159: 408,  # TIMEOUT_EXCEEDED
    202: 503,  # TOO_MANY_SIMULTANEOUS_QUERIES
    271: 400,  # CANNOT_DECOMPRESS
    307: 413,  # TOO_MANY_BYTES
    497: 403,  # ACCESS_DENIED
    516: 401,  # AUTHENTICATION_FAILED
}
_UNKNOWN_EXCEPTION = 1002


class StartError(Exception):
    """The service cannot start: the path or port is taken, or a setting is missing or wrong."""


class RequestError(Exception):
    """A request is refused before the engine sees it; `code` and `name` as ClickHouse has them."""

    def __init__(self, code: int, name: str, message: str) -> None:
        """`message` is for the client: it must not repeat secrets."""
        super().__init__(f"Code: {code}. DB::Exception: {message} ({name})")


def access_denied(message: str) -> RequestError:
    """The statement or setting is not for this user."""
    return RequestError(497, "ACCESS_DENIED", message)


def bad_request(message: str) -> RequestError:
    """The request is malformed."""
    return RequestError(36, "BAD_ARGUMENTS", message)


def error_text(error: Exception, version: str) -> str:
    """The error as ClickHouse writes it, one line, ending in the version."""
    text = str(error)
    start = text.find("Code: ")
    text = text[start:] if start >= 0 else f"Code: {_UNKNOWN_EXCEPTION}. DB::Exception: {text}"
    return text.rstrip() if "(version " in text else f"{text.rstrip()} (version {version})"


def error_code(text: str) -> int:
    """The code in an error text."""
    found = _CODE.match(text)
    return int(found[1]) if found else _UNKNOWN_EXCEPTION


def http_status(code: int) -> int:
    """The HTTP status ClickHouse gives to a code."""
    return _STATUS_OF_CODE.get(code, 500)
