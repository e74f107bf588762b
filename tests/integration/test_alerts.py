"""The managers' alerts, provoked and cleared: their statements as a customer's reader asks them.

A neighbour with the same names has everything wrong at once, and must never be seen.
"""

import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from clickhouse_connect.driver.client import Client

from grafana.alerting import rule_groups
from grafana.language import Language
from streams.domain.facts import AgentMembership, Fact, QueueCall, SiteStatus
from streams.domain.interval import WINDOW_MS, window_start
from streams.storage.writer import ClickHouseFactWriter
from tenants.records import PauseLimit, QueueSettings, Site, Tenant
from tenants.registry import Registry
from tests.support.clickhouse_server import ClickHouseServer, Reader, running_clickhouse
from tests.support.facts import agent_state, queue_call, window_of_one
from tests.support.managers_alerts import firing, readings
from tests.support.stored_facts import NoRetries

pytestmark = pytest.mark.integration

ZONE = "America/Sao_Paulo"
RULES = {
    rule["labels"]["alert"]: rule
    for group in rule_groups(Language.ENGLISH, ZONE)
    for rule in group["rules"]
}


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Customer:
    """Rows of one customer; each of a key is newer than the one before."""

    def __init__(self, tenant: str, writer: ClickHouseFactWriter, url: str) -> None:
        self.tenant = tenant
        self._writer = writer
        self._url = url
        self._version = 0
        self._waiting: list[QueueCall] = []

    def write(self, *facts: Fact) -> None:
        self._writer.write(list(facts), [])

    def version(self) -> int:
        self._version += 1
        return self._version

    def wait(self, queue: str, *waits_s: float) -> None:
        """Callers who have been waiting so long."""
        for wait_s in waits_s:
            number = self.version()
            call = queue_call(
                tenant_id=self.tenant,
                queue=queue,
                call_id=f"{number}.1/1",
                uniqueid=f"{number}.1",
                entered_at=now_ms() - round(wait_s * 1000),
                status="waiting",
                outcome="open",
                answered_at=None,
                ended_at=None,
                wait_ms=None,
                version=number,
            )
            self._waiting.append(call)
        self.write(*self._waiting)

    def hang_up(self) -> None:
        """Whoever waits gives up."""
        self.write(
            *(
                msgspec.structs.replace(
                    call,
                    status="ended",
                    outcome="abandoned",
                    ended_at=now_ms(),
                    wait_ms=now_ms() - call.entered_at,
                    version=self.version(),
                )
                for call in self._waiting
            )
        )
        self._waiting.clear()

    def member(self, queue: str, agent: str, *, state: str) -> None:
        at = now_ms() - 3_600_000
        self.write(
            AgentMembership(
                self.tenant, "pbx-01", agent, agent, queue, at, None, False, "", 0, False, 1
            ),
            self.state(agent, state=state),
        )

    def state(self, agent: str, **fields: Any) -> Fact:
        values = {
            "tenant_id": self.tenant,
            "agent_key": agent,
            "agent_name": agent.title(),
            "started_at": now_ms(),
            "state_since": now_ms(),
            "version": self.version(),
        }
        return agent_state(**{**values, **fields})

    def day(self, queue: str, in_time: int, late: int, *, at: int) -> None:
        """Queue calls answered within 20 s, and later, in the window of a moment."""
        call = queue_call(tenant_id=self.tenant, queue=queue, entered_at=at)
        window = window_of_one(call)
        total = in_time + late
        changed = {name: getattr(window, name) for name in window.__struct_fields__} | {
            "offered": total,
            "answered": total,
            "handled": total,
            "answered_waits": {5: in_time, 30: late},
            "version": self.version(),
        }
        self.write(type(window)(**changed))

    def seen(self, site: str, *, age_s: float, is_connected: bool = True) -> None:
        at = now_ms() - round(age_s * 1000)
        self.write(
            SiteStatus(
                self.tenant, site, at, at, is_connected, "", "", "", 0, 0, 0, 0, 0, 0, False,
                self.version(),
            )
        )  # fmt: skip

    def told(self, alert: str, label: str) -> list[str]:
        """What this label says of each instance of the alert that holds now."""
        labels = firing(RULES[alert], self._url)
        assert {each["tenant"] for each in labels} <= {self.tenant}
        return [each[label] for each in labels]

    def numbers(self, alert: str, letter: str) -> list[float]:
        return list(readings(RULES[alert], self._url)[letter].values())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    readers = {name: Reader("made-up", name) for name in ("acme", "rival")}
    with running_clickhouse(tmp_path_factory.mktemp("clickhouse"), readers) as running:
        yield running


@pytest.fixture(scope="module")
def writer(server: ClickHouseServer) -> ClickHouseFactWriter:
    return ClickHouseFactWriter(server.connect, NoRetries())


@pytest.fixture(scope="module")
def client(server: ClickHouseServer) -> Iterator[Client]:
    connected = server.connect()
    yield connected
    connected.close()


@pytest.fixture(scope="module")
def registry(client: Client) -> Registry:
    registry = Registry(client)
    for tenant in ("acme", "rival"):
        registry.put(Tenant(tenant, tenant, ZONE, "en-US"))
        registry.put(PauseLimit(tenant, "bathroom", 600))
    registry.put(QueueSettings("acme", "sales", "Sales team", waiting_limit=2))
    registry.put(QueueSettings("acme", "vip", service_level_target=0.9))
    return registry


@pytest.fixture(scope="module")
def acme(server: ClickHouseServer, writer: ClickHouseFactWriter, registry: Registry) -> Customer:
    assert registry.tenant("acme")
    trouble(Customer("rival", writer, ""))
    customer = Customer("acme", writer, server.url_of("acme", "made-up"))
    for queue in ("sales", "support", "night"):
        # The streams write a window with a queue's first call: by it the queue is known.
        customer.day(queue, 0, 0, at=now_ms())
    return customer


def trouble(customer: Customer) -> None:
    """Everything at once."""
    for queue in ("sales", "support", "vip"):
        customer.wait(queue, *([300.0] * 30))
        customer.day(queue, 0, 100, at=now_ms())
    for agent in ("ana", "bia"):
        since = now_ms() - 3_600_000
        customer.write(
            customer.state(agent, state="paused", pause_reason="bathroom", state_since=since)
        )
    customer.seen("pbx-01", age_s=600)


def test_a_queue_is_a_bottleneck_when_more_wait_than_may(acme: Customer) -> None:
    acme.wait("sales", 5, 5)
    assert acme.told("bottleneck", "queue") == []
    acme.wait("sales", 5)
    assert acme.told("bottleneck", "queue_name") == ["Sales team"]
    assert acme.numbers("bottleneck", "W") == [3]
    acme.hang_up()
    assert acme.told("bottleneck", "queue") == []


def test_a_queue_is_a_bottleneck_when_one_waits_longer_than_anyone_may(acme: Customer) -> None:
    acme.wait("support", 60)
    assert acme.told("bottleneck", "queue") == []
    acme.wait("support", 121)
    assert acme.told("bottleneck", "queue") == ["support"]
    assert 121 <= max(acme.numbers("bottleneck", "L")) < 300
    acme.hang_up()
    assert acme.told("bottleneck", "queue") == []


def test_callers_wait_with_nobody_logged_in_until_somebody_is(acme: Customer) -> None:
    acme.wait("night", 1)
    assert acme.told("unattended", "queue") == ["night"]
    acme.member("night", "carla", state="unreachable")
    assert acme.told("unattended", "queue") == ["night"]
    acme.write(acme.state("carla", state="paused"))
    assert acme.told("unattended", "queue") == []
    acme.write(acme.state("carla", state="logged_out"))
    assert acme.told("unattended", "queue") == ["night"]
    acme.hang_up()
    assert acme.told("unattended", "queue") == []


def test_a_pause_is_over_its_limit_from_that_moment_on_until_it_ends(acme: Customer) -> None:
    """The collector starts when the agent has been paused for 8 of the 10 minutes that may be."""
    since = now_ms() - 480_000
    paused = {"state": "paused", "pause_reason": "bathroom"}
    acme.write(acme.state("dora", started_at=now_ms(), state_since=since, **paused))
    assert acme.told("excessive_pause", "person") == []
    assert 480 <= acme.numbers("excessive_pause", "L")[0] < 600

    reaches_limit_at = now_ms() + 2_000
    acme.write(acme.state("dora", state_since=reaches_limit_at - 600_000, **paused))
    deadline = time.monotonic() + 60
    while not (told := acme.told("excessive_pause", "person")):
        assert time.monotonic() < deadline
    assert now_ms() > reaches_limit_at
    assert told == ["Dora"]
    assert acme.told("excessive_pause", "pause_reason") == ["bathroom"]

    acme.write(acme.state("dora", state="available"))
    assert acme.told("excessive_pause", "person") == []


def test_a_service_level_under_its_target_is_told_from_twenty_calls_on(acme: Customer) -> None:
    acme.day("small", 0, 19, at=now_ms())
    acme.day("met", 80, 20, at=now_ms())
    acme.day("missed", 79, 21, at=now_ms())
    acme.day("vip", 85, 15, at=now_ms())
    assert acme.told("service_level", "queue") == ["missed", "vip"]
    assert sorted(acme.numbers("service_level", "A")) == [0.79, 0.8, 0.85]
    acme.day("missed", 80, 20, at=now_ms())
    acme.day("vip", 90, 10, at=now_ms())
    assert acme.told("service_level", "queue") == []


def test_todays_service_level_begins_at_the_customers_midnight(
    acme: Customer, client: Client
) -> None:
    ((midnight,),) = client.query(
        f"SELECT toUnixTimestamp64Milli(toDateTime64(toStartOfDay(now(), '{ZONE}'), 3))"
    ).result_rows
    acme.day("yesterday", 0, 100, at=window_start(midnight) - WINDOW_MS)
    assert "yesterday" not in acme.told("service_level", "queue")
    acme.day("early", 0, 100, at=midnight)
    assert "early" in acme.told("service_level", "queue")
    acme.day("early", 100, 0, at=midnight)
    assert "early" not in acme.told("service_level", "queue")


def test_a_site_is_silent_when_it_says_nothing_or_lost_its_exchange(
    acme: Customer, registry: Registry
) -> None:
    acme.seen("pbx-01", age_s=30)
    assert acme.told("site_silent", "site") == []
    acme.seen("pbx-01", age_s=90)
    assert acme.told("site_silent", "site") == ["pbx-01"]
    assert 90 <= acme.numbers("site_silent", "L")[0] < 300
    acme.seen("pbx-01", age_s=0, is_connected=False)
    assert acme.told("site_silent", "site") == ["pbx-01"]
    registry.put(Site("acme", "pbx-01", is_enabled=False))
    assert acme.told("site_silent", "site") == []
    registry.put(Site("acme", "pbx-01"))
    acme.seen("pbx-01", age_s=0)
    assert acme.told("site_silent", "site") == []
