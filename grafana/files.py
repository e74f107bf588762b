"""The files of the boards: where they lie, what stands in them, and whether they are fresh."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from grafana.board import board
from grafana.language import Language
from grafana.pages import CUSTOMER_PAGES, OPERATOR_PAGES
from grafana.sdk import encoded

FOLDER = Path(__file__).parent / "provisioning" / "dashboards"
_OPERATOR = "operator"


class BoardFile(NamedTuple):
    """One file and its whole text."""

    path: Path
    text: str


def files(language: Language) -> tuple[Path, ...]:
    """The committed files that every customer's organisation gets, in the order of the pages."""
    return tuple(FOLDER / language / f"{page(language).uid}.json" for page in CUSTOMER_PAGES)


def operator_files(language: Language) -> tuple[Path, ...]:
    """The committed files that only the operator's own organisation gets besides."""
    return tuple(
        FOLDER / language / _OPERATOR / f"{page(language).uid}.json" for page in OPERATOR_PAGES
    )


def generated() -> Iterator[BoardFile]:
    """Every file as it is to be."""
    for language in Language:
        pages = (*CUSTOMER_PAGES, *OPERATOR_PAGES)
        paths = (*files(language), *operator_files(language))
        for page, path in zip(pages, paths, strict=True):
            plain = encoded(board(page(language), language))
            text = json.dumps(plain, ensure_ascii=False, indent=2, sort_keys=True)
            yield BoardFile(path, f"{text}\n")


def stale() -> list[Path]:
    """Files that are not as they are to be: changed, missing, or left over."""
    wanted = {file.path: file.text for file in generated()}
    there = {path: path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.json")}
    return sorted(
        path for path in wanted.keys() | there.keys() if wanted.get(path) != there.get(path)
    )


def write() -> list[Path]:
    """Brings the files in line; returns those that were changed, made or removed."""
    changed = stale()
    wanted = {file.path: file.text for file in generated()}
    for path in changed:
        if path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
        else:
            path.unlink()
    return changed
