"""`python -m local demo`: the whole pipeline with simulated call centres and a live wallboard."""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from local.addresses import ask_json, bare
from local.broker import BrokerMissingError
from local.comparison import differences
from local.pbx.dialect import DIALECTS
from local.process import ChildFailedError
from local.stopping import until_stopped
from local.supervisor import TENANT, Stack, StackPlan, running_stack
from local.wallboard.command import BoardPlan, show
from local.wallboard.readings import Scope, read
from local.wallboard.words import LANGUAGES
from streams.storage.connection import connect

_STATE = Path("var/demo")
_LOOK_EVERY_S = 1.0
_LINE_EVERY_S = 10.0
_SETTLED_WITHIN_S = 30.0


class _PlayedOutError(Exception):
    """The simulated call centres have closed, and every call is over."""


def main(arguments: list[str]) -> int:
    """The command. Exit code 1: a part failed, or facts and truth differ."""
    options = _parse(arguments)
    started_s = time.monotonic()

    def progress(part: str, where: str) -> None:
        if not options.json:
            print(f"{time.monotonic() - started_s:6.1f} s  {part:<12} {where}", flush=True)

    plan = StackPlan(
        state=_STATE / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}",
        sites=options.sites,
        seed=options.seed,
        speed=options.speed,
        duration_s=options.duration,
        asterisk=options.asterisk,
        kafka_bootstrap=os.environ.get("KAFKA_BOOTSTRAP", ""),
        clickhouse_url=os.environ.get("CLICKHOUSE_URL", ""),
    )
    code = 0
    try:
        with until_stopped(), running_stack(plan, progress) as stack:
            code = _run(options, plan, stack)
    except (ChildFailedError, BrokerMissingError) as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    progress("stopped", f"logs are in {plan.state / 'logs'}")
    return code


def _run(options: argparse.Namespace, plan: StackPlan, stack: Stack) -> int:
    addresses = _addresses(stack)
    (plan.state / "addresses.json").write_text(json.dumps(addresses, indent=1))
    print(json.dumps(addresses) if options.json else _guide(stack, plan), flush=True)
    look = _Look(stack, has_end=plan.duration_s is not None)
    scope = Scope(TENANT, zone=options.zone)
    try:
        if options.wallboard and not options.json and sys.stdout.isatty():
            footer = f"ClickHouse {bare(stack.clickhouse_url)} · {plan.state}/addresses.json"
            show(BoardPlan(stack.reader_url, scope, options.language, footer), look)
        _watch(stack.reader_url, scope, look, is_silent=options.json)
    except _PlayedOutError:
        return _judge(stack, as_json=options.json)


def _watch(reader_url: str, scope: Scope, look: "_Look", *, is_silent: bool) -> NoReturn:
    """Without a board: every ten seconds a line of what ClickHouse says, until `look` raises."""
    client = None if is_silent else connect(reader_url)
    next_line_s = time.monotonic()
    while True:
        look()
        if client is not None and time.monotonic() >= next_line_s:
            next_line_s += _LINE_EVERY_S
            total = read(client, scope).total
            now = datetime.now(ZoneInfo(scope.zone))
            level = "—" if total.service_level is None else f"{total.service_level:.0%}"
            print(
                f"{now:%H:%M:%S}  waiting {total.waiting}, talking {total.talking}; today offered "
                f"{total.offered}, answered {total.answered}, abandoned {total.abandoned}, "
                f"flowed out {total.flowed_out}, service level {level}",
                flush=True,
            )
        time.sleep(_LOOK_EVERY_S)


class _Look:
    """Looks after the children; raises _PlayedOutError when the simulated day is over."""

    def __init__(self, stack: Stack, *, has_end: bool) -> None:
        self._stack = stack
        self._has_end = has_end

    def __call__(self) -> None:
        self._stack.check()
        if self._has_end:
            try:
                totals = ask_json(f"{self._stack.truth_url}/totals")
            except OSError:
                return  # if the PBX is gone, the next look says so
            if all(site["is_over"] for site in totals["sites"]):
                raise _PlayedOutError


def _judge(stack: Stack, *, as_json: bool) -> int:
    """Waits until facts and truth agree, or until they had time enough to; says what is so."""
    truth = ask_json(f"{stack.truth_url}/truth")
    deadline = time.monotonic() + _SETTLED_WITHIN_S
    while True:
        stack.check()
        found = differences(stack.clickhouse_url, TENANT, truth)
        if not found or time.monotonic() > deadline:
            break
        time.sleep(_LOOK_EVERY_S)
    offered = sum(queue["offered"] for site in truth["sites"] for queue in site["totals"].values())
    if as_json:
        result: dict[str, Any] = {"offered": offered, "differences": [asdict(one) for one in found]}
        print(json.dumps(result, ensure_ascii=False), flush=True)
    elif not found:
        print(f"\nEach of {offered} queue calls is in ClickHouse as the simulator knows it was.")
    else:
        print(f"\nOf {offered} queue calls this is not as the simulator knows it was:")
        for one in found:
            where = f"{one.site} {one.queue} {one.uniqueid}".rstrip()
            print(f"  {where} {one.name}: {one.found}, truly {one.true}")
    return 1 if found else 0


def _addresses(stack: Stack) -> dict[str, Any]:
    return {
        "clickhouse": stack.clickhouse_url,
        "clickhouse_reader": stack.reader_url,
        "tenant": TENANT,
        "sites": stack.sites,
        "ingest": stack.ingest_url,
        "ingest_metrics": f"{stack.ingest_url}/metrics",
        "streams_metrics": stack.worker_metrics_url,
        "kafka_bootstrap": stack.kafka_bootstrap,
        "truth": f"{stack.truth_url}/truth",
    }


def _guide(stack: Stack, plan: StackPlan) -> str:
    query = "SELECT queue, outcome, count() FROM callcentre.v_queue_calls GROUP BY ALL ORDER BY ALL"
    lines = [
        "",
        "Ask ClickHouse (user and password are in the address):",
        f"  curl '{stack.clickhouse_url}/' \\",
        f"    --data-binary '{query}'",
        f"Ingest API   {stack.ingest_url}/docs and /metrics",
        f"Streams      {stack.worker_metrics_url}",
        f"True totals  {stack.truth_url}/totals, every call: /truth",
        "Wallboard    in another terminal:",
        f"  {_python()} -m local wallboard --url {stack.reader_url}",
        f"State, logs  {plan.state}",
    ]
    return "\n".join([*lines, ""])


def _python() -> str:
    """This interpreter, as it may be typed here."""
    path = Path(sys.executable)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local demo",
        description="Start the whole pipeline on this machine, with simulated call centres and a"
        " live wallboard. Ctrl-C stops it all.",
        epilog="KAFKA_BOOTSTRAP and CLICKHOUSE_URL name servers to use instead of embedded ones.",
    )
    parser.add_argument("--sites", type=int, default=1, help="simulated PBXs (default 1)")
    parser.add_argument(
        "--speed", type=float, default=1.0, help="how many times faster than life (default 1)"
    )
    parser.add_argument("--seed", type=int, default=3, help="same seed, same call centre")
    parser.add_argument("--asterisk", choices=list(DIALECTS), default="18")
    parser.add_argument(
        "--duration",
        type=float,
        metavar="SECONDS",
        help="take calls for so long, see them to their end, compare each with the truth, and exit",
    )
    parser.add_argument(
        "--no-wallboard", dest="wallboard", action="store_false", help="only start and watch"
    )
    parser.add_argument(
        "--json", action="store_true", help="addresses, and the comparison, as lines of JSON"
    )
    parser.add_argument("--language", choices=list(LANGUAGES), default="pt-BR")
    parser.add_argument("--zone", default="America/Sao_Paulo", help="whose day (%(default)s)")
    options = parser.parse_args(arguments)
    if not 1 <= options.sites <= _MOST_SITES:
        parser.error(f"--sites must be from 1 to {_MOST_SITES}")
    if not 0 < options.speed <= _HIGHEST_SPEED:
        parser.error(f"--speed must be above 0 and at most {_HIGHEST_SPEED}")
    return options


_MOST_SITES = 9
_HIGHEST_SPEED = 30
