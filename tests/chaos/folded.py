"""What the posted events count as by the fold alone, without any process.

A second opinion on the sites of the posting program, beside the run without faults.
"""

import time
from collections.abc import Iterator, Sequence

import msgspec
from clickhouse_connect.driver.client import Client

from agent.envelope import encode_batch
from ingest_api.batches import read_batch
from ingest_api.contract.published import PublishedBatch
from streams.domain.facts import FACT_TYPES, Fact
from tests.chaos.compare import TableResult, compare_rows, row_text
from tests.chaos.plan import TENANT
from tests.chaos.reference import Delivered
from tests.chaos.versions import Ranks, generation_of, generation_ranks
from tests.support.batches import fold, latest

_BATCH_EVENTS = 1_000


def compare_with_fold(client: Client, delivered: Delivered) -> list[TableResult]:
    """The fact tables, the rows of these sites only."""
    facts = [fact for site in delivered for fact in _facts(site, delivered[site])]
    ranks = generation_ranks(client)
    # One spool a site, so one generation.
    folded_ranks = {(fact.site, generation_of(fact.version)): 1 for fact in facts}
    return [
        compare_rows(
            f"{fact_type.TABLE} of the posting program, folded",
            _stored(client, fact_type, list(delivered), ranks),
            (
                row_text(fact_type.TABLE, msgspec.structs.asdict(fact), folded_ranks)
                for fact in facts
                if type(fact) is fact_type
            ),
        )
        for fact_type in FACT_TYPES
    ]


def _facts(site: str, events: Sequence[tuple[str, bytes]]) -> Iterator[Fact]:
    yield from latest(fold(_batches(site, events))).values()


def _batches(site: str, events: Sequence[tuple[str, bytes]]) -> Iterator[PublishedBatch]:
    now_ms = time.time_ns() // 1_000_000
    for first in range(0, len(events), _BATCH_EVENTS):
        part = events[first : first + _BATCH_EVENTS]
        texts = [event.decode() for _, event in part]
        batch = read_batch(encode_batch(site, part[0][0], now_ms, texts))
        yield batch.published(TENANT, now_ms)


def _stored(
    client: Client, fact_type: type[Fact], sites: Sequence[str], ranks: Ranks
) -> Iterator[str]:
    rows = client.query(
        f"SELECT {', '.join(fact_type.__struct_fields__)} FROM callcentre.v_{fact_type.TABLE}"
        " WHERE site IN {sites:Array(String)}",
        parameters={"sites": list(sites)},
        query_formats={"DateTime64": "int"},
    ).named_results()
    for row in rows:
        yield row_text(fact_type.TABLE, row, ranks)
