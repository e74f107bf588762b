"""`python -m local demo`: the whole pipeline with simulated call centres and a live wallboard."""

import argparse
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.addresses import bare
from local.broker import BrokerMissingError
from local.notice import BoardNotice, Console
from local.pbx.dialect import DIALECTS
from local.process import ChildFailedError
from local.registration import tenants_environment
from local.stack import MOST_WORKERS, NEIGHBOUR, TENANT, Stack, StackPlan
from local.stopping import until_stopped
from local.supervisor import running_stack
from local.verdict import judge, parts, parts_table
from local.wallboard.command import BoardPlan, show
from local.wallboard.readings import Scope
from local.wallboard.words import LANGUAGES
from local.watch import Look, PlayedOutError, watch_in_lines, watch_quietly

_STATE = Path("var/demo")
_MOST_SITES = 9
_HIGHEST_SPEED = 60


def main(arguments: list[str]) -> int:
    """The command. Exit code 1: a part failed for good, or facts and truth differ."""
    options = _parse(arguments)
    started_s = time.monotonic()

    def progress(part: str, where: str) -> None:
        if not options.json:
            print(f"{time.monotonic() - started_s:6.1f} s  {part:<16} {where}", flush=True)

    plan = StackPlan(
        state=_STATE / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}",
        sites=options.sites,
        workers=options.workers,
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
    console = Console(options.zone, is_for_programs=options.json)
    notice = BoardNotice(LANGUAGES[options.language])
    is_board = options.wallboard and not options.json and sys.stdout.isatty()
    on_death = notice.tell_death if is_board else console.tell_death
    look = Look(stack, on_death, has_end=plan.duration_s is not None)
    try:
        if is_board:
            _show_board(options, plan, stack, look, notice)
        elif options.json:
            watch_quietly(look)
        watch_in_lines(stack.tenants[TENANT].reader_url, _scope(options), look, console.tell)
    except PlayedOutError:
        verdict = judge(stack, look)
        if options.json:
            used = parts(stack.meter.total(), look.deaths)
            print(json.dumps(verdict.as_dict() | {"parts": used}, ensure_ascii=False), flush=True)
        else:
            print("\n".join(["", *verdict.lines()]))
        return verdict.exit_code
    finally:
        if not options.json:
            lines = parts_table(parts(stack.meter.total(), look.deaths))
            print("\n".join(["", *lines]), flush=True)


def _show_board(
    options: argparse.Namespace, plan: StackPlan, stack: Stack, look: Look, notice: BoardNotice
) -> None:
    footer = f"ClickHouse {bare(stack.clickhouse_url)} · {plan.state}/addresses.json"

    def tick() -> str:
        look()
        return notice.text()

    reader_url = stack.tenants[TENANT].reader_url
    show(BoardPlan(reader_url, _scope(options), options.language, footer), tick)


def _scope(options: argparse.Namespace) -> Scope:
    return Scope(TENANT, zone=options.zone)


def _addresses(stack: Stack) -> dict[str, Any]:
    return {
        "clickhouse": stack.clickhouse_url,
        "clickhouse_reader": stack.tenants[TENANT].reader_url,
        "tenant": TENANT,
        "sites": stack.tenants[TENANT].sites,
        "neighbour": {
            "tenant": NEIGHBOUR,
            "clickhouse_reader": stack.tenants[NEIGHBOUR].reader_url,
            "sites": stack.tenants[NEIGHBOUR].sites,
        },
        "tenants_cli": tenants_environment(stack),
        "ingest": stack.ingest_url,
        "ingest_metrics": f"{stack.ingest_url}/metrics",
        "streams_metrics": [*stack.worker_metrics_urls.values()],
        "kafka_bootstrap": stack.kafka_bootstrap,
        "truth": f"{stack.tenants[TENANT].truth_url}/truth",
        "grafana": _grafana(stack),
    }


def _grafana(stack: Stack) -> dict[str, Any] | None:
    if stack.grafana is None:
        return None
    access = stack.grafana
    people = {person.login: person.password for person in stack.people}
    return {"url": access.url, "people": people | {access.user: access.password}}


def _guide(stack: Stack, plan: StackPlan) -> str:
    query = "SELECT queue, outcome, count() FROM callcentre.v_queue_calls GROUP BY ALL ORDER BY ALL"
    variables = " ".join(f"{name}={value}" for name, value in tenants_environment(stack).items())
    lines = [
        "",
        "Ask ClickHouse (user and password are in the address):",
        f"  curl '{stack.clickhouse_url}/' \\",
        f"    --data-binary '{query}'",
        f"Ingest API   {stack.ingest_url}/docs and /metrics",
        f"Streams      {' '.join(stack.worker_metrics_urls.values())}",
        f"True totals  {stack.tenants[TENANT].truth_url}/totals, every call: /truth",
        *_grafana_guide(stack),
        "Wallboard    in another terminal; the second one is the other customer's:",
        *(
            f"  {_python()} -m local wallboard --url {one.reader_url} --tenant {tenant}"
            for tenant, one in stack.tenants.items()
        ),
        "Customers    list, show, queue set, verify …, in another terminal:",
        f"  env {variables} {_python()} -m tenants list",
        f"State, logs  {plan.state}",
    ]
    return "\n".join([*lines, ""])


def _grafana_guide(stack: Stack) -> list[str]:
    if stack.grafana is None:
        return []
    access = stack.grafana
    people = [f"  {person.login:<18} {person.password}" for person in stack.people]
    return [
        f"Grafana      {access.url}, login and password:",
        *people,
        f"  {access.user:<18} {access.password}  (the operator: all customers)",
    ]


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
        "--workers",
        type=int,
        default=1,
        help=f"stream workers, from 1 to {MOST_WORKERS} (default 1)",
    )
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
    if not 1 <= options.workers <= MOST_WORKERS:
        parser.error(f"--workers must be from 1 to {MOST_WORKERS}")
    if not 0 < options.speed <= _HIGHEST_SPEED:
        parser.error(f"--speed must be above 0 and at most {_HIGHEST_SPEED}")
    return options
