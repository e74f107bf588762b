"""The collector as it is shipped: the one file, as a process of its own, on the floor Python."""

import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.packaging.build import build
from tests.support.collector_process import collector_environment
from tests.support.fake_ami import FakeAmi, packet
from tests.support.fake_ingest import FakeIngest, Planned, fake_ingest

pytestmark = pytest.mark.system

CALLS_PER_KILL = 40
KILLS = 5
DISK_BYTES = 512 * 1024
MORE_THAN_FITS = 10_000


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    target = str(tmp_path_factory.mktemp("dist") / "collector.pyz")
    build(target)
    return target


@pytest.fixture
def ami() -> Iterator[FakeAmi]:
    with FakeAmi() as running:
        yield running


@pytest.fixture
def ingest() -> Iterator[FakeIngest]:
    with fake_ingest() as running:
        yield running


@pytest.fixture
def environment(ami: FakeAmi, ingest: FakeIngest, tmp_path: Path) -> dict[str, str]:
    return collector_environment(ami, ingest, tmp_path)


def floor_python() -> str | None:
    """A Python 3.6 of this machine, if there is one that starts."""
    candidates = [str(path) for path in Path.home().glob(".pyenv/versions/3.6.*/bin/python")]
    on_path = shutil.which("python3.6")
    for candidate in [*candidates, *([on_path] if on_path else [])]:
        # pyenv puts a python3.6 on the path that does not start.
        tried = subprocess.run(
            [candidate, "--version"], capture_output=True, text=True, check=False
        )
        if tried.returncode == 0 and "3.6." in tried.stdout:
            return candidate
    return None


def pythons() -> list[str]:
    """The Pythons to run on: this one, and the floor."""
    return [sys.executable, floor_python() or "3.6"]


def hangup(number: int) -> bytes:
    return packet("Event: Hangup", "Privilege: call,all", f"Uniqueid: 1773147600.{number}")


@pytest.fixture(params=pythons(), ids=lambda python: Path(python).parent.parent.name)
def python(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    if not Path(chosen).is_absolute():
        pytest.skip("NO PYTHON 3.6 HERE: the floor that customers' machines have is not tested")
    return chosen


def test_it_runs_and_stops_when_told(
    python: str, program: str, environment: dict[str, str], ami: FakeAmi, ingest: FakeIngest
) -> None:
    with subprocess.Popen([python, program, "run"], env=environment) as process:
        ami.wait_for("QueueStatus")
        ami.send(hangup(1))
        ingest.wait_for_event("Hangup")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert [event["sequence"] for event in ingest.events] == list(range(1, len(ingest.events) + 1))


def test_check_says_that_all_is_well(
    python: str, program: str, environment: dict[str, str], ami: FakeAmi
) -> None:
    ami.queue_items = [["Event: QueueParams", "Queue: support"]]
    command = [python, program, "check", "--listen", "0"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
    assert "AMI lets the user 'collector' in." in result.stdout


def test_second_collector_on_the_same_spool_is_told_so(
    program: str, environment: dict[str, str], ami: FakeAmi
) -> None:
    command = [sys.executable, program, "run"]
    with subprocess.Popen(command, env=environment) as first:
        ami.wait_for("QueueStatus")
        second = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=30
        )
        first.terminate()
        assert first.wait(60) == 0
    assert second.returncode == 1
    assert "another collector uses the spool" in second.stderr


def test_killed_again_and_again_it_loses_nothing_that_it_had_on_disk(
    program: str, environment: dict[str, str], ami: FakeAmi, ingest: FakeIngest
) -> None:
    for kill in range(KILLS):
        with subprocess.Popen([sys.executable, program, "run"], env=environment) as process:
            ami.wait_for("QueueStatus")
            first = kill * CALLS_PER_KILL
            for number in range(first, first + CALLS_PER_KILL):
                ami.send(hangup(number))
            # The last one is on disk once it has come; what follows dies with the process or not.
            ingest.wait_for(lambda events, last=number: _has(events, last))  # type: ignore[misc]
            ami.send(hangup(1_000_000 + kill))
            process.kill()
    by_sequence: dict[int, set[str]] = {}
    for event in ingest.events:
        by_sequence.setdefault(event["sequence"], set()).add(str(event))
    assert sorted(by_sequence) == list(range(1, max(by_sequence) + 1))
    assert all(len(same) == 1 for same in by_sequence.values())
    for number in range(KILLS * CALLS_PER_KILL):
        assert _has(ingest.events, number)


def test_on_a_full_disk_it_lives_and_goes_on_when_there_is_room(
    program: str, environment: dict[str, str], ami: FakeAmi, ingest: FakeIngest
) -> None:
    ingest.refuses = lambda _batch: Planned(503, {"Retry-After": "0"})
    command = [sys.executable, program, "run"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        ami.wait_for("QueueStatus")
        # No file can grow beyond this: writes fail as on a full disk.
        _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (DISK_BYTES, most))
        for first in range(0, MORE_THAN_FITS, 100):
            ami.send(b"".join(map(hangup, range(first, first + 100))))
        assert process.stderr is not None
        assert any("spool_not_written" in line for line in process.stderr)
        # What is on disk is delivered all the same.
        ingest.refuses = lambda _batch: None
        ingest.wait_for(lambda events: _has(events, 0))
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
        ingest.wait_for(lambda events: _has(events[-500:], MORE_THAN_FITS - 1))
        process.terminate()
        process.stderr.read()
        assert process.wait(60) == 0
    covered: list[int] = []
    for event in ingest.events:
        first = int(event["fields"]["from"]) if event["name"] == "gap" else event["sequence"]
        covered.extend(range(first, event["sequence"] + 1))
    assert list(dict.fromkeys(covered)) == list(range(1, ingest.events[-1]["sequence"] + 1))


def _has(events: list[dict[str, object]], number: int) -> bool:
    uniqueid = f"1773147600.{number}"
    return any(
        event["name"] == "Hangup" and event["fields"] == {"Uniqueid": uniqueid} for event in events
    )
