"""Kafka topic names and keys. Stored state: constants, never renamed in place."""

PBX_EVENTS = "pbx.events.v1"
CHAT_EVENTS = "chat.events.v1"
DEAD_EVENTS = "events.dead.v1"

ALL_TOPICS = (PBX_EVENTS, CHAT_EVENTS, DEAD_EVENTS)


def site_key(tenant: str, site: str) -> bytes:
    """Key of every message of one site: its events stay in order in one partition."""
    return f"{tenant}/{site}".encode()
