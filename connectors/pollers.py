"""The platforms that can be asked, by the same word as in `doors.py`."""

from collections.abc import Callable

from connectors.helena.api import HelenaApi
from connectors.helena.poller import HelenaPoller
from connectors.poller import Poller

MakePoller = Callable[[str, str, int], Poller]
"""Of the base URL, the account's token, and where to begin (milliseconds since the epoch)."""


def _helena(base_url: str, token: str, cursor_ms: int) -> Poller:
    return HelenaPoller(HelenaApi(base_url, token), cursor_ms)


POLLERS: dict[str, MakePoller] = {"helena": _helena}
