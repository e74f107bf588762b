"""The metrics of asking platforms."""

from prometheus_client import Counter, Gauge

ROUNDS = Counter(
    "ingest_poll_rounds_total",
    "Rounds of asking, by what was asked for and how it ended: done, away (the platform), refused "
    "(the token), not_stored (the broker), failed (a fault of ours).",
    ("connector", "what", "outcome"),
)
FOUND = Counter(
    "ingest_poll_published_total",
    "What was found and published; what webhooks had told already is among it.",
    ("connector", "what"),
)
LAST_DONE = Gauge(
    "ingest_poll_last_done_timestamp_seconds",
    "When the sessions of an account were last read to the end, by this process or one before it; "
    "if never, when they were first to be.",
    ("tenant", "site"),
)
