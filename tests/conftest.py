"""For all tests: how many examples Hypothesis tries, and a closing word on what was not run."""

import gc
import os
from collections import Counter
from collections.abc import Generator

import pytest
from hypothesis import settings

from tests.support import migrated_store

# The same examples in every run, unless new ones are looked for: `--hypothesis-profile search`.
settings.register_profile("quick", derandomize=True, deadline=None, max_examples=20)
settings.register_profile("thorough", derandomize=True, deadline=None, max_examples=60)
settings.register_profile("search", deadline=None, max_examples=2_000)
settings.load_profile("quick")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Modules and tests stay to the end: to look for garbage among them costs a tenth of a run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


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
