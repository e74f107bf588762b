"""What kind of statement a request carries, as far as the way of running it depends on it."""

import re
from typing import NamedTuple

from local.clickhouse.errors import RequestError, access_denied

MAX_HEAD_BYTES = 100_000
"""An insert's statement is looked for in this much of the text."""

_INSERT_WITH_FORMAT = re.compile(
    rb"""
    (?P<into>\s*INSERT\s+INTO\s+(?:TABLE\s+)?[^\s(]+\s*
        (?:\([^()]*\)\s*)?                                         # columns
    )
    (?P<settings>SETTINGS\s+\w+\s*=\s*[^\s,]+\s*(?:,\s*\w+\s*=\s*[^\s,]+\s*)*)?
    \bFORMAT\s+(?P<format>\w+)[ \t]*;?[ \t]*(?:\r?\n|$)?
    """,
    re.IGNORECASE | re.VERBOSE,
)
_COMMENT = r"(?:--[^\n]*\n|/\*.*?\*/)"
_QUERY = re.compile(rf"(?:\s|\(|{_COMMENT})*(?:SELECT|WITH|FROM)\b", re.IGNORECASE | re.DOTALL)
_FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*(?:SETTINGS\s[^;]*)?;?\s*$", re.IGNORECASE)
_AD_HOC_FILTERS = re.compile(
    r"\bSETTINGS\s+additional_table_filters\s*=\s*\{([^{}]*)\}\s*;?\s*$", re.IGNORECASE
)
_FILTER = re.compile(r"\s*'((?:[^'\\]|\\')*)'\s*:\s*'((?:[^'\\]|\\')*)'\s*,?")

# Formats whose pieces may be put one after the other; others have a head or a tail.
_STREAMABLE_FORMATS = frozenset(
    ("native", "tabseparated", "tsv", "csv", "rowbinary", "jsoneachrow")
)


def decoded(data: bytes) -> str:
    """The text of a statement. Raises RequestError if it is no UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise RequestError(62, "SYNTAX_ERROR", "The statement is no UTF-8 text.") from error


class Insert(NamedTuple):
    """An insert with data: `into` what, by which `settings`, where its data begins in the text."""

    into: str
    settings: str
    format: str
    data_start: int


def parse_insert(text: bytes) -> Insert | None:
    """The insert at the start of the text if it brings data of its own in a format.

    None for everything else, `INSERT … SELECT` and `INSERT … VALUES` included: those are plain
    statements for the engine. Raises RequestError if the statement is no UTF-8.
    """
    head = text[:MAX_HEAD_BYTES]
    found = _INSERT_WITH_FORMAT.match(head)
    if found is None or found["format"].lower() == b"values":
        return None
    settings = decoded(found["settings"] or b"").strip()
    return Insert(decoded(found["into"]).strip(), settings, decoded(found["format"]), found.end())


def output_format(statement: str, default: str) -> str:
    """The format the statement asks for, else the default."""
    found = _FORMAT.search(statement)
    return found[1] if found else default


def is_streamable(statement: str, format_name: str) -> bool:
    """Whether the engine can hand out the answer piece by piece."""
    return format_name.lower() in _STREAMABLE_FORMATS and _QUERY.match(statement) is not None


def lift_ad_hoc_filters(statement: str) -> tuple[str, dict[str, str]]:
    """The statement without Grafana's trailing ad-hoc filters, and these by table.

    A reader cannot set anything within a statement, so the filters are set on the handle instead;
    there they are added to the row policy. Raises RequestError on a form Grafana does not send.
    """
    found = _AD_HOC_FILTERS.search(statement)
    if found is None:
        return statement, {}
    filters: dict[str, str] = {}
    place = 0
    while found[1][place:].strip():
        pair = _FILTER.match(found[1], place)
        if pair is None:
            raise access_denied("Filters must be plain texts by table.")
        filters[pair[1].replace("\\'", "'")] = pair[2].replace("\\'", "'")
        place = pair.end()
    return statement[: found.start()], filters


def require_no_files(names: list[str]) -> None:
    """Raises RequestError if a form brings external tables; the embedded engine has none."""
    if names:
        raise RequestError(
            48, "NOT_IMPLEMENTED", "External tables are not supported by the embedded server."
        )
