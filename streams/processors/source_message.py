"""One message of the source topic, as the carrier takes it."""

from collections.abc import Callable

import msgspec


class Message(msgspec.Struct, frozen=True):
    """`value` is one published batch; `acknowledge` tells Faust that it has taken its effect."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    acknowledge: Callable[[], object]
