"""What the engine would let a reader do and must not: a look at each statement before it runs.

The statement is judged as the engine's own parser writes it, one line without comments and escapes,
so there is no second parser to disagree with. Row policies and `readonly` do the rest; the gate
closes what they leave open (docs/adr/0014).
"""

import re

from local.clickhouse.engine import Engine
from local.clickhouse.errors import access_denied

_LITERAL = re.compile(r"'(?:[^'\\]|\\.|'')*'")
_READING = re.compile(
    r"[\s(]*(SELECT|WITH|FROM|SHOW|DESCRIBE|DESC|EXISTS|EXPLAIN)\b", re.IGNORECASE
)
_WRITES_A_FILE = re.compile(r"\bINTO\s+OUTFILE\b", re.IGNORECASE)
_WORD = re.compile(r"\w+")

_FORBIDDEN_WORDS = frozenset(
    (
        "addresstoline",
        "addresstolinewithinlines",
        "addresstosymbol",
        "catboostevaluate",
        "cluster",
        "clusterallreplicas",
        "dictionary",
        "dicthas",
        "dictisin",
        "eval",
        "evalmlmethod",
        "executable",
        "file",
        "fuzzquery",
        "getclienthttpheader",
        "getmacro",
        "getoskernelversion",
        "getserverport",
        "getserversetting",
        "input",
        "loop",
        "python",
        "query_cache",
        "remote",
        "remotesecure",
        "serveruuid",
        "sleep",
        "sleepeachrow",
        "url",
        "urlcluster",
        "viewexplain",
        "viewifpermitted",
    )
)
"""Functions and table functions that read files, other servers or the machine, or only wait.

Compared with every word outside string literals, so that a function cannot hide behind APPLY, a
lambda or quoting. A column of such a name is refused with it: ours have none.
"""

_FORBIDDEN_STARTS = ("ai_", "dictget", "filesystem", "joinget", "mergetree")
_AI_FUNCTION = re.compile(
    r"ai(?:classify|embed|extract|filter|generate|redact|similarity|translate)"
)


def check_reader_statement(engine: Engine, statement: str) -> None:
    """Lets the statement pass or raises.

    Raises RequestError if it is not for readers, RuntimeError with ClickHouse's text if it is no
    single statement.
    """
    bare = _LITERAL.sub("''", engine.normalised(statement))
    if not _READING.match(bare) or _WRITES_A_FILE.search(bare):
        raise access_denied("Readers may only read.")
    for word in {found.lower() for found in _WORD.findall(bare)}:
        if (
            word in _FORBIDDEN_WORDS
            or word.startswith(_FORBIDDEN_STARTS)
            or _AI_FUNCTION.fullmatch(word)
        ):
            raise access_denied(f"{word} is not for readers.")
