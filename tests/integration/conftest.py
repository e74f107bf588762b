"""For integration tests: a ClickHouse for those that need nothing particular of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clickhouse_server import ClickHouseServer, running_clickhouse


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `server` keeps its tables and its file of readers."""
    return tmp_path_factory.mktemp("clickhouse")


@pytest.fixture(scope="module")
def server(directory: Path) -> Iterator[ClickHouseServer]:
    """A migrated ClickHouse of the module's own, which every test of it writes to."""
    with running_clickhouse(directory) as running:
        yield running
