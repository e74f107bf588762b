"""Who may import whom: the arrows of ARCHITECTURE.md, read off the code."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STDLIB = sys.stdlib_module_names

# Longest matching room decides. What is listed may be imported, besides the room itself.
ALLOWED: dict[str, set[str]] = {
    "agent": set(),
    "ingest_api.contract": {"pydantic", "msgspec"},
    "ingest_api": {
        "ingest_api.contract",
        "fastapi",
        "kafka",
        "msgspec",
        "prometheus_client",
        "pydantic",
        "starlette",
        "structlog",
        "uvicorn",
    },
    "streams.domain": {"msgspec"},
    "streams.interpreter": {"ingest_api.contract", "streams.domain"},
    "streams.site_batches": {"ingest_api.contract", "streams.domain", "streams.interpreter"},
    "streams.storage": {
        "streams.domain",
        "ingest_api.contract",
        "clickhouse_connect",
        "msgspec",
        "structlog",
    },
    "streams": {
        "ingest_api.contract",
        "streams",
        "faust",
        "mode",
        "aiokafka",
        "kafka",
        "msgspec",
        "prometheus_client",
        "structlog",
        "clickhouse_connect",
    },
}
MUST_NOT_KNOW_TIME = {"time", "datetime", "random", "os", "logging", "uuid", "secrets"}


def modules() -> list[Path]:
    rooms = ("agent", "ingest_api", "streams")
    return [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
    return found


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(room + ".")


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_a_room_imports_only_what_it_may(path: Path) -> None:
    name = dotted(path)
    room = max((room for room in ALLOWED if within(name, room)), key=len)
    foreign = {
        imported
        for imported in imports(path)
        if imported.split(".")[0] not in STDLIB
        and not within(imported, room)
        and not any(within(imported, allowed) for allowed in ALLOWED[room])
    }
    assert not foreign, f"{name} may not import {sorted(foreign)} (see ARCHITECTURE.md)"


@pytest.mark.parametrize(
    "path", [p for p in modules() if within(dotted(p), "streams.domain")], ids=dotted
)
def test_the_domain_knows_no_clock_no_chance_and_no_surroundings(path: Path) -> None:
    assert not {i.split(".")[0] for i in imports(path)} & MUST_NOT_KNOW_TIME


def test_nothing_imports_the_local_room() -> None:
    users = [dotted(p) for p in modules() if any(within(i, "local") for i in imports(p))]
    assert users == []
