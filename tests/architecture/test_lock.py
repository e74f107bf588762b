"""The locked packages are what pyproject.toml asks for."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", re.MULTILINE)


def direct() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"].values()
    listed = [*PROJECT["dependencies"], *(text for extra in extras for text in extra)]
    return [Requirement(text) for text in listed]


def pins() -> dict[str, str]:
    found = PIN.findall((ROOT / "requirements.lock").read_text())
    assert len(found) == len({name for name, _ in found}), "a package is pinned twice"
    return {canonicalize_name(name): version for name, version in found}


@pytest.mark.parametrize("wanted", direct(), ids=lambda wanted: wanted.name)
def test_every_dependency_is_bounded_and_locked_to_a_version_that_fits(wanted: Requirement) -> None:
    assert wanted.specifier, f"{wanted.name} has no lower bound in pyproject.toml"
    locked = pins().get(canonicalize_name(wanted.name))
    assert locked is not None, f"{wanted.name} is not locked: make lock"
    assert wanted.specifier.contains(locked, prereleases=True), f"{wanted} but {locked}: make lock"
