"""What ingest writes to `pbx.events.v1`: one message per batch of one site.

Ingest has validated everything before it is published, so the streams decode without validating
again. Times are integer milliseconds since the Unix epoch, UTC; unlike the wire form, which uses
RFC 3339 text. Optional fields are left out when they hold their default.
"""

import msgspec

from ingest_api.contract.timestamps import TopicMoment

FieldValue = str | list[str]


class PublishedEvent(msgspec.Struct, omit_defaults=True, gc=False):
    """One event of a spool.

    `kind` is ami, snapshot, queue_log or collector (docs/events.md). `fields` maps header to value;
    a repeated header is the list of its values in order. A refused event keeps its sequence and has
    only `refused`, the reason: the continuity of sequences can always be checked.
    """

    sequence: int
    at: int = 0
    kind: str = ""
    name: str = ""
    fields: dict[str, FieldValue] = {}
    refused: str = ""


class PublishedBatch(msgspec.Struct, omit_defaults=True):
    """One POST (or a part of a large one) of one site, with the time it was received.

    `sent_at` is what the collector's clock said, at most the latest moment that can be written. A
    clock may also be wrong in the events' `at`; the streams believe none that is in the future.
    """

    tenant: str
    site: str
    spool: str
    received_at: TopicMoment
    sent_at: TopicMoment
    events: list[PublishedEvent]
    collector_version: str = ""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(PublishedBatch)


def encode_batch(batch: PublishedBatch) -> bytes:
    """The Kafka message value of a batch."""
    return _encoder.encode(batch)


def encode_fields(fields: dict[str, FieldValue]) -> bytes:
    """An event's fields as they stand in a message, to be weighed."""
    return _encoder.encode(fields)


def decode_batch(value: bytes) -> PublishedBatch:
    """The batch in a Kafka message value. Raises msgspec.DecodeError on anything else."""
    return _decoder.decode(value)
