"""What the engine would let a reader do and must not: a look at each statement before it runs.

The statement is judged as the engine's own parser writes it, one line without comments and escapes,
so there is no second parser to disagree with. Row policies and `readonly` do the rest; the gate
closes what they leave open (docs/adr/0014).
"""

import re

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
        "dumpcolumnstructure",
        "evalmlmethod",
        "file",
        "getclienthttpheader",
        "getmacro",
        "getoskernelversion",
        "getserverport",
        "getserversetting",
        "lowcardinalityindices",
        "lowcardinalitykeys",
        "serveruuid",
        "sleep",
        "sleepeachrow",
    )
)
"""Read files, tables without a grant, or the machine; tell of the dictionary that a column shares
with other tenants' rows; or only wait."""

FORBIDDEN_STARTS = ("dictget", "filesystem", "joinget")
_ASKS_AN_AI = re.compile(
    r"ai(?:classify|embed|extract|filter|generate|redact|similarity|translate)"
)


class Gate:
    """Lets a reader's statements pass or refuses them."""

    def __init__(self, engine: Engine) -> None:
        """Asks the engine once which table functions there are."""
        self._engine = engine
        table_functions = {name.lower() for name in engine.table_functions()}
        self._forbidden = FORBIDDEN_FUNCTIONS | (table_functions - ALLOWED_TABLE_FUNCTIONS)

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
        for word in {found.lower() for found in _WORD.findall(bare)}:
            if (
                word in self._forbidden
                or word.startswith(FORBIDDEN_STARTS)
                or _ASKS_AN_AI.fullmatch(word)
            ):
                raise access_denied(f"{word} is not for readers.")


def _without_literals(statement: str) -> str:
    return _QUOTED.sub(lambda found: found["name"] or "''", statement)
