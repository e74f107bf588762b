"""Facts of every type, and what an observer and the views of a ClickHouse tell of them."""

import msgspec
from clickhouse_connect.driver.client import Client

from streams.domain.facts import (
    AgentMembership,
    CoverageGap,
    Fact,
    OutboundCall,
    SiteStatus,
)
from tests.support.facts import START, agent_state, queue_call, window_of_one

ONE_OF_EACH: list[Fact] = [
    queue_call(),
    queue_call(
        queue='fila "São João"\n\\',
        call_id="1773147601.2/2",
        uniqueid="1773147601.2",
        contact_id="1773147600.1",
        status="waiting",
        outcome="open",
        answered_at=None,
        ended_at=None,
        wait_ms=None,
        version=(1 << 64) - 1,
        first_response_at=START + 1,
        messages_in=3,
    ),
    window_of_one(queue_call()),
    agent_state(ended_at=START + 1, state="paused", pause_reason="Almoço"),
    AgentMembership(
        "acme", "pbx-01", "PJSIP/1001", "Ana", "support", START, None, True, "lunch", 5, False, 1
    ),
    OutboundCall(
        "acme", "pbx-01", "PJSIP/1001", "Ana", "1.5", "…0002", "ab", START, None, START + 9,
        True, 1,
    ),
    SiteStatus(
        "acme", "pbx-01", START, START + 5, True, "18.26.4", "0.1.0", "s-1", 4, 2048, -5, 1, 2, 3,
        False, 1,
    ),
    CoverageGap("acme", "pbx-01", START, "ami_lost", None, 0, 0, 1),
]  # fmt: skip


class Inserts:
    """Keeps what the writer tells."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, int]] = []
        self.retries: list[tuple[str, str]] = []

    def inserted(self, table: str, rows: int, seconds: float) -> None:
        assert seconds > 0
        self.rows.append((table, rows))

    def retried(self, table: str, reason: str) -> None:
        self.retries.append((table, reason))


class NoRetries:
    """Asks for nothing of what the writer tells, but that each insert succeeds at once."""

    def inserted(self, table: str, rows: int, seconds: float) -> None:
        assert rows > 0, table
        assert seconds > 0, table

    def retried(self, table: str, reason: str) -> None:
        raise AssertionError(f"{table} was retried: {reason}")


def stored(client: Client, fact_type: type[Fact]) -> list[Fact]:
    """The rows of a view as facts again."""
    rows = client.query(
        f"SELECT {', '.join(fact_type.__struct_fields__)} FROM callcentre.v_{fact_type.TABLE}"
        f" ORDER BY {', '.join(fact_type.KEY)}",
        query_formats={"DateTime64": "int"},
    ).named_results()
    return [msgspec.convert(row, fact_type) for row in rows]
