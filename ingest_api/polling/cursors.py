"""How far each account was read, in a file: a restart goes on there, not a day before."""

import json
from pathlib import Path

import structlog

from ingest_api.auth import SiteIdentity
from ingest_api.owned_file import replace_owned

_log = structlog.get_logger()


class Cursors:
    """Cursors by account, milliseconds since the epoch.

    A file that cannot be read or written costs only that more is read than needed.
    """

    def __init__(self, path: Path) -> None:
        """Reads what is there."""
        self._path = path
        self._by_account: dict[str, int] = {}
        try:
            found = json.loads(path.read_bytes())
            self._by_account = {key: value for key, value in found.items() if type(value) is int}
        except FileNotFoundError:
            pass
        except (OSError, ValueError, AttributeError):
            _log.warning("poll_cursors_unreadable", path=str(path))

    def of(self, account: SiteIdentity, default: int) -> int:
        """Where to begin, `default` if it was never read."""
        return self._by_account.get("/".join(account), default)

    def keep(self, account: SiteIdentity, cursor_ms: int) -> None:
        """It was read up to here."""
        key = "/".join(account)
        if self._by_account.get(key) == cursor_ms:
            return
        self._by_account[key] = cursor_ms
        try:
            replace_owned(self._path, json.dumps(self._by_account).encode())
        except OSError as error:
            _log.warning("poll_cursors_not_written", problem=error.strerror)
