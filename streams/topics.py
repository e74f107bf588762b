"""Makes the topics of the pipeline, and checks that they are as the streams need them.

Besides those of the contract there are the changelogs of the state records: one partition for each
of the source topic, compacted, because of a site or chat session only its last record matters.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from ingest_api.contract.topics import ALL_TOPICS
from streams.errors import TopicsError
from streams.names import CHAT_CHANGELOG, SITE_CHANGELOG

_TOPICS: dict[str, dict[str, str]] = {topic: {} for topic in ALL_TOPICS} | {
    SITE_CHANGELOG: {"cleanup.policy": "compact"},
    CHAT_CHANGELOG: {"cleanup.policy": "compact"},
}

KNOWN_WITHIN_S = 15.0
"""So long topics just made may be unknown to the broker that is asked."""

_POLL_S = 0.05


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
            # It may exist already: another one of us was faster.
            with suppress(TopicAlreadyExistsError):
                admin.create_topics([wanted])
        _check(_partition_counts_once_told(admin), partitions)
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


def _partition_counts_once_told(admin: KafkaAdminClient) -> dict[str, int]:
    """As `_partition_counts`, of a broker that is given time to hear of topics just made.

    Kafka's controller acknowledges a topic before the brokers know it.
    """
    deadline = time.monotonic() + KNOWN_WITHIN_S
    while True:
        found = _partition_counts(admin)
        if len(found) == len(_TOPICS) or time.monotonic() > deadline:
            return found
        time.sleep(_POLL_S)


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
