"""What the embedded engine and broker stand in for: a real ClickHouse and a real Kafka.

Nothing of somebody else's is touched: a ClickHouse that has our database already is refused, and
Kafka gets a topic of the test's own.
"""

import uuid
from collections.abc import Iterator
from contextlib import closing

import pytest
from clickhouse_connect.driver.client import Client
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from ingest_api.kafka_publisher import KafkaPublisher
from streams.domain.facts import FACT_TYPES, StaleWindow
from streams.domain.kpi import mean_wait_answered, service_level_over_offered
from streams.storage.connection import connect
from streams.storage.migrate import migrate
from streams.storage.schema_files import read_schema
from streams.storage.windows import window_differences
from streams.storage.writer import ClickHouseFactWriter
from tests.support.clickhouse_server import keep_old_rows
from tests.support.facts import START, queue_call, window_of_one
from tests.support.kafka_broker import PARTITIONS, read_messages
from tests.support.real_servers import real_clickhouse, real_kafka
from tests.support.stored_facts import ONE_OF_EACH, Inserts, stored

# The image of a container may have to be fetched first.
pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def clickhouse() -> Iterator[str]:
    """The address of a ClickHouse with today's schema; afterwards without it."""
    with real_clickhouse() as url, closing(connect(url)) as client:
        if client.command("EXISTS DATABASE callcentre"):
            pytest.fail("CLICKHOUSE_URL has a database callcentre: name a ClickHouse without one")
        try:
            migrate(client)
            keep_old_rows(client)
            yield url
        finally:
            client.command("DROP DATABASE callcentre")


@pytest.fixture
def client(clickhouse: str) -> Iterator[Client]:
    connected = connect(clickhouse)
    for fact_type in FACT_TYPES:
        connected.command(f"TRUNCATE TABLE callcentre.{fact_type.TABLE}")
    yield connected
    connected.close()


@pytest.fixture
def writer(clickhouse: str) -> Iterator[ClickHouseFactWriter]:
    made = ClickHouseFactWriter(lambda: connect(clickhouse), Inserts())
    yield made
    made.close()


def test_applying_the_schema_again_changes_nothing(client: Client) -> None:
    schema = read_schema()
    files = [*schema.migrations, *schema.functions, *schema.views]
    applied = "SELECT name, applied_at FROM callcentre.schema_changes ORDER BY name, applied_at"
    before = client.query(applied).result_rows
    assert sorted(name for name, _ in before) == sorted(file.name for file in files)
    assert migrate(client) == []
    assert client.query(applied).result_rows == before


def test_every_fact_comes_back_once_however_often_it_is_written(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    writer.write(ONE_OF_EACH, [])
    writer.write(ONE_OF_EACH, [])
    for fact_type in FACT_TYPES:
        written = [fact for fact in ONE_OF_EACH if type(fact) is fact_type]
        assert sorted(map(repr, stored(client, fact_type))) == sorted(map(repr, written))


def test_reconciliation_names_a_window_that_differs_and_recomputing_heals_it(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    call = queue_call()
    writer.write([call, window_of_one(call)], [])
    assert window_differences(client, START - HOUR_MS, START + HOUR_MS) == []
    writer.write([queue_call(call_id="late/1", uniqueid="late", version=2)], [])
    (found,) = window_differences(client, START - HOUR_MS, START + HOUR_MS)
    assert found[:5] == ("acme", "support", START, "pbx-01", "voice")
    writer.write([StaleWindow("acme", "pbx-01", "voice", "support", START, version=3)], [])
    assert window_differences(client, START - HOUR_MS, START + HOUR_MS) == []


def test_formulas_give_what_the_domain_gives(client: Client, writer: ClickHouseFactWriter) -> None:
    calls = [
        queue_call(queue=queue, call_id=f"{queue}/1", wait_ms=wait_ms)
        for queue, wait_ms in (("quick", 5_000), ("slow", 40_000))
    ]
    writer.write([*calls, *map(window_of_one, calls)], [])
    (row,) = client.query(
        "SELECT kpi_service_level_over_offered("
        "sum(kpi_waits_within(answered_waits, 20)), sum(offered)),"
        " kpi_mean_wait_answered(sum(answered_wait_ms), sum(answered))"
        " FROM callcentre.v_queue_windows"
    ).result_rows
    assert tuple(row) == (0.5, 22.5)
    assert tuple(row) == (service_level_over_offered(1, 2), mean_wait_answered(45_000, 2))


@pytest.fixture
def kafka_topic() -> Iterator[tuple[str, str]]:
    """The address of a Kafka, and an empty topic of our own on it."""
    topic = f"test-{uuid.uuid4().hex}"
    with real_kafka() as bootstrap:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap)
        admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
        try:
            yield bootstrap, topic
        finally:
            admin.delete_topics([topic])
            admin.close()


async def test_messages_of_each_site_are_read_in_the_order_they_were_published(
    kafka_topic: tuple[str, str],
) -> None:
    bootstrap, topic = kafka_topic
    sites = [b"acme/pbx-01", b"acme/pbx-02", b"other/pbx-01"]
    published = [b"%d" % number for number in range(40)]
    publisher = KafkaPublisher(bootstrap, topic, 1 << 20, ack_timeout_s=10)
    await publisher.start()
    for first in range(0, len(published), 10):
        for site in sites:
            await publisher.publish(site, published[first : first + 10])
    assert await publisher.problems() == []
    await publisher.close()
    messages = read_messages(bootstrap, topic)
    for site in sites:
        assert [value for key, value in messages if key == site] == published
