"""Makes clients of kafka-python 3.0.12 without its traps."""

from collections.abc import Callable
from typing import Any, TypeVar

from kafka.errors import KafkaError
from kafka.net.compat import KafkaNetClient

_Client = TypeVar("_Client")

_LOOK_AGAIN_MS = 20.0


class _PatientClient(KafkaNetClient):  # type: ignore[misc]  # the library is untyped
    """A client whose producer does not spin while a connection is being made.

    The producer's thread waits as long as `connection_delay` says, in milliseconds, which gives
    seconds, and 0 from the connection's beginning to the broker's first word. With a broker that
    takes connections and says nothing, that thread would take the interpreter from all others.
    """

    def connection_delay(self, node_id: int) -> float:
        delay_ms: float = super().connection_delay(node_id) * 1000
        return max(_LOOK_AGAIN_MS, delay_ms)


def connected(kind: Callable[..., _Client], bootstrap: str, **settings: Any) -> _Client:
    """A KafkaProducer or KafkaAdminClient at one of the addresses of `bootstrap`.

    Waits for a connection, for `bootstrap_timeout_ms`. Raises KafkaError if there is none.
    """
    made: list[KafkaNetClient] = []

    def make_client(**client_settings: Any) -> KafkaNetClient:
        client = _PatientClient(**client_settings)
        made.append(client)
        # `allow_auto_create_topics` does not reach a producer's metadata requests. A topic made by
        # asking for it would have the broker's default number of partitions.
        client.cluster.config["allow_auto_create_topics"] = False
        return client

    try:
        return kind(bootstrap_servers=bootstrap.split(","), kafka_client=make_client, **settings)
    except KafkaError:
        # A constructor that fails leaves its thread and its sockets behind.
        for client in made:
            client.close()
        raise
