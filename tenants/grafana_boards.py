"""The committed boards, as customers get them: the same files for everyone, by language.

What lies a folder deeper is the operator's.
"""

import functools
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from grafana.language import Language
from tenants.errors import NotPossibleError

DASHBOARDS = Path(__file__).parents[1] / "grafana" / "provisioning" / "dashboards"

_MARK = "call-centre-analytics"
_REVISION = "call_centre_revision"
"""A variable nobody sees: of a board's first version Grafana tells no message but its own."""

_HIDDEN = 2


class Board(NamedTuple):
    """A dashboard in Grafana's classic form, and what its content comes to."""

    uid: str
    title: str
    model: dict[str, Any]
    digest: str

    @property
    def message(self) -> str:
        """What is written into Grafana's history beside it, so that it is known again."""
        return f"{_MARK} {self.digest}"

    @property
    def marked(self) -> dict[str, Any]:
        """The model as it is saved: with its digest in it."""
        templating = self.model.get("templating") or {}
        mark = {
            "type": "constant",
            "name": _REVISION,
            "hide": _HIDDEN,
            "skipUrlSync": True,
            "query": self.digest,
            "current": {"selected": False, "text": self.digest, "value": self.digest},
            "options": [],
        }
        variables = [*templating.get("list", ()), mark]
        return {**self.model, "templating": {**templating, "list": variables}}


def revision_of(model: Mapping[str, Any]) -> str:
    """The digest with which `sync` marked this board; empty if the board is not ours."""
    variables = (model.get("templating") or {}).get("list") or ()
    return next((str(each["query"]) for each in variables if each["name"] == _REVISION), "")


@functools.cache
def customers_boards(language: Language, directory: Path = DASHBOARDS) -> tuple[Board, ...]:
    """The boards in this language, in the order of their files.

    Raises NotPossibleError if there are none, or a file is no board: an installation is not whole.
    """
    boards = tuple(_boards(directory / language))
    if not boards:
        raise NotPossibleError(f"there are no boards in {directory / language}")
    return boards


def _boards(directory: Path) -> Iterator[Board]:
    for file in sorted(directory.glob("*.json")):
        try:
            model = json.loads(file.read_bytes())
            uid, title = str(model["uid"]), str(model["title"])
        except (ValueError, LookupError, TypeError) as error:
            raise NotPossibleError(f"{file} is no board: {type(error).__name__}") from error
        model.pop("id", None)
        # Of the content, not the file: Grafana makes no version of what only looks otherwise.
        content = json.dumps(model, sort_keys=True).encode()
        digest = hashlib.sha256(content).hexdigest()[:16]
        yield Board(uid, title, model, digest)
