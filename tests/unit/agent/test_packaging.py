import ast
import os
import zipfile
from pathlib import Path

import pytest

import agent
from agent.packaging.build import build

PACKAGE = Path(agent.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_source_is_python_3_6(source: Path) -> None:
    ast.parse(source.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_same_sources_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "a" / "first.pyz", tmp_path / "second.pyz"
    build(str(first))
    os.utime(PACKAGE / "__init__.py")
    build(str(second))
    assert first.read_bytes() == second.read_bytes()


def test_file_holds_the_modules_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "collector.pyz"
    build(str(target))
    with zipfile.ZipFile(target) as archive:
        names = set(archive.namelist())
    modules = {f"agent/{path.relative_to(PACKAGE)}" for path in SOURCES}
    assert names == {"__main__.py", *modules} - {"agent/packaging/build.py"}
    assert os.access(target, os.X_OK)


def test_service_starts_what_is_built_with_the_folder_it_needs() -> None:
    unit = (PACKAGE / "packaging" / "call-centre-collector.service").read_text()
    assert "collector.pyz run" in unit
    assert "StateDirectory=call-centre-collector" in unit
