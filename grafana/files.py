"""The files of the boards: where they lie, what stands in them, and whether they are fresh."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from grafana.board import Page, board
from grafana.language import Language
from grafana.pages import CUSTOMER_PAGES, OPERATOR_PAGES
from grafana.sdk import encoded

FOLDER = Path(__file__).parent / "provisioning" / "dashboards"
_OPERATOR = "operator"


class BoardFile(NamedTuple):
    """One file, by its place in the folder of the boards, and its whole text."""

    place: Path
    text: str


def files(language: Language) -> tuple[Path, ...]:
    """The committed files that every customer's organisation gets, in the order of the pages."""
    return tuple(FOLDER / _place(page(language), language) for page in CUSTOMER_PAGES)


def operator_files(language: Language) -> tuple[Path, ...]:
    """The committed files that only the operator's own organisation gets besides."""
    return tuple(FOLDER / _place(page(language), language, _OPERATOR) for page in OPERATOR_PAGES)


def generated() -> Iterator[BoardFile]:
    """Every file as it is to be."""
    for language in Language:
        for makers, below in ((CUSTOMER_PAGES, ""), (OPERATOR_PAGES, _OPERATOR)):
            for maker in makers:
                page = maker(language)
                plain = encoded(board(page, language))
                text = json.dumps(plain, ensure_ascii=False, indent=2, sort_keys=True)
                yield BoardFile(_place(page, language, below), f"{text}\n")


def stale(folder: Path = FOLDER) -> list[Path]:
    """Files of the folder that are not as they are to be: changed, missing, or left over."""
    return _differing(folder, _wanted(folder))


def write(folder: Path = FOLDER) -> list[Path]:
    """Brings the folder in line; returns the files that were changed, made or removed."""
    wanted = _wanted(folder)
    changed = _differing(folder, wanted)
    for path in changed:
        if path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
        else:
            path.unlink()
    return changed


def _wanted(folder: Path) -> dict[Path, str]:
    return {folder / file.place: file.text for file in generated()}


def _differing(folder: Path, wanted: dict[Path, str]) -> list[Path]:
    there = {path: path.read_text(encoding="utf-8") for path in folder.rglob("*.json")}
    return sorted(
        path for path in wanted.keys() | there.keys() if wanted.get(path) != there.get(path)
    )


def _place(page: Page, language: Language, below: str = "") -> Path:
    return Path(language) / below / f"{page.uid}.json"
