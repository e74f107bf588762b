"""What the demo does while the pipeline runs: looks after it, and knows when the day is over."""

import time
from collections import Counter
from collections.abc import Callable
from typing import NoReturn

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from local.restarts import Death
from local.stack import Stack
from local.wallboard.readings import Scope, read
from streams.storage.connection import connect

_LOOK_EVERY_S = 0.25
_LINE_EVERY_S = 10.0
_ASK_IF_OVER_EVERY_S = 1.0

Tell = Callable[[str], None]
"""Shows a person one line."""


class PlayedOutError(Exception):
    """The simulated call centres have closed, and every call is over."""


class Look:
    """Looks after the children of a stack at each call, and counts the deaths of each."""

    def __init__(self, stack: Stack, on_death: Callable[[Death], None], *, has_end: bool) -> None:
        """`has_end`: the call centres close some day."""
        self.deaths: Counter[str] = Counter()
        self._stack = stack
        self._on_death = on_death
        self._has_end = has_end
        self._asked_at = 0.0

    def at_children(self) -> None:
        """Start again what has died. Raises ChildFailedError as `Stack.look` does."""
        for death in self._stack.look():
            self.deaths[death.name] += 1
            self._on_death(death)

    def __call__(self) -> None:
        """As `at_children`; raises PlayedOutError when the day is over."""
        self.at_children()
        now = time.monotonic()
        if self._has_end and now - self._asked_at >= _ASK_IF_OVER_EVERY_S:
            self._asked_at = now
            self._raise_if_over()

    def _raise_if_over(self) -> None:
        try:
            totals = [each.ask_truth("totals") for each in self._stack.tenants.values()]
        except OSError:
            return  # if the PBX is gone, the next look says so
        if all(site["is_over"] for centre in totals for site in centre["sites"]):
            raise PlayedOutError


def watch_quietly(look: Look) -> NoReturn:
    """Until `look` raises."""
    while True:
        look()
        time.sleep(_LOOK_EVERY_S)


def watch_in_lines(reader_url: str, scope: Scope, look: Look, tell: Tell) -> NoReturn:
    """Every ten seconds a line of what ClickHouse says, until `look` raises."""
    client: Client | None = None
    next_line_at = time.monotonic()
    while True:
        look()
        if time.monotonic() >= next_line_at:
            next_line_at += _LINE_EVERY_S
            try:
                client = client or connect(reader_url)
                tell(_line(client, scope))
            except ClickHouseError:
                client = None
                tell("ClickHouse does not answer")
        time.sleep(_LOOK_EVERY_S)


def _line(client: Client, scope: Scope) -> str:
    total = read(client, scope).total
    level = "—" if total.service_level is None else f"{total.service_level:.0%}"
    return (
        f"waiting {total.waiting}, talking {total.talking}; today offered {total.offered}, "
        f"answered {total.answered}, abandoned {total.abandoned}, "
        f"flowed out {total.flowed_out}, service level {level}"
    )
