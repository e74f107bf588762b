"""What a customer's reader may see, the same on every server. Facts only: no I/O.

Everything else follows from the schema in use: each table with a column `tenant_id` gets a row
policy, and readers are granted these tables and all views but the ones named here.
"""

OPERATORS_ONLY = frozenset(
    (
        "event_batches",
        "events",
        "reader_credentials",
        "site_snapshots",
        "site_tokens",
        "usable_tokens",
    )
)
"""No reader is granted these: what is kept for audit and to be folded anew, and who may log in."""
