"""docker-compose.yml and the files of deploy/, as they are written."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element
from xml.etree.ElementTree import parse as parse_xml

import yaml

from local.process import ROOT

COMPOSE_FILE = ROOT / "docker-compose.yml"
DEPLOY = ROOT / "deploy"
JOBS = ("topics", "migrate", "sync", "tools")
WORKERS = ("streams", "chats")
PROGRAMS = ("ingest", *WORKERS, *JOBS)

COMPOSE: Mapping[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text())
SERVICES: Mapping[str, Any] = COMPOSE["services"]
VARIABLE = re.compile(r"\$\{(\w+)([^}]*)\}")


class Mount(NamedTuple):
    """A volume of a service; `source` is a path if it begins with a dot."""

    service: str
    source: str
    target: str


def mounts() -> Iterator[Mount]:
    """All volumes of all services."""
    for name, service in SERVICES.items():
        for text in service.get("volumes", ()):
            source, target = text.split(":")[:2]
            yield Mount(name, source, target)


def environment(service: str, values: Mapping[str, str]) -> dict[str, str]:
    """A service's environment, its variables replaced by `values`."""
    return {
        name: VARIABLE.sub(lambda found: values[found.group(1)], str(text))
        for name, text in SERVICES[service].get("environment", {}).items()
    }


def made_up_values() -> dict[str, str]:
    """A value for each variable that Compose asks for; no two are the same."""
    names = sorted({found.group(1) for found in VARIABLE.finditer(COMPOSE_FILE.read_text())})
    hosts = {name: f"{name.partition('_')[0].lower()}.example.com" for name in names}
    return {
        name: hosts[name] if name.endswith("_HOST") else f"{number:02}d7e1f9a8b3c4e5f60718"
        for number, name in enumerate(names)
    } | {"TLS": "internal", "VERSION": "0.1.0"}


def dockerfile() -> list[list[str]]:
    """The instructions of the Dockerfile, each as its words; a JSON list is one word."""
    text = re.sub(r"\\\n", " ", (DEPLOY / "Dockerfile").read_text())
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]


def stage(target: str) -> dict[str, list[str]]:
    """What the last stage of this name runs: CMD, ENTRYPOINT and HEALTHCHECK as lists of words."""
    found: dict[str, list[str]] = {}
    is_ours = False
    for words in dockerfile():
        if words[0] == "FROM":
            is_ours = words[-1] == target
        elif is_ours and words[0] in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
            line = " ".join(words)
            found[words[0]] = json.loads(line[line.index("[") :])
    return found


def clickhouse_xml(name: str) -> Element:
    """The root of a file of deploy/clickhouse."""
    return parse_xml(DEPLOY / "clickhouse" / name).getroot()


def kafka_properties(path: Path = DEPLOY / "kafka" / "server.properties") -> dict[str, str]:
    """The settings of the broker."""
    lines = (line for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)
