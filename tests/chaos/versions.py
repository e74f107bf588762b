"""Versions and generations taken apart: what of them depends on the hour of receipt.

A generation begins at the hour in which a site's first batch was received, so two runs have the
same generations of a site in the same order, but not the same numbers.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from clickhouse_connect.driver.client import Client

from streams.domain.version import PLACE_MASK, VERSIONS_PER_EVENT, place_of

_GENERATION = place_of(1, 0)

Ranks = Mapping[tuple[str, int], int]
"""Site and generation → which generation of the site that is, from 1."""


class Version(NamedTuple):
    """A version with its generation by rank; the rest is as it was."""

    rules: int
    generation: int
    place: int


def generation_of(version: int) -> int:
    """The site's generation that made this version."""
    return (version & PLACE_MASK) // _GENERATION


def sequence_of(version: int) -> int:
    """The sequence of the event that made this version."""
    return (version & PLACE_MASK) % _GENERATION // VERSIONS_PER_EVENT


def normalised(column: str, value: Any, site: str, ranks: Ranks) -> Any:
    """The value of a column as it must be equal in two runs; maps by key."""
    if column == "generation":
        return ranks.get((site, value), value)
    if column == "version":
        generation = generation_of(value)
        rank = ranks.get((site, generation), generation)
        return tuple(Version(value & ~PLACE_MASK, rank, (value & PLACE_MASK) % _GENERATION))
    return sorted(value.items()) if isinstance(value, dict) else value


def generation_ranks(client: Client) -> Ranks:
    """The generations of every site in order."""
    rows = client.query(
        "SELECT DISTINCT site, generation FROM callcentre.event_batches ORDER BY site, generation"
    ).result_rows
    ranks: dict[tuple[str, int], int] = {}
    counts: Counter[str] = Counter()
    for site, generation in rows:
        counts[site] += 1
        ranks[site, generation] = counts[site]
    return ranks
