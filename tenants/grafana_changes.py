"""Comparing what Grafana has with what it is to have, and counting what had to be changed."""

from collections.abc import Mapping
from typing import Any


class Changes:
    """What one run did to Grafana: a sentence for each change, a number for the rest."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.told: list[str] = []
        self.unchanged = 0

    def must(self, what: str, *, is_so_already: bool) -> bool:
        """Whether something has to be written; notes it either way, `what` says what was done."""
        if is_so_already:
            self.unchanged += 1
        else:
            self.told.append(what)
        return not is_so_already


def covers(present: Any, wanted: Any) -> bool:
    """Whether all that is wanted is there.

    Grafana adds fields of its own to what it is given, so an object may have more than is wanted;
    a list may not.
    """
    if isinstance(wanted, Mapping):
        return isinstance(present, Mapping) and all(
            covers(present.get(name), value) for name, value in wanted.items()
        )
    if isinstance(wanted, list | tuple):
        return (
            isinstance(present, list)
            and len(present) == len(wanted)
            and all(map(covers, present, wanted))
        )
    return bool(present == wanted)
