"""The operator's page names metrics that are there: the product's own, or recorded by rules."""

import re
from pathlib import Path

import pytest
import yaml
from prometheus_client import REGISTRY

import streams.metrics
from grafana.sdk import PROMETHEUS
from ingest_api.auth import SiteIdentity
from ingest_api.budget import ByteBudget
from ingest_api.errors import Shortage
from ingest_api.metrics import IngestMetrics
from ingest_api.site_metrics import SiteMetrics
from tests.support.boards import BoardFile, board_files, panels
from tests.support.memory_publisher import MemoryPublisher

RULES = Path(__file__).parents[3] / "prometheus" / "rules"
FILES = [file for file in board_files() if file.path.parent.name == "operator"]

# Of other programs' own exporters; they are not here to be asked.
NOT_OURS = ("ClickHouseAsyncMetrics_", "ClickHouseProfileEvents_")
_WORDS = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABELS = re.compile(r"\{[^}]*\}|by \([^)]*\)|\[[^\]]*\]")
FUNCTIONS = {
    *("sum", "max", "count", "time", "rate", "increase", "histogram_quantile", "topk", "bottomk"),
    *("or", "vector", "by", "label_values"),
}


def declared() -> set[str]:
    """The names of all series that the parts of the product expose."""
    ingest = IngestMetrics(ByteBudget(1, Shortage.BODIES), MemoryPublisher())
    sites = SiteMetrics()
    site = SiteIdentity("acme", "pbx-01")
    sites.seen(site, 0, 0)
    names = {
        f"{metric.name}{suffix}"
        for registry in (REGISTRY, ingest.registry, sites)
        for metric in registry.collect()
        for suffix in ("", "_total", "_bucket", "_count", "_sum")
    }
    assert streams.metrics.QUEUES in set(REGISTRY._collector_to_names)
    return names


def recorded() -> set[str]:
    """The names that recording rules make."""
    return {
        rule["record"]
        for file in RULES.glob("*.yml")
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
        if "record" in rule
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_metric_of_the_page_is_there(file: BoardFile) -> None:
    known = declared() | recorded()
    asked = {
        word
        for panel in panels(file.board)
        for target in panel["targets"]
        for word in _WORDS.findall(_LABELS.sub("", target["expr"]))
        if word not in FUNCTIONS and not word.startswith(NOT_OURS)
    }
    assert asked - known == set()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_rates_are_taken_over_the_interval_that_the_scrapes_allow(file: BoardFile) -> None:
    for panel in panels(file.board):
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == PROMETHEUS.uid
            for window in re.findall(r"\[([^\]]+)\]", target["expr"]):
                assert window == "$__rate_interval"
