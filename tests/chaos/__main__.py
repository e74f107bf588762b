"""`python -m tests.chaos`: a shift of many sites, while every part is killed again and again.

Exit code 0: every table is as in a run without faults. 1: something differs, or could not be
started; everything is kept for inspection. 2: wrong arguments.
"""

import argparse
import json
import random
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from local.process import ChildFailedError
from local.stopping import until_stopped
from tests.chaos.plan import SHORT_EVENTS, SHORT_KILLS, SHORT_SITES, Plan
from tests.chaos.reference import ReferenceRefusedError
from tests.chaos.run import Run
from tests.support.apache_kafka import KafkaMissingError

_STATE = Path("var/chaos")


def main(arguments: list[str]) -> int:
    """The command."""
    plan, options = _parse(arguments)
    begin = time.monotonic()

    def say(part: str, what: str) -> None:
        if not options.json:
            print(f"{time.monotonic() - begin:6.1f} s  {part:<18} {what}", flush=True)

    say(
        "chaos", f"seed {plan.seed}, {plan.sites} sites, {plan.events:,} events, {plan.kills} kills"
    )
    code = 1
    try:
        with until_stopped():
            verdict = Run(plan, say).carry_out()
            if options.json:
                print(json.dumps(verdict.as_dict(), ensure_ascii=False))
            else:
                print("\n".join(verdict.lines()), flush=True)
            code = 0 if verdict.is_exact else 1
    except (ChildFailedError, KafkaMissingError, ReferenceRefusedError) as error:
        print(f"chaos: {error}", file=sys.stderr)
    if code or options.keep:
        print(f"kept for inspection: {plan.directory}", file=sys.stderr)
    else:
        shutil.rmtree(plan.directory)
    return code


def _parse(arguments: list[str]) -> tuple[Plan, argparse.Namespace]:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos",
        description="A shift through the real processes while each of them is killed again and"
        " again, messages are lost and repeated, and connections are cut; then every table is"
        " compared, row for row, with a run without faults.",
    )
    parser.add_argument("--seed", type=int, help="same seed, same script (default: by the clock)")
    parser.add_argument("--sites", type=int, help="sites in all (default 20)")
    parser.add_argument("--live", type=int, help="of them with PBX and collector (default 7)")
    parser.add_argument("--events", type=int, help="events in all, roughly (default 100000)")
    parser.add_argument("--kills", type=int, help="kill -9 in all (default 50)")
    parser.add_argument(
        "--speed", type=float, default=30, help="of the simulated PBXs (default 30, at most 60)"
    )
    parser.add_argument(
        "--broker",
        default="embedded",
        metavar="embedded|apache|HOST:PORT",
        help="apache: Kafka itself, from Maven's registry, and it is killed too",
    )
    parser.add_argument("--short", action="store_true", help="half a minute: the one of the tests")
    parser.add_argument("--keep", type=Path, metavar="DIRECTORY", help="keep everything here")
    parser.add_argument("--json", action="store_true", help="print the verdict alone, as JSON")
    options = parser.parse_args(arguments)
    sites = options.sites or (SHORT_SITES if options.short else Plan.sites)
    live = options.live or min(sites, 2 if options.short else Plan.live_sites)
    kills = options.kills or (SHORT_KILLS if options.short else Plan.kills)
    if not 1 <= live <= sites <= 200:
        parser.error("--live must be at least 1 and at most --sites, which may be 200")
    if not 0 < options.speed <= 60:
        parser.error("--speed must be above 0 and at most 60")
    if kills < 6:
        parser.error("--kills must be at least 6: one of each kind")
    if options.broker not in ("embedded", "apache") and ":" not in options.broker:
        parser.error("--broker must be embedded, apache or host:port")
    default = _STATE / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{random.randrange(1 << 16):04x}"
    plan = Plan(
        directory=options.keep or default,
        seed=time.time_ns() % 100_000 if options.seed is None else options.seed,
        sites=sites,
        events=options.events or (SHORT_EVENTS if options.short else Plan.events),
        kills=kills,
        broker=options.broker,
        speed=options.speed,
        live_sites=live,
        is_short=options.short,
    )
    if plan.directory.exists():
        parser.error(f"{plan.directory} is there already")
    return plan, options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
