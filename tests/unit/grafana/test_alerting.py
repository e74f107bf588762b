"""The alert rules in Grafana's forms, held against the SDK's models and the committed boards."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog import runtime
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import alerting as sdk

from grafana.alert_rules import HOME_BOARD, RULES
from grafana.alerting import rule_files, rule_groups
from grafana.data_source import PLUGIN
from grafana.language import Language
from streams.storage.schema_files import read_schema, view_names

ZONE = "America/Sao_Paulo"
BOARDS = Path(__file__).parents[3] / "grafana" / "provisioning" / "dashboards"


def groups(language: Language = Language.ENGLISH) -> list[dict[str, Any]]:
    return rule_groups(language, ZONE)


def rules(language: Language = Language.ENGLISH) -> list[dict[str, Any]]:
    return [rule for group in groups(language) for rule in group["rules"]]


def statements() -> list[str]:
    return [
        query["model"]["rawSql"]
        for rule in rules()
        for query in rule["data"]
        if "rawSql" in query["model"]
    ]


def test_there_is_an_alert_for_each_thing_a_manager_is_to_be_told() -> None:
    assert [rule.key for rule in RULES] == [
        "bottleneck",
        "unattended",
        "excessive_pause",
        "site_silent",
        "service_level",
    ]


def test_the_sdk_knows_every_field_of_a_rule() -> None:
    kept = runtime.DataqueryConfig(PLUGIN, runtime.UnknownDataquery.from_json)
    runtime.Runtime().register_dataquery_variant(kept)
    for group in groups():
        known = json.loads(json.dumps(sdk.RuleGroup.from_json(group), cls=JSONEncoder))
        for rule in known["rules"]:
            # Which organisation it is says the request.
            assert rule.pop("orgID") == 0
        assert known == group


@pytest.mark.parametrize("language", Language)
def test_every_rule_says_what_it_is_and_what_to_do_in_the_language(language: Language) -> None:
    for rule in rules(language):
        assert rule["title"]
        assert rule["annotations"]["summary"].startswith("{{ $labels.")
        assert len(rule["annotations"]["description"]) > 50
        assert rule["labels"]["severity"] in ("warning", "critical")
    assert len({rule["title"] for rule in rules(language)}) == len(RULES)


def test_the_languages_differ_in_texts_alone() -> None:
    for pt, en in zip(rules(Language.PORTUGUESE), rules(Language.ENGLISH), strict=True):
        assert pt["title"] != en["title"]
        for name in ("summary", "description"):
            assert pt["annotations"].pop(name) != en["annotations"].pop(name)
        assert {**pt, "title": ""} == {**en, "title": ""}


def test_texts_name_labels_and_readings_that_the_statements_give() -> None:
    for rule in rules():
        letters = {query["refId"] for query in rule["data"]}
        columns = {
            alias
            for query in rule["data"]
            if "rawSql" in query["model"]
            for alias in re.findall(r"(\w+)(?=,| FROM)", query["model"]["rawSql"])
        }
        text = rule["annotations"]["summary"]
        assert set(re.findall(r"\$labels\.(\w+)", text)) <= columns
        assert set(re.findall(r"\$values\.(\w+)", text)) <= letters
        assert set(re.findall(r"\$(\w)", rule["data"][-1]["model"]["expression"])) <= letters


def test_no_statement_has_what_only_a_browser_replaces() -> None:
    for statement in statements():
        assert "$" not in statement
        assert "{" not in statement


def test_statements_read_views_alone_and_form_no_ratio() -> None:
    views = {f"callcentre.{name}" for name in view_names(read_schema()) if name.startswith("v_")}
    for statement in statements():
        assert set(re.findall(r"FROM (\S+)", statement)) <= views
        assert " / " not in statement


def test_the_customers_zone_is_in_the_statement_that_needs_one() -> None:
    (with_zone,) = {statement for statement in statements() if "kpi_service_level" in statement}
    assert f"toStartOfDay(now(), '{ZONE}')" in with_zone


@pytest.mark.parametrize("zone", ["", "a'b", "a\\", "{zone}"])
def test_a_zone_that_would_end_the_text_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="is no name of a zone"):
        rule_groups(Language.ENGLISH, zone)


@pytest.mark.parametrize("language", Language)
def test_every_alert_leads_to_a_panel_that_is_there(language: Language) -> None:
    board = json.loads(_text(BOARDS / language / f"{HOME_BOARD}.json"))
    panels = {panel["id"] for panel in board["panels"]}
    for rule in rules(language):
        assert rule["annotations"]["__dashboardUid__"] == board["uid"]
        assert int(rule["annotations"]["__panelId__"]) in panels


def test_the_operators_file_has_the_same_rules() -> None:
    content = yaml.safe_load(_text(BOARDS.parent / "alerting" / "managers.yaml"))
    assert content == rule_files(Language.PORTUGUESE, ZONE, "Central de atendimento")
    (now, today) = content["groups"]
    assert (now["orgId"], now["interval"], today["interval"]) == (1, "30s", "60s")
    assert [rule["uid"] for rule in today["rules"]] == ["call-centre-service-level"]
    assert "__panelId__" not in now["rules"][0]["annotations"]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
