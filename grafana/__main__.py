"""`python -m grafana`: writes the boards' JSON; with `--check` only tells whether it is fresh.

Exit codes: 0 fresh or written, 1 not fresh (`--check`), 2 wrong arguments.
"""

import argparse
import sys
from pathlib import Path

from grafana.files import FOLDER, stale, write


def main(arguments: list[str]) -> int:
    """Writes or checks, names what differed, and returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m grafana", description=f"Writes the boards into {FOLDER}."
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 if a file is not fresh"
    )
    options = parser.parse_args(arguments)
    if not options.check:
        for path in write():
            print(f"written: {_short(path)}")
        return 0
    differing = stale()
    for path in differing:
        print(f"not fresh: {_short(path)}; run python -m grafana", file=sys.stderr)
    return 1 if differing else 0


def _short(path: Path) -> Path:
    return path.relative_to(FOLDER.parents[2])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
