"""Waiting until a store has everything that was said."""

import time
from collections.abc import Mapping, Sequence

from clickhouse_connect.driver.client import Client

from tests.chaos.versions import sequence_of

_POLL_S = 0.5
_FLUSHED_AFTER_S = 1.0
_DECIDED_AFTER_MS = 4_000
"""The fold decides the last endings two seconds of event time later."""

Spool = tuple[str, str]
"""Site and spool."""


def wait_until_quiet(
    client: Client, sites: Sequence[str], over_ms: int, within_s: float
) -> list[str]:
    """Until each site told, some seconds after all was over at `over_ms`, that nothing is left.

    Returns the sites that did not.
    """
    deadline = time.monotonic() + within_s
    while True:
        rows = client.query(
            "SELECT site, last_event_at FROM callcentre.v_site_status",
            query_formats={"DateTime64": "int"},
        ).result_rows
        heard = {site: at for site, at in rows}  # noqa: C416 - rows are sequences, for mypy
        late = [site for site in sites if heard.get(site, 0) < over_ms + _DECIDED_AFTER_MS]
        if not late or time.monotonic() > deadline:
            return late
        time.sleep(_POLL_S)


def wait_until_stored(
    client: Client, last: Mapping[Spool, int], within_s: float
) -> dict[Spool, int]:
    """Until of each spool the last event is stored, and the site's status is as new.

    Returns what is still missing when the time is over: spool → the sequence that is stored.
    """
    deadline = time.monotonic() + within_s
    while True:
        missing = _missing(client, last)
        if not missing:
            # The status is written in the middle of a flush.
            time.sleep(_FLUSHED_AFTER_S)
            return {}
        if time.monotonic() > deadline:
            return missing
        time.sleep(_POLL_S)


def _missing(client: Client, last: Mapping[Spool, int]) -> dict[Spool, int]:
    batches = client.query(
        "SELECT site, spool, max(last_sequence) FROM callcentre.event_batches GROUP BY site, spool"
    ).result_rows
    states = client.query("SELECT site, spool, version FROM callcentre.v_site_status").result_rows
    stored = {(site, spool): sequence for site, spool, sequence in batches}
    told = {(site, spool): sequence_of(version) for site, spool, version in states}
    return {
        spool: stored.get(spool, 0)
        for spool, sequence in last.items()
        if stored.get(spool, 0) < sequence or told.get(spool, sequence) < sequence
    }
