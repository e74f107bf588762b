"""What the engine would let a reader do and must not: a look at each statement before it runs.

The statement is judged as the engine's own parser writes it, one line without comments and escapes,
so there is no second parser to disagree with. Row policies and `readonly` do the rest; the gate
closes what they leave open (docs/adr/0014).
"""

import re
from collections.abc import Collection

from local.clickhouse.engine import Engine
from local.clickhouse.errors import access_denied

REVIEWED_ENGINE = "26.9.2.1"
"""The functions of this version were looked through; a test fails when the engine is another."""

# Literals and quoted names are found together, from left to right: a quote within a name begins no
# literal, and what is between two such names is looked at.
_QUOTED = re.compile(
    r"""(?P<literal>'(?:[^'\\]|\\.|'')*')|(?P<name>`(?:[^`\\]|\\.|``)*`)""", re.DOTALL
)
_READING = re.compile(
    r"[\s(]*(SELECT|WITH|FROM|SHOW|DESCRIBE|DESC|EXISTS|EXPLAIN)\b", re.IGNORECASE
)
_WRITES_A_FILE = re.compile(r"\bINTO\s+OUTFILE\b", re.IGNORECASE)
# Plans, estimates and analyses tell how much there is to read, other tenants' rows included.
_TELLS_OF_SIZES = re.compile(r"\bEXPLAIN\b(?!\s+(?:AST|SYNTAX|QUERY\s+TREE)\b)", re.IGNORECASE)
_WORD = re.compile(r"\w+")

ALLOWED_TABLE_FUNCTIONS = frozenset(
    (
        "format",
        "generaterandom",
        "generate_series",
        "generateseries",
        "merge",
        "null",
        "numbers",
        "numbers_mt",
        "primes",
        "values",
        "view",
        "zeros",
        "zeros_mt",
    )
)
"""Make rows of nothing, or read tables with their grants and policies. All others are refused."""

FORBIDDEN_FUNCTIONS = frozenset(
    (
        "addresstoline",
        "addresstolinewithinlines",
        "addresstosymbol",
        "dicthas",
        "dictisin",
        "evalmlmethod",
        "file",
        "getclienthttpheader",
        "getmacro",
        "getoskernelversion",
        "getserverport",
        "getserversetting",
        "serveruuid",
        "sleep",
        "sleepeachrow",
    )
)
"""Read files, tables without a grant, or the machine; or only wait."""

FORBIDDEN_STARTS = ("dictget", "filesystem", "joinget")

_PLACES_OF_ROWS = ("_block_", "_part")
"""Columns that every table has: after how many rows, other tenants' too, a row lies."""

_FORMAT_WITH_SIZES = "withprogress"
_ASKS_AN_AI = re.compile(
    r"ai(?:classify|embed|extract|filter|generate|redact|similarity|translate)"
)


class Gate:
    """Lets a reader's statements pass or refuses them."""

    def __init__(self, engine: Engine) -> None:
        """Asks the engine once for its table functions, and for second names of functions."""
        self._engine = engine
        table_functions = {name.lower() for name in engine.table_functions()}
        forbidden = FORBIDDEN_FUNCTIONS | (table_functions - ALLOWED_TABLE_FUNCTIONS)
        aliases = engine.aliases_of_functions().items()
        self._forbidden = forbidden | {
            alias.lower() for alias, name in aliases if _is_forbidden(name.lower(), forbidden)
        }

    def check(self, statement: str) -> None:
        """Returns if the statement may run.

        Every word outside string literals counts, so that a function cannot hide behind APPLY, a
        lambda or quoting; a column with such a name is refused with it, and ours have none. Raises
        RequestError if the statement is not for readers, RuntimeError with ClickHouse's text if it
        is no single statement.
        """
        bare = _without_literals(self._engine.normalised(statement))
        if not _READING.match(bare) or _WRITES_A_FILE.search(bare):
            raise access_denied("Readers may only read.")
        if _TELLS_OF_SIZES.search(bare):
            raise access_denied("Plans are not for readers.")
        for word in {found.lower() for found in _WORD.findall(bare)}:
            if _is_forbidden(word, self._forbidden):
                raise access_denied(f"{word} is not for readers.")

    @staticmethod
    def check_format(name: str) -> None:
        """Returns if an answer may have this format, which a URL may name as well as a statement.

        Raises RequestError for one that tells how many rows were read.
        """
        if name.lower().endswith(_FORMAT_WITH_SIZES):
            raise access_denied(f"Format {name} is not for readers.")


def _is_forbidden(word: str, names: Collection[str]) -> bool:
    return (
        word in names
        or word.startswith((*FORBIDDEN_STARTS, *_PLACES_OF_ROWS))
        or word.endswith(_FORMAT_WITH_SIZES)
        or _ASKS_AN_AI.fullmatch(word) is not None
    )


def _without_literals(statement: str) -> str:
    return _QUOTED.sub(lambda found: found["name"] or "''", statement)
