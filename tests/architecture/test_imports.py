"""Who may import whom: the arrows of ARCHITECTURE.md, read off the code."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STDLIB = sys.stdlib_module_names

# Longest matching room decides. What is listed may be imported, besides the standard library and
# the room itself.
ALLOWED: dict[str, set[str]] = {
    "agent": set(),
    "ingest_api.contract": {"pydantic", "msgspec"},
    # Each platform in a folder; what they share is beside the folders.
    "connectors": {"ingest_api.contract", "streams.domain.chat_events", "httpx", "msgspec"},
    "ingest_api": {
        "connectors.door",
        "connectors.doors",
        "connectors.json_text",
        "connectors.poller",
        "connectors.pollers",
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
    # The only part of ingest that knows of ClickHouse, and it only reads there.
    "ingest_api.token_source": {
        "ingest_api.contract",
        "ingest_api.errors",
        "clickhouse_connect",
        "pydantic",
    },
    # Of the boards only what organisations get by the API: no SDK.
    "tenants": {
        "grafana.alert_rules",
        "grafana.alerting",
        "grafana.data_source",
        "grafana.language",
        "connectors.channels",
        "ingest_api.contract",
        "clickhouse_connect",
        "httpx",
    },
    "grafana.alert_rules": {"grafana.language"},
    "grafana.alerting": {"grafana.alert_rules", "grafana.data_source", "grafana.language"},
    "grafana.data_source": set(),
    "grafana.language": set(),
    "grafana": {"grafana_foundation_sdk", "yaml"},
    # Python 3.14 has the second in its own library.
    "streams.domain": {"msgspec", "backports"},
    "streams.interpreter": {"ingest_api.contract", "streams.domain"},
    "streams.interpreter.chats": {
        "connectors.meaning",
        "connectors.meanings",
        "ingest_api.contract",
    },
    "streams.site_batches": {"ingest_api.contract", "streams.domain", "streams.interpreter"},
    "streams.storage": {"streams.domain", "clickhouse_connect", "msgspec"},
    # Of storage only the port, what goes through it and how it fails: no ClickHouse.
    "streams.processors": {
        "ingest_api.contract",
        "streams.domain",
        "streams.errors",
        "streams.interpreter.chats",
        "streams.metrics",
        "streams.names",
        "streams.site_batches",
        "streams.storage.errors",
        "streams.storage.rows",
        "streams.storage.writer",
        "aiokafka",
        "faust",
        "mode",
        "msgspec",
        "structlog",
    },
    "streams.rebuild": {
        "ingest_api.contract",
        "streams.config",
        "streams.domain",
        "streams.errors",
        "streams.interpreter",
        "streams.processors.dead_letters",
        "streams.processors.ports",
        "streams.site_batches",
        "streams.storage",
        "clickhouse_connect",
        "msgspec",
    },
    "streams.errors": set(),
    "streams.names": set(),
    "streams.metrics": {"prometheus_client"},
    "streams": {
        "ingest_api.contract",
        "streams",
        "clickhouse_connect",
        "faust",
        "kafka",
        "msgspec",
        "prometheus_client",
        "structlog",
    },
}

# All that the domain needs of the standard library: no clock, no chance, no surroundings.
PURE_STDLIB = {"bisect", "collections", "typing"}
IMPURE_CALLS = {"__import__", "breakpoint", "eval", "exec", "input", "open", "print"}


@functools.cache
def modules() -> list[Path]:
    rooms = ("agent", "connectors", "grafana", "ingest_api", "streams", "tenants")
    return [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]


@functools.cache
def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def imports(path: Path) -> set[str]:
    """The modules that a file imports; of `from package import module` the module."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            found |= {
                f"{node.module}.{alias.name}" if is_module(node.module, alias.name) else node.module
                for alias in node.names
            }
    return found


@functools.cache
def is_module(package: str, name: str) -> bool:
    inside = ROOT.joinpath(*package.split("."), name)
    return inside.is_dir() or inside.with_suffix(".py").is_file()


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(room + ".")


def room_of(name: str) -> str:
    return max((room for room in ALLOWED if within(name, room)), key=len)


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    foreign = {
        dotted(path): outside
        for path in modules()
        if room_of(dotted(path)) == room
        and (
            outside := [
                imported
                for imported in sorted(imports(path))
                if imported.split(".")[0] not in STDLIB
                and not within(imported, room)
                and not any(within(imported, allowed) for allowed in ALLOWED[room])
            ]
        )
    }
    assert foreign == {}, "these may not be imported there (see ARCHITECTURE.md)"


def test_every_module_has_a_room() -> None:
    assert {room_of(dotted(path)) for path in modules()} == set(ALLOWED)


DOMAIN = [path for path in modules() if within(dotted(path), "streams.domain")]


def test_the_domain_knows_no_clock_no_chance_and_no_surroundings() -> None:
    of_stdlib = {name.split(".")[0] for path in DOMAIN for name in imports(path)} & STDLIB
    assert of_stdlib <= PURE_STDLIB


def test_the_domain_opens_prints_and_asks_nothing() -> None:
    called = {
        (dotted(path), node.func.id)
        for path in DOMAIN
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert {(name, function) for name, function in called if function in IMPURE_CALLS} == set()


def test_nothing_imports_the_local_room() -> None:
    users = [dotted(p) for p in modules() if any(within(i, "local") for i in imports(p))]
    assert users == []


def test_no_room_but_local_imports_the_registrys() -> None:
    others = [path for path in modules() if not within(dotted(path), "tenants")]
    users = [dotted(p) for p in others if any(within(i, "tenants") for i in imports(p))]
    assert users == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("ingest_api.webhooks", "ingest_api.polling"), ("ingest_api.polling", "ingest_api.webhooks")],
)
def test_what_is_posted_and_what_is_asked_for_share_what_lies_beside_both(
    one: str, other: str
) -> None:
    files = [path for path in modules() if within(dotted(path), one)]
    users = [dotted(p) for p in files if any(within(i, other) for i in imports(p))]
    assert files
    assert users == []


PLATFORMS = sorted(path.parent.name for path in (ROOT / "connectors").glob("*/__init__.py"))
REGISTRATIONS = {f"connectors.{name}" for name in ("doors", "meanings", "channels", "pollers")}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_platform_is_known_in_its_folder_and_where_it_is_registered(platform: str) -> None:
    """Adding one touches a folder, and a line in each of `REGISTRATIONS` that it has a part in."""
    folder = f"connectors.{platform}"
    users = {
        dotted(path)
        for path in modules()
        if not within(dotted(path), folder) and any(within(i, folder) for i in imports(path))
    }
    assert users <= REGISTRATIONS
    named = [
        dotted(path)
        for path in modules()
        if path.is_relative_to(ROOT / "streams") and platform in path.read_text().casefold()
    ]
    assert named == []


def test_the_door_of_webhooks_loads_nothing_of_the_streams() -> None:
    """Neither does it need what only those who ask or conclude need."""
    program = (
        "import sys; import connectors.doors; "
        "sys.exit(any(m.split('.')[0] in ('streams', 'httpx') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
