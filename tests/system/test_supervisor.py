"""`python -m local demo` while its parts are killed: they come back, and nothing untrue is told."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[2]
# A moment for each to have been at work again before the next one goes.
KILL_EVERY_S = 4.0
WITHIN_S = 200
PARTS = {
    "collector pbx-01": b"collectors/demo/pbx-01/collector.ini",
    "ingest": b"ingest_api\0serve",
    "worker": b"streams\0worker\0",
    "worker chats": b"streams\0worker\0--chats\0",
    "clickhouse": b"local.clickhouse",
}


def test_each_part_is_killed_once_and_every_call_is_right_or_tells_that_it_was_not_seen() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "local", "demo", "--json", "--speed=20", "--duration=20"],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k not in ("KAFKA_BOOTSTRAP", "CLICKHOUSE_URL")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        for command in PARTS.values():
            time.sleep(KILL_EVERY_S)
            os.kill(child_of(process.pid, command), signal.SIGKILL)
        out, err = process.communicate(timeout=WITHIN_S)
    comparison = json.loads(out)
    deaths = {row["part"]: row["deaths"] for row in comparison["parts"] if row["deaths"]}

    assert comparison["differences"] == []
    assert comparison["offered"] > 20
    assert process.returncode == 0
    assert deaths == dict.fromkeys(PARTS, 1)
    assert [line.split("  ", 1)[1] for line in err.splitlines()] == [
        f"{part} was ended by SIGKILL; it is started again in 0.5 s" for part in PARTS
    ]


def child_of(pid: int, command: bytes) -> int:
    """The child whose command line holds these words; if they end with a null, ends with them."""
    lines = {
        int(child): Path(f"/proc/{child}/cmdline").read_bytes()
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    }
    (found,) = [
        child
        for child, line in lines.items()
        if (line.endswith(command) if command.endswith(b"\0") else command in line)
    ]
    return found
