"""The managers' alerts in Grafana's forms: of its API for customers, of files for the operator.

Both are made of `grafana/alert_rules.py`; names and uids are the same in every organisation.
No I/O.
"""

from collections.abc import Mapping
from typing import Any

from grafana.alert_rules import GROUPS, SOURCE, AlertRule, Group
from grafana.data_source import DATA_SOURCE_UID, PLUGIN, PLUGIN_VERSION
from grafana.language import Language

FOLDER_UID = "call-centre"
OPERATOR_ORGANISATION = 1

_CONDITION = "C"
_EXPRESSIONS = "__expr__"
_TABLE = 1
_LOOKS_BACK_S = 600


def rule_groups(language: Language, zone: str) -> list[dict[str, Any]]:
    """Every group as the provisioning API takes it, `zone` written into the statements.

    Raises ValueError if the zone could end a text of SQL.
    """
    if not zone or any(character in zone for character in "'\\{}"):
        raise ValueError(f"{zone!r} is no name of a zone")
    return [_group(group, language, zone) for group in GROUPS]


def rule_files(language: Language, zone: str, folder: str) -> dict[str, Any]:
    """All groups as a file of `provisioning/alerting` has them; `folder` is the folder's title."""
    return {
        "apiVersion": 1,
        "groups": [
            {
                "orgId": OPERATOR_ORGANISATION,
                "name": group["title"],
                "folder": folder,
                "interval": f"{group['interval']}s",
                "rules": [_of_file(rule) for rule in group["rules"]],
            }
            for group in rule_groups(language, zone)
        ],
    }


def _group(group: Group, language: Language, zone: str) -> dict[str, Any]:
    return {
        "title": group.name,
        "folderUid": FOLDER_UID,
        "interval": group.interval_s,
        "rules": [_rule(rule, group, language, zone) for rule in group.rules],
    }


def _rule(rule: AlertRule, group: Group, language: Language, zone: str) -> dict[str, Any]:
    return {
        "uid": f"call-centre-{rule.key.replace('_', '-')}",
        "title": rule.title.in_(language),
        "folderUID": FOLDER_UID,
        "ruleGroup": group.name,
        "condition": _CONDITION,
        "data": [
            *(_query(each.letter, each.sql.replace("{zone}", zone)) for each in rule.readings),
            _expression(rule.condition),
        ],
        "for": rule.lasts,
        # No row is nothing wrong: no caller, no pause. Nights are muted by the business hours.
        "noDataState": "OK",
        # A trouble of ours is told to those who mend it (prometheus/), not to every manager.
        "execErrState": "KeepLast",
        # A pause that ended has no row any more; it is over at the next look, not the one after.
        "missingSeriesEvalsToResolve": 1,
        "isPaused": False,
        "labels": {"source": SOURCE, "alert": rule.key, "severity": rule.severity},
        "annotations": {
            "summary": rule.summary.in_(language),
            "description": rule.description.in_(language),
            "__dashboardUid__": rule.panel.board,
            "__panelId__": str(rule.panel.id),
        },
    }


def _query(letter: str, sql: str) -> dict[str, Any]:
    return _data(
        letter,
        DATA_SOURCE_UID,
        {
            "datasource": {"type": PLUGIN, "uid": DATA_SOURCE_UID},
            "editorType": "sql",
            "format": _TABLE,
            "pluginVersion": PLUGIN_VERSION,
            "queryType": "table",
            "rawSql": sql,
        },
    )


def _expression(condition: str) -> dict[str, Any]:
    source = {"type": _EXPRESSIONS, "uid": _EXPRESSIONS}
    model = {"datasource": source, "type": "math", "expression": condition}
    return _data(_CONDITION, _EXPRESSIONS, model)


def _data(letter: str, source: str, model: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "refId": letter,
        # Grafana takes it from the model, and the rule would seem to differ ever after.
        "queryType": model.get("queryType", ""),
        "relativeTimeRange": {"from": _LOOKS_BACK_S, "to": 0},
        "datasourceUid": source,
        # Grafana would add the last two by itself.
        "model": {**model, "refId": letter, "intervalMs": 1000, "maxDataPoints": 43200},
    }


def _of_file(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Files name some fields otherwise, and the panel outside of the annotations."""
    kept = (
        "uid", "title", "condition", "data", "for", "noDataState", "execErrState", "labels",
        "isPaused",
    )  # fmt: skip
    annotations = dict(rule["annotations"])
    return {
        **{name: rule[name] for name in kept},
        "missing_series_evals_to_resolve": rule["missingSeriesEvalsToResolve"],
        "dashboardUid": annotations.pop("__dashboardUid__"),
        "panelId": int(annotations.pop("__panelId__")),
        "annotations": annotations,
    }
