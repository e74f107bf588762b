"""Writes the provisioning of the operator's organisation: `python -m grafana.operator_files`.

`--check` only compares; exit code 1 then means that a committed file is not as it is to be.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from grafana.operator_organisation import COMPOSE, files

FOLDER = Path(__file__).parent / "provisioning"

_HEAD = """\
# Made by `python -m grafana.operator_files` from grafana/operator_organisation.py and
# grafana/alert_rules.py; edit those. This is the operator's organisation alone: customers get
# theirs by `python -m tenants sync`.
"""


class _Dumper(yaml.SafeDumper):
    """Without anchors: each rule is whole where it stands."""

    def ignore_aliases(self, _: object) -> bool:
        return True


def texts() -> Mapping[Path, str]:
    """What each file is to hold; the same every time."""
    return {
        FOLDER / path: _HEAD
        + yaml.dump(content, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)
        for path, content in files(COMPOSE).items()
    }


def stale() -> list[Path]:
    """The files that are not as they are to be."""
    return [
        path
        for path, text in texts().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]


def main(arguments: list[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m grafana.operator_files",
        description="Write Grafana's provisioning of the operator's organisation.",
    )
    parser.add_argument("--check", action="store_true", help="only tell what is not fresh")
    options = parser.parse_args(arguments)
    changed = stale()
    if options.check:
        for path in changed:
            sys.stderr.write(f"{path} is not fresh: run `python -m grafana.operator_files`\n")
        return 1 if changed else 0
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts()[path], encoding="utf-8")
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
