"""Makes the topics of the pipeline, and checks that they are as the streams need them.

Besides those of the contract there is the changelog of the site records: one partition for each of
the source topic, compacted, because of a site only its last record matters.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from ingest_api.contract.topics import ALL_TOPICS
from streams.errors import TopicsError
from streams.names import SITE_CHANGELOG

_TOPICS: dict[str, dict[str, str]] = {topic: {} for topic in ALL_TOPICS} | {
    SITE_CHANGELOG: {"cleanup.policy": "compact"}
}


def create_topics(bootstrap: str, partitions: int, replication: int) -> list[str]:
    """Make the topics that are missing and return their names; doing it again changes nothing.

    Raises TopicsError if a topic there is has another number of partitions, or if the broker
    refuses or does not answer.
    """
    with _admin(bootstrap) as admin:
        found = _partition_counts(admin)
        missing = [topic for topic in _TOPICS if topic not in found]
        for topic in missing:
            wanted = NewTopic(topic, partitions, replication, topic_configs=_TOPICS[topic])
            try:
                admin.create_topics([wanted])
            except TopicAlreadyExistsError:
                continue  # another one of us was faster
        _check(_partition_counts(admin), partitions)
        return missing


def check_topics(bootstrap: str, partitions: int) -> None:
    """Raises TopicsError unless every topic is there with this number of partitions."""
    with _admin(bootstrap) as admin:
        _check(_partition_counts(admin), partitions)


def topic_id(bootstrap: str, topic: str) -> bytes:
    """The 16 bytes by which the broker tells this topic from one of the same name made anew.

    All zero on a Kafka before 2.8. Raises TopicsError.
    """
    with _admin(bootstrap) as admin:
        (found,) = admin.describe_topics([topic])
        if found["error_code"] != 0:
            raise TopicsError(f"topic {topic} is missing: run `python -m streams topics`")
        return UUID(found["topic_id"]).bytes


def _partition_counts(admin: KafkaAdminClient) -> dict[str, int]:
    topics = admin.describe_topics(list(_TOPICS))
    return {topic["name"]: len(topic["partitions"]) for topic in topics if topic["error_code"] == 0}


def _check(found: dict[str, int], partitions: int) -> None:
    for topic in _TOPICS:
        if topic not in found:
            raise TopicsError(f"topic {topic} is missing: run `python -m streams topics`")
        if found[topic] != partitions:
            raise TopicsError(
                f"topic {topic} has {found[topic]} partitions, STREAMS_PARTITIONS says {partitions}"
            )


@contextmanager
def _admin(bootstrap: str) -> Iterator[KafkaAdminClient]:
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=[address.strip() for address in bootstrap.split(",")]
        )
        try:
            yield admin
        finally:
            admin.close()
    except KafkaError as error:
        raise TopicsError(f"Kafka at {bootstrap}: {error!r}") from error
