"""`python -m local wallboard`: the live board, or one reading for scripts."""

import argparse
import json
import os
import sys
import threading
import time
import zoneinfo
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError
from rich.console import Console
from rich.live import Live

from local.stopping import until_stopped
from local.wallboard.board import Board
from local.wallboard.readings import Reading, Scope, read
from local.wallboard.words import LANGUAGES, Words
from streams.storage.connection import connect

READ_EVERY_S = 1.0
_DRAW_EVERY_S = 0.5
_TROUBLE_CHARACTERS = 60
_URL_VARIABLE = "CLICKHOUSE_URL"


@dataclass(frozen=True)
class BoardPlan:
    """What to show, from where (`http://user:password@host:port`), and in which language."""

    url: str
    scope: Scope
    language: str = "pt-BR"
    footer: str = ""

    @property
    def words(self) -> Words:
        """The language's words."""
        return LANGUAGES[self.language]


def main(arguments: list[str]) -> int:
    """The command. Exit code 1: ClickHouse does not answer; 2: wrong arguments."""
    options = _parse(arguments)
    scope = Scope(options.tenant, options.site, options.zone)
    plan = BoardPlan(options.url, scope, options.language)
    try:
        if options.once:
            _show_once(plan, as_json=options.json)
        else:
            with until_stopped():
                show(plan, lambda: "")
    except (ClickHouseError, ValueError) as error:
        print(f"wallboard: {error}", file=sys.stderr)
        return 1
    return 0


def show(plan: BoardPlan, on_tick: Callable[[], str]) -> None:
    """Shows the live board until `on_tick`, called twice a second, raises.

    What it returns is shown as trouble, unless the board has trouble of its own; empty: none.
    """
    latest = _Latest(plan)
    zone = zoneinfo.ZoneInfo(plan.scope.zone)
    threading.Thread(target=latest.keep_reading, name="wallboard-reader", daemon=True).start()
    try:
        with Live(screen=True, auto_refresh=False) as live:
            while True:
                notice = on_tick()
                live.update(latest.board(datetime.now(zone), notice), refresh=True)
                time.sleep(_DRAW_EVERY_S)
    finally:
        latest.stop.set()


class _Latest:
    """The newest reading, taken by a thread of its own so that the board never freezes."""

    def __init__(self, plan: BoardPlan) -> None:
        self.stop = threading.Event()
        self._plan = plan
        self._reading: Reading | None = None
        self._read_at = 0.0
        self._trouble = ""
        self._bug: Exception | None = None

    def keep_reading(self) -> None:
        client = None
        while not self.stop.is_set():
            try:
                client = client or connect(self._plan.url)
                self._reading = read(client, self._plan.scope)
                self._read_at = time.monotonic()
                self._trouble = ""
            except OperationalError:
                client = None
                self._trouble = self._plan.words.no_answer
            except ClickHouseError as error:
                client = None
                self._trouble = str(error)[:_TROUBLE_CHARACTERS]
            except Exception as bug:  # noqa: BLE001 - raised where it is seen, see `board`
                self._bug = bug
                return
            self.stop.wait(READ_EVERY_S)

    def board(self, now: datetime, notice: str) -> Board:
        if self._bug is not None:
            raise self._bug
        reading = self._reading
        age_s = None
        if reading is not None and reading.age_ms is not None:
            age_s = reading.age_ms / 1000 + time.monotonic() - self._read_at
        trouble = self._trouble or notice
        return Board(
            self._plan.words, reading, age_s, now, trouble=trouble, footer=self._plan.footer
        )


def _show_once(plan: BoardPlan, *, as_json: bool) -> None:
    client = connect(plan.url)
    try:
        reading = read(client, plan.scope)
    finally:
        client.close()
    if as_json:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        print(json.dumps({"at": at, **asdict(reading)}, ensure_ascii=False))
        return
    age_s = None if reading.age_ms is None else reading.age_ms / 1000
    now = datetime.now(zoneinfo.ZoneInfo(plan.scope.zone))
    Console().print(Board(plan.words, reading, age_s, now))


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local wallboard",
        description="A live wallboard in the terminal, from any ClickHouse with our schema.",
    )
    parser.add_argument(
        "--url",
        default=os.environ.get(_URL_VARIABLE, ""),
        help=f"http://user:password@host:port (default: {_URL_VARIABLE})",
    )
    parser.add_argument("--tenant", default="demo", help="whose numbers (default: demo)")
    parser.add_argument("--site", default="", help="only this site (default: all)")
    parser.add_argument("--language", choices=list(LANGUAGES), default="pt-BR")
    parser.add_argument(
        "--zone", default="America/Sao_Paulo", help="whose midnight begins the day (%(default)s)"
    )
    parser.add_argument("--once", action="store_true", help="show one reading and exit")
    parser.add_argument("--json", action="store_true", help="with --once: as JSON")
    options = parser.parse_args(arguments)
    if not options.url:
        parser.error(f"say where ClickHouse is: --url or {_URL_VARIABLE}")
    if options.json and not options.once:
        parser.error("--json goes with --once")
    try:
        zoneinfo.ZoneInfo(options.zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        parser.error(f"no time zone is called {options.zone}")
    return options
