"""One statement of a reader over HTTP, as curl would send it: its settings in the URL, as they are.

Not through the driver, which looks at settings itself and would refuse some before the server can.
"""

import re
import ssl
import urllib.request
from collections.abc import Mapping
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import quote, urlencode, urlsplit

from tenants.errors import NotPossibleError

_TIMEOUT_S = 60
_CODE = re.compile(r"Code: (\d+)\.")
_AUTHENTICATION_FAILED = 516
_THROWN_IF = 395
_MAX_ANSWER_BYTES = 64 * 1024


class Answer(NamedTuple):
    """What came: the text of an answer, or ClickHouse's code of a refusal (0 if it gave none)."""

    text: str
    code: int | None = None

    @property
    def is_login_refused(self) -> bool:
        """The user or the password is not accepted."""
        return self.code == _AUTHENTICATION_FAILED

    @property
    def is_thrown(self) -> bool:
        """The statement ran and found a row for which it was to fail."""
        return self.code == _THROWN_IF


def ask(address: str, user: str, password: str, statement: str, keys: Mapping[str, str]) -> Answer:
    """The answer to one statement. `address` is the server's; a user in it does not count.

    Raises NotPossibleError if nobody answers.
    """
    parts = urlsplit(address)
    place = parts.netloc.rpartition("@")[2]
    url = f"{parts.scheme}://{place}/?{urlencode(keys, quote_via=quote)}"
    request = urllib.request.Request(url, statement.encode())  # noqa: S310 - http or https, checked by connect
    request.add_header("X-ClickHouse-User", user)
    request.add_header("X-ClickHouse-Key", password)
    context = ssl.create_default_context() if parts.scheme == "https" else None
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S, context=context) as answer:  # noqa: S310 - as above
            text = answer.read(_MAX_ANSWER_BYTES).decode("utf-8", "replace")
    except HTTPError as error:
        found = _CODE.search(error.read(_MAX_ANSWER_BYTES).decode("utf-8", "replace"))
        return Answer("", int(found[1]) if found else 0)
    except OSError as error:
        raise NotPossibleError(f"no answer from {place}: {error}") from error
    # An error after the first rows comes within an answer that began well.
    found = _CODE.search(text)
    return Answer("", int(found[1])) if found else Answer(text.strip())
