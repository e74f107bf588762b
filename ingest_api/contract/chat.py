"""What ingest writes to `chat.events.v1`: one message per event of a chat account.

An event is what a platform posted, or answered when it was asked, without texts and names of
customers: only what a connector lists as needed passes (`connectors/`). Values are those of the
platform, untranslated, under the dotted path they had (`agentDetails.name`); what they mean is said
in `streams`. `received_at` is milliseconds since the Unix epoch, UTC.
"""

import msgspec

from ingest_api.contract.timestamps import TopicMoment

ChatValue = str | int | float | bool | None

MAX_VALUE_CHARACTERS = 256
"""Of a text that passes; a longer one is none of those that are needed."""

MAX_EVENT_NAME_CHARACTERS = 128


class PublishedChatEvent(msgspec.Struct, omit_defaults=True):
    """One event of one chat account (`site`) of a tenant, as a `connector` understands it.

    `name` is the platform's word for it. `caller` is the customer's number as the tenant wants it
    shown and `caller_hash` links the customer's contacts (agent/redaction.py); empty if not told.
    """

    tenant: str
    site: str
    connector: str
    received_at: TopicMoment
    name: str
    fields: dict[str, ChatValue]
    caller: str = ""
    caller_hash: str = ""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(PublishedChatEvent)


def encode_chat_event(event: PublishedChatEvent) -> bytes:
    """The Kafka message value of an event."""
    return _encoder.encode(event)


def decode_chat_event(value: bytes) -> PublishedChatEvent:
    """The event in a Kafka message value. Raises msgspec.DecodeError on anything else."""
    return _decoder.decode(value)
