"""The large numbers of a page of a period: one statement, a row for each of them.

How old the data is and what was not seen stands on every such page, so it is in each.
"""

# ruff: noqa: S608 - statements are put together of constants of our own alone

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from grafana.queries import coverage


class Number(NamedTuple):
    """One of them, as expressions.

    The ends of its scale, or its colour, stand beside the value where they depend on the customer;
    else they are NULL.
    """

    name: str
    value: str
    low: str = "NULL"
    high: str = "NULL"
    colour: str = "NULL"


OWN = (Number("data_age", "sites.age_s"), Number("unseen", "gaps.unseen_s"))
"""What every page tells, of its parts `sites` and `gaps`."""

_PLAIN = """CAST(NULL, 'Nullable(Float64)') AS low, CAST(NULL, 'Nullable(Float64)') AS high,
    CAST(NULL, 'Nullable(String)') AS colour"""


def plain(parts: Mapping[str, str], values: Mapping[str, str]) -> str:
    """Numbers whose scale and colour are the same for every customer.

    `parts` are statements of one row each, by name; `values` are expressions over their columns.
    """
    columns = arrays([*(Number(name, value) for name, value in values.items()), *OWN])
    return _statement(parts, _PLAIN, {name: columns[name] for name in ("name", "value")})


def scaled(parts: Mapping[str, str], numbers: Iterable[Number]) -> str:
    """Numbers of which some have a scale of the customer's, over the columns of `parts`."""
    return _statement(parts, "low, high, colour", arrays([*numbers, *OWN]))


def arrays(numbers: Sequence[Number]) -> dict[str, str]:
    """An array for each column, for ARRAY JOIN: an array of rows would cost more to plan."""

    def of(column: str, kind: str) -> str:
        values = ", ".join(getattr(number, column) for number in numbers)
        return f"CAST([{values}], 'Array(Nullable({kind}))')"

    names = ", ".join(f"'{number.name}'" for number in numbers)
    measures = {column: of(column, "Float64") for column in ("value", "low", "high")}
    return {"name": f"[{names}]", **measures, "colour": of("colour", "String")}


def _statement(parts: Mapping[str, str], scale: str, columns: Mapping[str, str]) -> str:
    tables = {
        **parts,
        "sites": coverage.data_age(),
        "gaps": coverage.unseen("$__fromTime", "$__toTime"),
    }
    given = ",\n".join(f"{name} AS\n(\n    {sql}\n)" for name, sql in tables.items())
    listed = ",\n    ".join(f"{array} AS {name}" for name, array in columns.items())
    return f"""WITH
{given}
SELECT name, value, {scale}
FROM {" CROSS JOIN ".join(tables)}
ARRAY JOIN
    {listed}"""
