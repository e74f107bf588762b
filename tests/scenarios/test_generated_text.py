"""What the simulated PBX writes has the headers, their order and the classes of real recordings."""

import re
from collections import defaultdict
from functools import cache

import pytest

from local.pbx.call_centre import generate
from local.pbx.dialect import DIALECTS
from local.pbx.session import ALL_CLASSES
from tests.support.captures import scenarios
from tests.support.simulated_pbx import START_MS

Shape = tuple[str, ...]
# Told by configuration, not by the version.
OPTIONAL = {"Timestamp", "SystemName"}
# Asterisk leaves out a party's headers now and then; which of both is chance.
LACUNARY = {"AgentComplete"}


@cache
def recorded(version: str) -> dict[str, set[Shape]]:
    shapes: dict[str, set[Shape]] = defaultdict(set)
    for scenario in scenarios():
        if scenario.version.startswith(version + "."):
            for connection in scenario.connections:
                for chunk in connection.chunks:
                    note(shapes, chunk.data)
    return shapes


def note(shapes: dict[str, set[Shape]], data: bytes) -> None:
    for packet in data.decode(errors="replace").split("\r\n\r\n"):
        lines = packet.split("\r\n")
        name = re.match(r"Event: (\S+)", packet)
        if name is None or len(lines) == 1:
            continue
        headers = [line.partition(":")[0] for line in lines]
        privilege = lines[1] if lines[1].startswith("Privilege") else ""
        kept = (privilege, *(header for header in headers if header not in OPTIONAL))
        shapes[name[1]].add(kept)


@pytest.mark.parametrize("version", DIALECTS)
def test_every_event_has_the_headers_of_a_recorded_one(version: str) -> None:
    generated: dict[str, set[Shape]] = defaultdict(set)
    for _, data in generate(3, START_MS, 600, dialect=DIALECTS[version], classes=ALL_CLASSES):
        note(generated, data)
    real = recorded(version)

    strange = {
        name: shapes - real[name]
        for name, shapes in generated.items()
        if name in real and name not in LACUNARY and shapes - real[name]
    }
    assert strange == {}
    assert len(generated) > 25
    # Only what the version's recordings happen to lack is left unchecked.
    assert set(generated) - set(real) <= {"QueueMemberAdded", "QueueMemberRemoved", "QueueEntry"}
