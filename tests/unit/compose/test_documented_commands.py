"""Commands in docs/operations.md and the runbooks are ones that exist."""

import re
import shlex
from collections.abc import Iterator

import pytest

from local.process import ROOT
from tenants.arguments import parser
from tests.support.compose import SERVICES

PAGES = [
    ROOT / "docs" / "operations.md",
    *sorted((ROOT / "docs" / "runbooks").glob("*.md")),
]
TEXTS = {page.stem: page.read_text() for page in PAGES}
_WITH_A_VALUE = {"--tail", "-e"}
_TAKES_SERVICES = {"build", "exec", "logs", "ps", "restart", "run", "up"}


def registry_commands() -> Iterator[list[str]]:
    """Every `tenants …` that stands in code."""
    for text in TEXTS.values():
        for found in re.findall(r"(?:`|tools )tenants ([^`#\n&]+)", text):
            yield shlex.split(found)


def named_services() -> Iterator[tuple[str, str]]:
    """Page and service of every command of Compose."""
    for page, text in TEXTS.items():
        for found in re.findall(r"docker compose (\w+)([^`\n|&;'>]*)", text):
            verb, rest = found
            words = iter(rest.split("#")[0].split())
            if verb not in _TAKES_SERVICES:
                continue
            for word in words:
                if word == "--scale":
                    yield page, next(words).partition("=")[0]
                elif word in _WITH_A_VALUE:
                    next(words)
                elif not word.startswith(("-", "$")):
                    yield page, word
                    if verb in ("run", "exec"):
                        break


@pytest.mark.parametrize("words", list(registry_commands()), ids=" ".join)
def test_a_command_of_the_registry_is_understood(words: list[str]) -> None:
    assert parser().parse_args(words).run


def test_commands_of_compose_name_services_that_are_there() -> None:
    named = {service for _, service in named_services()}
    assert named - set(SERVICES) == set()
    assert {"streams", "clickhouse", "sync", "tools"} <= named
