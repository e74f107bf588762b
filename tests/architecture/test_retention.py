"""How long each kind of row is kept: every table is named here, and its TTL says the same.

A table of people's data without an end would keep it for ever, unnoticed.
"""

import re
from pathlib import Path

SCHEMA = Path(__file__).parents[2] / "clickhouse" / "schema" / "current.sql"

DAYS = {
    # Facts.
    "agent_memberships": 400,
    "agent_states": 400,
    "agents_now": 400,
    "coverage_gaps": 400,
    "memberships_now": 400,
    "outbound_calls": 400,
    "queue_calls": 400,
    "queue_windows": 400,
    # Raw events, and what they are folded anew from.
    "event_batches": 30,
    "site_snapshots": 31,
}

# One row each, of customers and what is theirs, until somebody takes it back: no row of a caller.
FOR_EVER = {
    "agents_registry",
    "alert_contacts",
    "business_hours",
    "chat_accounts",
    "grafana_organisations",
    "pause_limits",
    "queue_names",
    "queue_settings",
    "queues_seen",
    "reader_credentials",
    "schema_changes",
    "site_status",
    "site_tokens",
    "sites",
    "tenants",
    "webhook_secrets",
}

PERSONAL = re.compile(
    r"^    (\w*(?:caller|callee|phone|number|contact_name|text|body)\w*) ", re.MULTILINE
)


def tables() -> dict[str, str]:
    """Each table's CREATE statement."""
    found = re.findall(
        r"^CREATE TABLE callcentre\.(\w+)$(.*?);$", SCHEMA.read_text(), re.MULTILINE | re.DOTALL
    )
    assert found
    return dict(found)


def test_every_table_is_kept_as_long_as_is_said_here() -> None:
    kept = {
        name: int(days[1])
        if (days := re.search(r"^TTL .*toIntervalDay\((\d+)\)$", sql, re.MULTILINE))
        else 0
        for name, sql in tables().items()
    }
    assert {name: days for name, days in kept.items() if days} == DAYS
    assert {name for name, days in kept.items() if not days} <= FOR_EVER


def test_what_is_kept_for_ever_has_no_column_of_a_caller() -> None:
    for name in FOR_EVER & tables().keys():
        assert not PERSONAL.findall(tables()[name]), name


def test_every_number_is_beside_its_hash_by_which_it_is_forgotten() -> None:
    # `tenants forget` finds the pairs by their names, in whatever table they are.
    for name, sql in tables().items():
        columns = set(PERSONAL.findall(sql))
        for column in columns:
            base = column.removesuffix("_hash")
            assert {base, f"{base}_hash"} <= columns, f"{name}.{column}"
