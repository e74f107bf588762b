"""How long things took: a row per span of seconds, empty ones too."""

# ruff: noqa: S608 - statements are put together of constants of our own alone

from itertools import pairwise
from typing import NamedTuple

from grafana.language import Language


class Bins(NamedTuple):
    """Spans from one start to the next, the end excluded; the last one has none.

    `starts_s` are seconds; `unit` is what people read them in, of `unit_s` seconds.
    """

    starts_s: tuple[int, ...]
    unit: str
    unit_s: int

    @property
    def starts(self) -> str:
        """The starts as a list of SQL without its brackets."""
        return ", ".join(map(str, self.starts_s))

    def counted(self, language: Language, calls: str, name: str, rows: str) -> str:
        """One row per span, `bin` its name.

        `rows` is a statement whose every row has the `start` of its span; `calls` counts them by
        the name `name`.
        """
        return f"""SELECT bins.name AS bin, {calls} AS calls
FROM (SELECT arrayJoin(arrayZip([{self._names(language)}], [{self.starts}])) AS bin, bin.1 AS name,
    bin.2 AS start) AS bins
LEFT JOIN
(
    {rows}
) AS {name} ON {name}.start = bins.start
GROUP BY bins.name, bins.start
ORDER BY bins.start"""

    def _names(self, language: Language) -> str:
        to = "a" if language is Language.PORTUGUESE else "to"
        marks = [start // self.unit_s for start in self.starts_s]
        names = [f"'{one} {to} {two} {self.unit}'" for one, two in pairwise(marks)]
        return ", ".join([*names, f"'{marks[-1]} {self.unit} +'"])
