"""`python -m local pbx`: simulated PBXs on TCP ports, or a generated day in files."""

import argparse
import asyncio
import json
import os
import secrets
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

from agent.errors import CaptureError
from local.pbx.call_centre import COLLECTOR_CLASSES, CallCentre, generate
from local.pbx.dialect import DIALECTS
from local.pbx.live import LiveCallCentre
from local.pbx.plan import at_speed, default_plan
from local.pbx.recorded import RecordedCapture, Recording
from local.pbx.server import AmiServer, Source
from local.pbx.session import User
from local.pbx.truth import TrueCall
from local.pbx.truth_http import serve_truth
from local.process import LOOPBACK
from local.stopping import until_stopped

SECRET_VARIABLE = "PBX_SECRET"  # noqa: S105 - the name of a variable
_HOUR_MS = 3_600_000


def main(arguments: list[str]) -> int:
    """The command. Exit code 2: no readable capture, or a port in use."""
    options = _parse(arguments)
    try:
        if options.write is not None:
            write_day(options.write, options.seed, options.duration or 3600, options.asterisk)
            return 0
        with until_stopped():
            asyncio.run(_run(options))
    except (CaptureError, OSError) as error:
        print(f"pbx: {error}", file=sys.stderr)
        return 2
    return 0


def write_day(directory: Path, seed: int, duration_s: float, asterisk: str) -> None:
    """A generated day as a capture (`capture.ami` and its index), with `truth.json` beside it.

    `python -m local fold DIRECTORY` folds it. The day begins now.
    """
    directory.mkdir(parents=True, exist_ok=True)
    day = generate(seed, time.time_ns() // 1_000_000, duration_s, dialect=DIALECTS[asterisk])
    offset = 0
    with (
        (directory / "capture.ami").open("wb") as capture,
        (directory / "capture.idx.jsonl").open("w") as index,
    ):
        for at, packet in day:
            capture.write(packet)
            index.write(json.dumps({"t": at / 1000, "o": offset, "n": len(packet)}) + "\n")
            offset += len(packet)
    truth = json.dumps(day.truth.as_dict(), ensure_ascii=False, indent=1)
    (directory / "truth.json").write_text(truth)


async def _run(options: argparse.Namespace) -> None:
    secret = os.environ.get(SECRET_VARIABLE, "")
    if not secret:
        secret = secrets.token_urlsafe(12)
        print(f"{SECRET_VARIABLE}={secret}", flush=True)
    user = User(options.user, secret, _classes(options.read), _classes(options.write_classes))
    sources = _recorded(options) if options.capture else _live(options)
    lives = [source for source in sources if isinstance(source, LiveCallCentre)]

    def centres() -> list[CallCentre]:
        return [live.centre for live in lives]

    servers = [(source, AmiServer(source, {user.name: user})) for source in sources]
    async with asyncio.TaskGroup() as tasks:
        for number, (source, server) in enumerate(servers):
            port = options.port + number if options.port else 0
            serving = server.serve(LOOPBACK, port, _announce(f"{source.name} AMI on"))
            tasks.create_task(serving)
        if options.truth_port is not None:
            told = _announce("truth on http://")
            tasks.create_task(serve_truth(LOOPBACK, options.truth_port, centres, told))


def _live(options: argparse.Namespace) -> list[Source]:
    files = ExitStack()
    write: Callable[[TrueCall], None] | None = None
    if options.truth_file is not None:
        options.truth_file.parent.mkdir(parents=True, exist_ok=True)
        file = files.enter_context(options.truth_file.open("a", buffering=1))

        def write(call: TrueCall) -> None:
            file.write(json.dumps(asdict(call), ensure_ascii=False) + "\n")

    def opener(site: int) -> Callable[[int], CallCentre]:
        def open_at(now: int) -> CallCentre:
            closes_at = None if options.duration is None else now + round(options.duration * 1000)
            plan = at_speed(default_plan(site), options.speed)
            centre = CallCentre(
                options.seed,
                now,
                replace(plan, utc_offset_hours=options.hour - now // _HOUR_MS),
                dialect=DIALECTS[options.asterisk],
                site=f"pbx-{site:02}",
                closes_at=closes_at,
            )
            if write is not None:
                centre.truth.on_ended = write
            return centre

        return open_at

    return [LiveCallCentre(f"pbx-{site:02}", opener(site)) for site in range(1, options.sites + 1)]


def _recorded(options: argparse.Namespace) -> list[Source]:
    return [RecordedCapture(options.capture.name, Recording(options.capture), options.speed)]


def _announce(what: str) -> Callable[[int], None]:
    def tell(port: int) -> None:
        print(f"{what} {LOOPBACK}:{port}".replace("// ", "//"), flush=True)

    return tell


def _classes(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(","))


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local pbx",
        description="Simulate PBXs that speak AMI. Each plays from its first client's login on;"
        " event time is the wall clock at any speed.",
    )
    played = parser.add_argument_group("what is played")
    played.add_argument("--seed", type=int, default=3, help="same seed, same call centre")
    played.add_argument(
        "--speed", type=float, default=1.0, help="how many times faster than life (default 1)"
    )
    played.add_argument(
        "--duration", type=float, metavar="SECONDS", help="nobody calls after that; default: never"
    )
    played.add_argument(
        "--hour",
        type=int,
        default=10,
        help="hour of the day at the start, for the number of callers (default 10, a busy one)",
    )
    played.add_argument("--sites", type=int, default=1, help="PBXs, on successive ports")
    played.add_argument(
        "--asterisk", choices=list(DIALECTS), default="18", help="whose dialect (default 18)"
    )
    played.add_argument(
        "--capture", type=Path, metavar="DIRECTORY", help="play this recorded capture instead"
    )
    access = parser.add_argument_group(
        "access", f"The secret comes from {SECRET_VARIABLE}; else one is made and printed."
    )
    access.add_argument("--port", type=int, default=5038, help="first port; 0 takes free ones")
    access.add_argument("--user", default="collector")
    access.add_argument(
        "--read",
        metavar="CLASSES",
        default=",".join(sorted(COLLECTOR_CLASSES)),
        help="classes the user may read (default: %(default)s)",
    )
    access.add_argument(
        "--write-classes", metavar="CLASSES", default="reporting,config", help="… and write"
    )
    truth = parser.add_argument_group("truth")
    truth.add_argument(
        "--truth-file", type=Path, metavar="FILE", help="append each call that has ended, as JSON"
    )
    truth.add_argument(
        "--truth-port", type=int, metavar="PORT", help="GET /truth and /totals here; 0: a free one"
    )
    parser.add_argument(
        "--write",
        type=Path,
        metavar="DIRECTORY",
        help="write a generated day as a capture with its truth, at once, and exit",
    )
    return parser.parse_args(arguments)
