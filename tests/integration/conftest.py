"""For integration tests: a ClickHouse for those that need nothing particular of it."""

from collections.abc import Iterator

import pytest

from tests.support.clickhouse_server import ClickHouseServer, running_clickhouse


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    """A migrated ClickHouse of the module's own, which every test of it writes to."""
    with running_clickhouse(tmp_path_factory.mktemp("clickhouse")) as running:
        yield running
