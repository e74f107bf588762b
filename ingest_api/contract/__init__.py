"""The wire contract: what a collector may post, and what ingest writes to Kafka.

Owned by the room that offers the API; the streams read it too. Nothing here does I/O.
"""
