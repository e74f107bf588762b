"""The committed boards as a browser reads them: panels, statements, and asking as the data source.

A panel's answer is what it draws: the statement is sent by HTTP as the customer's reader, and what
the panel's own transformations make of the answer is made here too.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from grafana.files import FOLDER
from grafana.language import Language
from tests.support.board_queries import ALL, Range, Values, expanded
from tests.support.clickhouse_server import ask

Json = dict[str, Any]

CLICKHOUSE_UID = "clickhouse"
SHARED_UID = "-- Dashboard --"

# The settings that the data source sends with each statement.
_SETTINGS = {
    "database": "callcentre",
    "default_format": "JSONCompact",
    "output_format_json_quote_64bit_integers": "0",
    "max_execution_time": "60",
}


class BoardFile(NamedTuple):
    """A committed file: its language and what stands in it."""

    path: Path
    language: Language
    board: Json

    @property
    def name(self) -> str:
        return str(self.path.relative_to(FOLDER).with_suffix(""))


class Answer(NamedTuple):
    """What a statement gave: its columns with their types, in order, and its rows."""

    columns: dict[str, str]
    rows: list[Json]

    @property
    def only(self) -> Json:
        (row,) = self.rows
        return row


def board_files() -> list[BoardFile]:
    """All of them, by language and name."""
    return [
        BoardFile(path, language, json.loads(path.read_text(encoding="utf-8")))
        for language in Language
        for path in sorted((FOLDER / language).rglob("*.json"))
    ]


def panels(board: Json) -> Iterator[Json]:
    """The panels of a board that draw something."""
    for panel in board["panels"]:
        if panel["type"] != "row":
            yield panel


def panel_of(board: Json, number: int) -> Json:
    """The panel with this id."""
    return next(panel for panel in panels(board) if panel["id"] == number)


def statements(board: Json) -> dict[str, str]:
    """Every statement a board sends to ClickHouse, by where it stands."""
    found = {}
    for panel in panels(board):
        for target in panel["targets"]:
            if "rawSql" in target:
                found[f"panel {panel['id']} {target['refId']}"] = target["rawSql"]
    for variable in board["templating"]["list"]:
        if variable["type"] == "query" and variable["datasource"]["uid"] == CLICKHOUSE_UID:
            found[f"variable {variable['name']}"] = variable["query"]["rawSql"]
    for annotation in board["annotations"]["list"]:
        if "rawSql" in annotation.get("target", {}):
            found[f"annotation {annotation['name']}"] = annotation["target"]["rawSql"]
    return found


def initial_values(board: Json, url: str, within: Range) -> dict[str, str | list[str]]:
    """What the variables hold when the page is opened; hidden ones are asked for."""
    values: dict[str, str | list[str]] = {}
    variables = board["templating"]["list"]
    for variable in variables:
        current = variable.get("current", {}).get("value")
        if current is not None:
            values[variable["name"]] = current
    for variable in variables:
        if variable["type"] == "query" and variable["name"] not in values:
            answer = answer_to(url, variable["query"]["rawSql"], values, within)
            values[variable["name"]] = str(next(iter(answer.rows[0].values())))
    return values


def every_choice_made(values: Values) -> dict[str, str | list[str]]:
    """The same page with something chosen in every list, quotes included."""
    return {name: ["it's", "two"] if value == [ALL] else value for name, value in values.items()}


def answer_to(url: str, sql: str, values: Values, within: Range) -> Answer:
    """What the statement gives when the page sends it. Raises AssertionError if it is refused."""
    status, text = ask(url, expanded(sql, values, within), **_SETTINGS)
    assert status == 200, f"{text}\n{expanded(sql, values, within)}"
    answer = json.loads(text)
    columns = {column["name"]: column["type"] for column in answer["meta"]}
    return Answer(columns, [dict(zip(columns, row, strict=True)) for row in answer["data"]])


def source_of(board: Json, panel: Json) -> str:
    """The statement whose answer the panel draws; its own, or that of the panel it shares with."""
    (target,) = panel["targets"]
    if "panelId" in target:
        return source_of(board, panel_of(board, target["panelId"]))
    sql: str = target["rawSql"]
    return sql


def drawn(panel: Json, answer: Answer) -> Answer:
    """The part of an answer that the panel draws: rows and fields are chosen before all else."""
    for transformation in panel.get("transformations", []):
        options = transformation["options"]
        if transformation["id"] == "filterByValue":
            answer = answer._replace(rows=[row for row in answer.rows if _is_kept(row, options)])
        elif transformation["id"] == "filterFieldsByName":
            wanted = options["include"]["names"]
            columns = {name: kind for name, kind in answer.columns.items() if name in wanted}
            # Grafana draws the kept fields as the answer orders them, and leaves out unknown ones.
            assert list(columns) == wanted
            answer = Answer(columns, [{name: row[name] for name in wanted} for row in answer.rows])
        else:
            break
    return answer


def _is_kept(row: Json, options: Json) -> bool:
    assert (options["type"], options["match"]) == ("include", "all")
    for each in options["filters"]:
        value, config = row[each["fieldName"]], each["config"]
        if config["id"] == "isNotNull":
            is_met = value is not None
        else:
            assert config["id"] == "equal"
            is_met = value == config["options"]["value"]
        if not is_met:
            return False
    return True


def shown_fields(panel: Json, answer: Answer) -> list[str]:
    """The names of the fields that the panel draws, once its transformations were made."""
    answer = drawn(panel, answer)
    names = list(answer.columns)
    for transformation in panel.get("transformations", []):
        options = transformation["options"]
        if transformation["id"] == "rowsToFields":
            (name,) = (
                mapping["fieldName"]
                for mapping in options["mappings"]
                if mapping["handlerKey"] == "field.name"
            )
            assert {mapping["fieldName"] for mapping in options["mappings"]} == set(names)
            names = [row[name] for row in answer.rows]
        elif transformation["id"] == "filterFieldsByName":
            wanted = options["include"]["names"]
            assert set(wanted) <= set(names), set(wanted) - set(names)
            names = [name for name in names if name in wanted]
        elif transformation["id"] == "partitionByValues":
            assert set(options["fields"]) <= set(names)
        elif transformation["id"] == "filterByValue":
            # No field comes or goes with the rows that were left out.
            continue
        else:
            raise AssertionError(f"what does {transformation['id']} do?")
    return names


def names_told(panel: Json) -> set[str]:
    """The fields that the panel's overrides and links name."""
    config = panel["fieldConfig"]
    told = {
        override["matcher"]["options"]
        for override in config["overrides"]
        if override["matcher"]["id"] == "byName"
    }
    told |= set(re.findall(r"__data\.fields\.(\w+)", json.dumps(config)))
    return told | set(panel.get("options", {}).get("footer", {}).get("fields") or [])
