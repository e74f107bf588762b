"""How far each account was read, and when to the end, in a file: a restart goes on there."""

import json
from pathlib import Path

import structlog

from ingest_api.auth import SiteIdentity
from ingest_api.owned_file import replace_owned

_log = structlog.get_logger()


class Cursors:
    """Cursors by account, and when each was last read to the end; milliseconds since the epoch.

    A file that cannot be read or written costs only that more is read than needed, and that an
    account counts as read to the end when the process began.
    """

    def __init__(self, path: Path) -> None:
        """Reads what is there."""
        self._path = path
        self._by_name: dict[str, int] = {}
        try:
            found = json.loads(path.read_bytes())
            self._by_name = {key: value for key, value in found.items() if type(value) is int}
        except FileNotFoundError:
            pass
        except (OSError, ValueError, AttributeError):
            _log.warning("poll_cursors_unreadable", path=str(path))

    def of(self, account: SiteIdentity, default: int) -> int:
        """Where to begin, `default` if it was never read."""
        return self._by_name.get(_cursor_of(account), default)

    def keep(self, account: SiteIdentity, cursor_ms: int) -> None:
        """It was read up to here."""
        self._keep(_cursor_of(account), cursor_ms)

    def last_done(self, account: SiteIdentity, now_ms: int) -> int:
        """When it was last read to the end; if never, when that was first asked for."""
        name = _done_of(account)
        if name not in self._by_name:
            self._keep(name, now_ms)
        # A clock that was set back must not hide that nothing is read.
        return min(self._by_name[name], now_ms)

    def keep_done(self, account: SiteIdentity, now_ms: int) -> None:
        """It was read to the end."""
        self._keep(_done_of(account), now_ms)

    def _keep(self, name: str, value_ms: int) -> None:
        if self._by_name.get(name) == value_ms:
            return
        self._by_name[name] = value_ms
        try:
            replace_owned(self._path, json.dumps(self._by_name).encode())
        except OSError as error:
            _log.warning("poll_cursors_not_written", problem=error.strerror)


def _cursor_of(account: SiteIdentity) -> str:
    return "/".join(account)


def _done_of(account: SiteIdentity) -> str:
    return "/".join((*account, "done"))
