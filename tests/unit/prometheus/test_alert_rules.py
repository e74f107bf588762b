"""Alert rules speak of metrics that exist, say what to do, and are tested."""

import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from prometheus_client.core import Metric

from ingest_api.budget import ByteBudget
from ingest_api.errors import Shortage, UnavailableError
from ingest_api.metrics import IngestMetrics
from ingest_api.polling import metrics as polling_metrics
from ingest_api.token_file import FileTokenRegistry
from ingest_api.token_metrics import TokenMetrics
from ingest_api.webhooks.metrics import WebhookMetrics
from local.process import ROOT
from streams import metrics as streams_metrics
from streams.processors.site_record import STATE_MAX_BYTES
from tests.support.alert_rules import (
    RULE_FILES,
    TEST_FILES,
    Rule,
    metrics_in,
    read_rules,
    read_yaml,
)
from tests.support.memory_publisher import MemoryPublisher

RULES = read_rules()
ALERTS = [rule for rule in RULES if rule.is_alert]
RUNBOOKS = ROOT / "docs" / "runbooks"
NO_ALERT = {"README.md", "chaos.md", "managers-alerts.md", "rebuild.md"}

# What Prometheus and the client library add to every target, and what the server of ClickHouse
# tells of itself; the embedded engine has no such endpoint.
OF_OTHERS = {
    "up",
    "process_start_time_seconds",
    "process_resident_memory_bytes",
    "ClickHouseAsyncMetrics_MaxPartCountForPartition",
    "ClickHouseAsyncMetrics_FilesystemMainPathAvailableBytes",
    "ClickHouseAsyncMetrics_FilesystemMainPathTotalBytes",
}


def families() -> list[Metric]:
    """Every metric of ingest and streams."""
    ingest = IngestMetrics(ByteBudget(1, Shortage.BODIES), MemoryPublisher())
    WebhookMetrics(ingest.registry, MemoryPublisher())
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_text('{"tokens": []}')
        ingest.registry.register(TokenMetrics(FileTokenRegistry(Path(file.name))))
        declared = [*ingest.registry.collect(), *REGISTRY.collect()]
    assert {"ingest_poll_rounds"} <= {family.name for family in declared}, polling_metrics
    return declared


def series_of(family: Metric) -> Iterable[str]:
    """Names under which Prometheus keeps it."""
    if family.type == "counter":
        return (f"{family.name}_total",)
    if family.type == "histogram":
        return (f"{family.name}_bucket", f"{family.name}_sum", f"{family.name}_count")
    return (family.name,)


KNOWN = {name for family in families() for name in series_of(family)}
RECORDED = {rule.name for rule in RULES if not rule.is_alert}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.name}-{rule.labels}")
def test_a_rule_reads_only_metrics_that_exist(rule: Rule) -> None:
    assert rule.metrics(), "no name was found in the expression"
    assert rule.metrics() <= KNOWN | RECORDED | OF_OTHERS


@pytest.mark.parametrize("rule", [r for r in RULES if r.buckets()], ids=lambda r: r.name)
def test_a_bucket_that_is_read_is_one_of_the_histograms(rule: Rule) -> None:
    histograms = {
        "streams_event_age_seconds": streams_metrics.EVENT_AGE_SECONDS,
        "streams_state_record_bytes": streams_metrics.STATE_RECORD_BYTES,
    }
    for name, bound in rule.buckets():
        assert bound in {str(float(upper)) for upper in histograms[name]._kwargs["buckets"]}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_an_alert_says_how_bad_it_is_what_it_is_and_what_to_do(alert: Rule) -> None:
    assert alert.labels["severity"] in ("critical", "warning")
    assert set(alert.annotations) == {"summary", "description", "runbook_url"}
    assert not alert.annotations["summary"].endswith(".")
    assert alert.annotations["description"].endswith(".")
    kebab = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", alert.name.replace("ClickHouse", "Clickhouse"))
    assert alert.annotations["runbook_url"] == f"docs/runbooks/{kebab.lower()}.md"
    assert (ROOT / alert.annotations["runbook_url"]).is_file()


def test_every_runbook_is_that_of_an_alert_and_is_listed() -> None:
    named = {alert.annotations["runbook_url"].rpartition("/")[2] for alert in ALERTS}
    assert {path.name for path in RUNBOOKS.glob("*.md")} - NO_ALERT == named
    listed = (RUNBOOKS / "README.md").read_text()
    assert [name for name in sorted(named) if f"({name})" not in listed] == []


@pytest.mark.parametrize("path", sorted(RUNBOOKS.glob("*.md")), ids=lambda path: path.stem)
def test_what_a_runbook_asks_prometheus_for_exists(path: Path) -> None:
    for question in re.findall(r"`prom '(.*?)'`", path.read_text()):
        assert metrics_in(question) <= KNOWN | RECORDED | OF_OTHERS, question


@pytest.mark.parametrize("path", sorted(RUNBOOKS.glob("*.md")), ids=lambda path: path.stem)
def test_links_of_a_runbook_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", path.read_text()):
        assert (RUNBOOKS / target).exists(), target


def test_names_of_alerts_are_unique() -> None:
    assert len({alert.name for alert in ALERTS}) == len(ALERTS)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_an_alert_is_shown_to_fire_and_not_to_fire_when_nothing_happens(alert: Rule) -> None:
    cases = [
        (test["name"].startswith("idle"), bool(case["exp_alerts"]))
        for path in TEST_FILES
        for test in read_yaml(path)["tests"]
        for case in test["alert_rule_test"]
        if case["alertname"] == alert.name
    ]
    assert (False, True) in cases, "it is never shown to fire"
    assert (True, False) in cases, "it is not shown to be quiet when idle"
    assert (True, True) not in cases


def test_every_file_of_rules_is_tested() -> None:
    tested = {name for path in TEST_FILES for name in read_yaml(path)["rule_files"]}
    assert tested == {f"../rules/{path.name}" for path in RULE_FILES}


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: path.stem)
def test_a_test_of_several_groups_names_their_order(path: Path) -> None:
    # promtool leaves it to chance otherwise, and a rule may read what another group records.
    test = read_yaml(path)
    groups = [
        group["name"]
        for name in test["rule_files"]
        for group in read_yaml(path.parent / name)["groups"]
    ]
    assert len(groups) == 1 or test["group_eval_order"] == groups


def test_limits_in_rules_are_those_of_the_code() -> None:
    (errors,) = (alert for alert in ALERTS if alert.name == "IngestErrors")
    assert f'outcome="{UnavailableError.code}"' in errors.expression
    (too_large,) = (alert for alert in ALERTS if alert.name == "StateTooLarge")
    ((_, bound),) = too_large.buckets()
    assert float(bound) == pytest.approx(STATE_MAX_BYTES / 2, rel=0.05)
