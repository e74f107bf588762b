"""For all tests: examples of Hypothesis, what is imported, in which order, what was not run."""

import gc
import os
import re
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import migrated_store

# The same examples in every run, unless new ones are looked for: `--hypothesis-profile search`.
settings.register_profile("quick", derandomize=True, deadline=None, max_examples=20)
settings.register_profile("thorough", derandomize=True, deadline=None, max_examples=60)
settings.register_profile("search", deadline=None, max_examples=2_000)
settings.load_profile("quick")

LONGEST_FIRST = (
    # Those that wait beside those that work.
    "test_streams_faults.py",
    "test_boards.py",
    "test_streams_cases.py",
    "test_tenants_registry.py",
    "test_streams_clickhouse.py",
    "test_rebuild.py",
    "test_streams_worker.py",
    "test_ingest_service.py",
    "test_grafana_sync.py",
    "test_deploy_files.py",
    "test_clickhouse_isolation.py",
    # Of the system tests, which have a worker each for most of the time.
    "test_demo.py",
    "test_chaos_short.py",
    "test_scenarios_stack.py",
    "test_supervisor.py",
    "test_collector_process.py",
    "test_collector_footprint.py",
    "test_back_pressure.py",
)
"""Files that would keep the others waiting if they were the last to begin.

A worker with two tests left is given its next file: one that should begin soon stands behind one
that has several tests.
"""


def pytest_configure(config: pytest.Config) -> None:
    """Files go to workers in the order of collection, not those with the most tests first."""
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, the others as they were."""
    place = {name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Modules and tests stay to the end: to look for garbage among them costs a tenth of a run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where tests are asked for by markers, files that name none of these need not be imported.

    To import them all takes as long as many a set of tests, in each of its processes.
    """
    expression: str = config.getoption("markexpr")
    asked_for = set(re.findall(r"\w+", expression)) - {"or"}
    if collection_path.suffix != ".py" or not asked_for or asked_for & {"not", "and"}:
        return None
    text = collection_path.read_text(encoding="utf-8")
    is_named = any(f"pytest.mark.{marker}" in text for marker in asked_for)
    return None if is_named else True


@pytest.fixture(scope="session", autouse=True)
def _migrated_store_of_the_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    own = tmp_path_factory.getbasetemp()
    # A worker's directory lies in that of the run.
    migrated_store.share_in(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each reason to skip: how many tests it kept from running, and what to do."""
    skipped = Counter(_reason(report) for report in terminalreporter.getreports("skipped"))
    for reason, count in sorted(skipped.items()):
        terminalreporter.write_line(f"NOT RUN ({count}): {reason}", yellow=True, bold=True)


def _reason(report: pytest.TestReport) -> str:
    assert isinstance(report.longrepr, tuple)
    _path, _line, text = report.longrepr
    return text.removeprefix("Skipped: ")
