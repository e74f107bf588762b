"""How the deaths of children are told: a line on the console, or for a while on the wallboard."""

import sys
import time
from datetime import datetime
from zoneinfo import ZoneInfo

from local.restarts import Death
from local.wallboard.words import Words

_SHOWN_FOR_S = 10.0


class Console:
    """Lines with the time of day of a zone; of deaths on stderr if stdout is for programs."""

    def __init__(self, zone: str, *, is_for_programs: bool) -> None:
        """`zone` is a name such as America/Sao_Paulo."""
        self._zone = ZoneInfo(zone)
        self._deaths_to = sys.stderr if is_for_programs else sys.stdout

    def tell(self, text: str) -> None:
        """A line on stdout."""
        print(self._timed(text), flush=True)

    def tell_death(self, death: Death) -> None:
        """One line."""
        print(self._timed(str(death)), file=self._deaths_to, flush=True)

    def _timed(self, text: str) -> str:
        return f"{datetime.now(self._zone):%H:%M:%S}  {text}"


class BoardNotice:
    """The latest death in the words of a board, for ten seconds."""

    def __init__(self, words: Words) -> None:
        """Nothing to be shown."""
        self._words = words
        self._text = ""
        self._told_at = 0.0

    def tell_death(self, death: Death) -> None:
        """Show this one from now on."""
        self._text = self._words.started_again.format(part=death.name)
        self._told_at = time.monotonic()

    def text(self) -> str:
        """What is to be shown now; empty: nothing."""
        return self._text if time.monotonic() - self._told_at < _SHOWN_FOR_S else ""
