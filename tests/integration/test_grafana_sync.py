"""`sync` and `verify` with a Grafana: the stand-in, which asks ClickHouse, and a real one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.process import free_port
from tenants.config import GrafanaAccess
from tests.support.clickhouse_server import ClickHouseServer
from tests.support.grafana_behaviour import GrafanaBehaviour, GrafanaUnderTest, new_mark
from tests.support.grafana_stand_in import ADMIN, PASSWORD, GrafanaStandIn, serving
from tests.support.real_servers import real_grafana

Made = Callable[[GrafanaAccess], GrafanaUnderTest]


@pytest.fixture(scope="module")
def stand_in(server: ClickHouseServer) -> Iterator[GrafanaAccess]:
    with serving(GrafanaStandIn()) as url:
        yield GrafanaAccess(url, ADMIN, PASSWORD, server.address)


@pytest.fixture(scope="module")
def real(server: ClickHouseServer) -> Iterator[GrafanaAccess]:
    with real_grafana() as (url, user, password):
        yield GrafanaAccess(url, user, password, server.address)


@pytest.fixture
def made(
    server: ClickHouseServer, directory: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Made]:
    """What a test works on; its customers and organisations meet no other test."""
    every: list[GrafanaUnderTest] = []

    def make(access: GrafanaAccess) -> GrafanaUnderTest:
        under_test = GrafanaUnderTest(
            access, server, directory / "readers.json", capsys, new_mark()
        )
        every.append(under_test)
        return under_test

    yield make
    for under_test in every:
        under_test.clear()


@pytest.mark.integration
class TestStandIn(GrafanaBehaviour):
    @pytest.fixture
    def grafana(self, made: Made, stand_in: GrafanaAccess) -> GrafanaUnderTest:
        return made(stand_in)


@pytest.mark.integration
def test_readers_do_not_wait_for_a_grafana_that_is_away(
    made: Made, server: ClickHouseServer, stand_in: GrafanaAccess
) -> None:
    grafana = made(stand_in)
    grafana.add("a")
    grafana.syncs()
    grafana.types("disable", grafana.tenant("a"))
    away = f"http://127.0.0.1:{free_port()}"
    grafana.access = GrafanaAccess(away, ADMIN, PASSWORD, server.address)
    answer = grafana.types("sync")
    grafana.access = stand_in
    assert answer.code == 1
    assert answer.err.startswith(f"nobody answers at GRAFANA_URL={away}: ")
    assert answer.err.endswith("; ClickHouse's readers are in line\n")
    assert f"reader_{grafana.tenant('a')}" not in grafana.readers.read_text()


@pytest.mark.real
class TestRealGrafana(GrafanaBehaviour):
    @pytest.fixture
    def grafana(self, made: Made, real: GrafanaAccess) -> GrafanaUnderTest:
        return made(real)
