"""What Grafana does with an alert rule, as far as statements and condition go.

A statement's answer is a table of texts and one number: the texts are labels. The condition is math
over the numbers, label set by label set; it holds where it is not 0. Nothing is joined that has not
the same labels.
"""

import json
import operator
import re
from typing import Any

from tests.support.clickhouse_server import ask

CONDITION = re.compile(r"\$([A-Z]) ([<>]) (?:\$([A-Z])|(\d+))")
COMPARE = {"<": operator.lt, ">": operator.gt}

Labels = frozenset[tuple[str, str]]


def readings(rule: dict[str, Any], url: str) -> dict[str, dict[Labels, float]]:
    """Each query's numbers by their labels, asked as the user in `url`."""
    return {
        query["refId"]: table(ask_rows(url, query["model"]["rawSql"]))
        for query in rule["data"]
        if query["datasourceUid"] != "__expr__"
    }


def firing(rule: dict[str, Any], url: str) -> list[dict[str, str]]:
    """The labels for which the rule's condition holds now, in order."""
    numbers = readings(rule, url)
    (condition,) = (
        query["model"]["expression"]
        for query in rule["data"]
        if query["refId"] == rule["condition"]
    )
    found = CONDITION.fullmatch(condition)
    assert found is not None, condition
    left, compare, right, limit = found.groups()
    holds = [
        labels
        for labels, value in numbers[left].items()
        if right is None or labels in numbers[right]
        if COMPARE[compare](value, float(limit) if right is None else numbers[right][labels])
    ]
    return [dict(sorted(labels)) for labels in sorted(holds, key=sorted)]


def ask_rows(url: str, statement: str) -> Any:
    status, text = ask(url, statement, default_format="JSONCompact")
    assert status == 200, text
    return json.loads(text)


def table(answer: Any) -> dict[Labels, float]:
    """Grafana takes a table whose columns are texts but for one, which is a number."""
    names = [column["name"] for column in answer["meta"]]
    is_number = [is_numeric(column["type"]) for column in answer["meta"]]
    assert is_number.count(True) == 1, answer["meta"]
    found: dict[Labels, float] = {}
    for row in answer["data"]:
        cells = list(zip(names, row, is_number, strict=True))
        labels = frozenset((name, value) for name, value, number in cells if not number)
        (value,) = (value for _, value, number in cells if number)
        assert value is not None, row
        assert labels not in found, f"two rows are told by the same labels: {labels}"
        found[labels] = float(value)
    return found


def is_numeric(kind: str) -> bool:
    bare = re.sub(r"Nullable\(|LowCardinality\(|\)", "", kind)
    assert bare == "String" or bare.startswith(("UInt", "Int", "Float")), kind
    return bare != "String"
