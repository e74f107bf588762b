"""The alert rules of prometheus/ as they are written, and the metrics they speak of."""

import functools
import re
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from local.process import ROOT

PROMETHEUS = ROOT / "prometheus"
RULE_FILES = sorted((PROMETHEUS / "rules").glob("*.yml"))
TEST_FILES = sorted((PROMETHEUS / "tests").glob("*.yml"))

# What stands in an expression beside names of metrics.
_TEXT = re.compile(r'"[^"]*"')
_MATCHERS = re.compile(r"\{[^}]*\}|\[[^\]]*\]")
_LABEL_LISTS = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_CALLS = re.compile(r"\b[a-z_0-9]+\s*(?=\()")
_NAME = re.compile(r"\b[a-zA-Z_:][a-zA-Z0-9_:]*")
_WORDS = frozenset(("and", "or", "unless", "bool", "offset"))
_BUCKETS = re.compile(r'\b(\w+)_bucket\{[^}]*\ble="([^"]+)"')


class Rule(NamedTuple):
    """A rule of one file; `name` is that of the alert or of the recorded series."""

    file: str
    name: str
    expression: str
    is_alert: bool
    labels: dict[str, str]
    annotations: dict[str, str]

    def metrics(self) -> set[str]:
        """The names of the series it reads."""
        return metrics_in(self.expression)

    def buckets(self) -> set[tuple[str, str]]:
        """Histograms it reads single buckets of, and their bounds as written."""
        return set(_BUCKETS.findall(self.expression))


def metrics_in(expression: str) -> set[str]:
    """The names of the series that a PromQL expression reads."""
    text = _TEXT.sub('""', expression)
    for other in (_MATCHERS, _LABEL_LISTS, _CALLS):
        text = other.sub(" ", text)
    return set(_NAME.findall(text)) - _WORDS


def read_rules() -> list[Rule]:
    """All rules of all files."""
    return [
        Rule(
            path.name,
            rule.get("alert") or rule["record"],
            str(rule["expr"]),
            "alert" in rule,
            rule.get("labels", {}),
            rule.get("annotations", {}),
        )
        for path in RULE_FILES
        for group in read_yaml(path)["groups"]
        for rule in group["rules"]
    ]


@functools.cache
def read_yaml(path: Path) -> Any:
    """A YAML file's content; not to be changed."""
    return yaml.safe_load(path.read_text())
