"""Whether rows of an earlier run are in the way of the next one on the same ClickHouse.

Versions of rows go by the hour in which a site's state began (streams/domain/version.py). The state
is in Kafka: where that is empty and ClickHouse is not, a site that begins again within the hour is
taken for its former self, and its windows for that one's.
"""

from collections.abc import Iterable
from contextlib import closing

from kafka import KafkaConsumer, TopicPartition

from ingest_api.contract.topics import PBX_EVENTS
from local.addresses import ask_clickhouse


def what_is_in_the_way(kafka_bootstrap: str, clickhouse_url: str, tenants: Iterable[str]) -> str:
    """What to do about it, a sentence; empty if nothing is in the way.

    Asked when the schema and the topics are there. Raises OSError if ClickHouse does not answer,
    KafkaError if Kafka does not.
    """
    return rows_of_this_hour(clickhouse_url, tenants) if _is_empty(kafka_bootstrap) else ""


def rows_of_this_hour(clickhouse_url: str, tenants: Iterable[str]) -> str:
    """As `what_is_in_the_way`, where Kafka knows of no earlier run."""
    names = ", ".join(f"'{tenant}'" for tenant in tenants)
    found = ask_clickhouse(
        clickhouse_url,
        "SELECT formatDateTime(max(last_received_at), '%H:%i'),"  # noqa: S608 - constants
        " formatDateTime(toStartOfHour(now()) + INTERVAL 1 HOUR, '%H:%i')"
        f" FROM callcentre.v_site_status WHERE tenant_id IN ({names})"
        " HAVING max(last_received_at) >= toStartOfHour(now()) FORMAT TabSeparated",
    )
    if not found.strip():
        return ""
    at, again_at = found.split()
    return (
        f"this ClickHouse has a demo of {at} UTC, of which this Kafka knows nothing: rows of both"
        f" would be mixed up. Come again at {again_at} UTC, or name the Kafka of that demo in"
        " KAFKA_BOOTSTRAP, or another ClickHouse in CLICKHOUSE_URL"
    )


def _is_empty(kafka_bootstrap: str) -> bool:
    with closing(KafkaConsumer(bootstrap_servers=kafka_bootstrap.split(","))) as consumer:
        partitions = consumer.partitions_for_topic(PBX_EVENTS) or set()
        places = [TopicPartition(PBX_EVENTS, partition) for partition in partitions]
        return not any(consumer.end_offsets(places).values())
