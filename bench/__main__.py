"""`python -m bench`: every figure of the project in one table, each beside its baseline.

Takes some minutes on two cores; progress goes to stderr. How to read it: docs/bench.md.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.figures import Figure, table
from bench.parts import FULL, PARTS, QUICK

_ROOT = Path(__file__).parents[1]
_LIBRARIES = ("faust-streaming", "aiokafka", "fastapi", "msgspec", "chdb", "clickhouse-connect")


def main(arguments: list[str]) -> int:
    """The command. Exit code 1: a part could not be measured; goals that are missed are told."""
    options = _parse(arguments)
    size = QUICK if options.quick else FULL
    if options.calls is not None:
        size = size._replace(calls=options.calls)
    figures: list[Figure] = []
    took_s: dict[str, float] = {}
    failed: list[str] = []
    for name in options.only or PARTS:
        print(f"bench: {name} …", end=" ", file=sys.stderr, flush=True)
        began = time.monotonic()
        try:
            figures += PARTS[name](size)
        except Exception:  # noqa: BLE001 - told, and the other parts are worth having
            failed.append(name)
            traceback.print_exc()
        took_s[name] = round(time.monotonic() - began, 1)
        print(f"{took_s[name]} s", file=sys.stderr, flush=True)
    print("\n".join(table(figures)))
    print(f"\nload average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if options.json is not None:
        report = _surroundings() | {
            "took_s": took_s,
            "failed": failed,
            "figures": [figure.as_dict() for figure in figures],
        }
        options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    return 1 if failed else 0


def _surroundings() -> dict[str, Any]:
    """Where and of what this was measured."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "load_average": [round(value, 2) for value in os.getloadavg()],
        "python": platform.python_version(),
        "libraries": {name: importlib.metadata.version(name) for name in _LIBRARIES},
    }


def _commit() -> str:
    """The commit's short name, with a plus if the tree has changes; empty without git."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty=+"],  # noqa: S607 - whichever git there is
            cwd=_ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return ""
    return described.stdout.strip()


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", choices=list(PARTS), metavar="NAME", help=f"of {', '.join(PARTS)}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there as well")
    parser.add_argument("--quick", action="store_true", help="less of each, and less steady")
    parser.add_argument(
        "--calls", type=int, help=f"queue calls of the queries part (default {FULL.calls:,})"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
