"""The large numbers of a page of a period: one statement, a row for each of them.

How old the data is and what was not seen stands on every such page, so it is in each.
"""

# ruff: noqa: S608 - statements are put together of constants of our own alone

from collections.abc import Iterable, Mapping

from grafana.queries import coverage

SCALED_ROWS = (
    "Array(Tuple(name String, value Nullable(Float64), low Nullable(Float64),"
    " high Nullable(Float64), colour Nullable(String)))"
)
"""The type of numbers whose scale or colour depends on the customer: the ends of the scale, or the
colour, are NULL where they are the same for every customer."""

_PLAIN_ROWS = "Array(Tuple(name String, value Nullable(Float64)))"
_PLAIN = """CAST(NULL, 'Nullable(Float64)') AS low, CAST(NULL, 'Nullable(Float64)') AS high,
    CAST(NULL, 'Nullable(String)') AS colour"""
_SCALED = """tupleElement(card, 'low') AS low, tupleElement(card, 'high') AS high,
    tupleElement(card, 'colour') AS colour"""


def plain(parts: Mapping[str, str], values: Mapping[str, str]) -> str:
    """Numbers whose scale and colour are the same for every customer.

    `parts` are statements of one row each, by name; `values` are expressions over their columns.
    """
    shown = {**values, "data_age": "sites.age_s", "unseen": "gaps.unseen_s"}
    rows = (f"('{name}', {value})" for name, value in shown.items())
    return _statement(parts, _PLAIN, rows, _PLAIN_ROWS)


def scaled(parts: Mapping[str, str], rows: Iterable[str]) -> str:
    """Numbers of which some have a scale of the customer's; `rows` are tuples of `SCALED_ROWS`."""
    own = (
        "('data_age', sites.age_s, NULL, NULL, NULL)",
        "('unseen', gaps.unseen_s, NULL, NULL, NULL)",
    )
    return _statement(parts, _SCALED, [*rows, *own], SCALED_ROWS)


def _statement(parts: Mapping[str, str], scale: str, rows: Iterable[str], kind: str) -> str:
    tables = {
        **parts,
        "sites": coverage.data_age(),
        "gaps": coverage.unseen("$__fromTime", "$__toTime"),
    }
    given = ",\n".join(f"{name} AS\n(\n    {sql}\n)" for name, sql in tables.items())
    listed = ",\n        ".join(rows)
    return f"""WITH
{given}
SELECT
    tupleElement(card, 'name') AS name, tupleElement(card, 'value') AS value,
    {scale}
FROM
(
    SELECT arrayJoin(CAST([
        {listed}
    ], '{kind}')) AS card
    FROM {" CROSS JOIN ".join(tables)}
)"""
