"""Writes the operator's alert rules: `python -m grafana.alert_files`, `--check` only compares.

Exit code 1 of `--check`: the committed file is not what the rules come to.
"""

import argparse
import sys
from pathlib import Path

import yaml

from grafana.alerting import OPERATOR_LANGUAGE, OPERATOR_ZONE, rule_files

FILE = Path(__file__).parent / "provisioning" / "alerting" / "managers.yaml"
FOLDER_TITLE = "Central de atendimento"

_HEAD = """\
# Made by `python -m grafana.alert_files` from grafana/alert_rules.py; edit those. The operator's
# copy, which watches every customer at once; customers get theirs by `python -m tenants sync`.
"""


class _Dumper(yaml.SafeDumper):
    """Without anchors: each rule is whole where it stands."""

    def ignore_aliases(self, _: object) -> bool:
        return True


def file_text() -> str:
    """What the file is to hold; the same every time."""
    content = rule_files(OPERATOR_LANGUAGE, OPERATOR_ZONE, FOLDER_TITLE)
    return _HEAD + yaml.dump(
        content, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100
    )


def main(arguments: list[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m grafana.alert_files",
        description="Write the operator's alert rules for Grafana's provisioning.",
    )
    parser.add_argument("--check", action="store_true", help="only tell whether they are fresh")
    options = parser.parse_args(arguments)
    text = file_text()
    if not options.check:
        FILE.parent.mkdir(parents=True, exist_ok=True)
        FILE.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{FILE}\n")
        return 0
    if FILE.is_file() and FILE.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write(f"{FILE} is not fresh: run `python -m grafana.alert_files`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
