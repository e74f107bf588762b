"""What a customer's reader may see, and how it is called, the same on every server. No I/O.

Everything else follows from the schema in use: each table with a column `tenant_id` gets a row
policy, and readers are granted these tables and all views but the ones named here.
"""

OPERATORS_ONLY = frozenset(
    (
        "alert_contacts",
        "chat_accounts",
        "event_batches",
        "events",
        "grafana_organisations",
        "reader_credentials",
        "site_snapshots",
        "site_tokens",
        "usable_tokens",
        "usable_webhooks",
        "webhook_secrets",
    )
)
"""No reader is granted these: what is kept for audit and to be folded anew, and who may log in."""

READER_PREFIX = "reader_"
"""Users whose names begin so are the registry's: `sync` makes, changes and removes them."""

PROBE_SEPARATOR = "/"
"""Stands in no tenant's name: `reader_acme/x` is a further user with the eyes of `reader_acme`."""

BOARDS_MARK = "grafana"
"""After it: the user by whom Grafana reads, so that its password is Grafana's alone."""


def reader_name(tenant_id: str) -> str:
    """The user who reads this customer's rows."""
    return f"{READER_PREFIX}{tenant_id}"


def probe_name(tenant_id: str, mark: str) -> str:
    """A passing user who is to see what the customer's reader sees; `mark` makes it unique."""
    return f"{reader_name(tenant_id)}{PROBE_SEPARATOR}{mark}"


def boards_name(tenant_id: str) -> str:
    """The user by whom the customer's boards in Grafana read: the eyes of its reader."""
    return probe_name(tenant_id, BOARDS_MARK)
