"""`python -m local demo`: the whole stack comes up, counts right, and goes without a trace."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.support.clickhouse_server import ask

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

ROOT = Path(__file__).parents[2]
UP_WITHIN_S = 60


def demo(*arguments: str) -> subprocess.Popen[str]:
    environment = {
        k: v for k, v in os.environ.items() if k not in ("KAFKA_BOOTSTRAP", "CLICKHOUSE_URL")
    }
    return subprocess.Popen(
        [sys.executable, "-m", "local", "demo", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def assert_kept_apart(addresses: dict[str, Any]) -> None:
    """Both customers have rows of a site of the same name, and each reader sees its own alone."""
    statement = (
        "SELECT arrayStringConcat(arraySort(groupUniqArray(concat(tenant_id, ' ', site))), ', ')"
        " FROM callcentre.v_site_status"
    )
    neighbour = addresses["neighbour"]
    seen = {
        url: ask(url, statement)[1].strip()
        for url in (
            addresses["clickhouse"],
            addresses["clickhouse_reader"],
            neighbour["clickhouse_reader"],
        )
    }
    assert list(seen.values()) == [
        "demo pbx-01, neighbour pbx-01",
        "demo pbx-01",
        "neighbour pbx-01",
    ]
    settings = "SELECT count() FROM callcentre.v_queue_settings WHERE answer_limit_s = 15"
    assert ask(addresses["clickhouse_reader"], settings)[1] == "1\n"


def test_a_short_day_at_two_sites_is_counted_as_it_was() -> None:
    process = demo("--sites=2", "--speed=10", "--duration=20", "--json")
    out, err = process.communicate(timeout=150)
    addresses, comparison = map(json.loads, out.splitlines())

    assert err == ""
    assert addresses["sites"] == ["pbx-01", "pbx-02"]
    assert comparison["differences"] == []
    assert comparison["offered"] > 10
    assert process.returncode == 0


def test_ctrl_c_leaves_nothing_behind() -> None:
    process = demo("--no-wallboard", "--json")
    assert process.stdout is not None
    addresses = json.loads(process.stdout.readline())
    children = children_of(process.pid)
    assert_kept_apart(addresses)
    with urllib.request.urlopen(f"{addresses['ingest']}/readyz", timeout=60) as answer:
        assert json.load(answer)["ready"] is True

    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=UP_WITHIN_S)

    assert process.returncode == 0
    assert err == ""
    # Broker, ClickHouse, ingest, its polling, streams of calls and of chats, WhatsApp; of each
    # customer a PBX and a collector.
    assert len(children) == 11
    assert [pid for pid in children if is_alive(pid)] == []


def test_the_end_of_the_simulated_pbx_is_shown_and_ends_the_demo() -> None:
    process = demo("--no-wallboard", "--json")
    assert process.stdout is not None
    process.stdout.readline()
    children = children_of(process.pid)
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children}
    (pbx,) = [
        pid for pid, line in commands.items() if b"local\0pbx" in line and b"truth-demo" in line
    ]

    os.kill(pbx, signal.SIGKILL)
    _, err = process.communicate(timeout=UP_WITHIN_S)

    assert process.returncode == 1
    assert "pbx ended with exit code -9: what happened in the simulated call centres" in err
    assert "pbx.log" in err
    assert [pid for pid in children if is_alive(pid)] == []
