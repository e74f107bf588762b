"""What the collector costs the PBX: memory and processor time under a steady stream of events."""

import os
import sys
import time
from pathlib import Path

import pytest

from agent.packaging.build import build
from tests.support.captures import scenario
from tests.support.fake_ami import SECRET, USER, FakeAmi
from tests.support.fake_ingest import TOKEN, fake_ingest

pytestmark = pytest.mark.system

EVENTS_PER_S = 100
SECONDS = 6
MAX_MEMORY_KB = 30 * 1024
# The aim is 2 % of an idle core; a machine busy with other tests shows a multiple.
MAX_PROCESSOR_SHARE = 0.08


def test_hundred_events_a_second_cost_little(tmp_path: Path) -> None:
    program = str(tmp_path / "collector.pyz")
    build(program)
    recorded = scenario("22.10.1/shift_20261").read("capture.ami").split(b"\r\n\r\n")
    packets = [
        packet + b"\r\n\r\n"
        for packet in recorded
        if packet.startswith(b"Event: ") and b"ActionID" not in packet
    ]
    with FakeAmi() as ami, fake_ingest() as ingest:
        settings = {
            "SITE_NAME": "pbx-01",
            "AMI_PORT": str(ami.port),
            "AMI_USER": USER,
            "AMI_SECRET": SECRET,
            "INGEST_URL": ingest.url,
            "INGEST_TOKEN": TOKEN,
            "PRIVACY_KEY": "made-up tenant key",
            "SPOOL_PATH": str(tmp_path / "spool.db"),
        }
        environment = {f"COLLECTOR_{name}": value for name, value in settings.items()}
        process = os.posix_spawn(sys.executable, [sys.executable, program, "run"], environment)
        try:
            ami.wait_for("CoreShowChannels")
            ingest.wait_for_event("end", 2)
            before_s, began_s = processor_s(process), time.monotonic()
            for number in range(EVENTS_PER_S * SECONDS):
                # The pace is what is tested.
                time.sleep(max(0.0, began_s + number / EVENTS_PER_S - time.monotonic()))
                ami.send(packets[number])
            share = (processor_s(process) - before_s) / (time.monotonic() - began_s)
            memory_kb = peak_memory_kb(process)
        finally:
            os.kill(process, 15)
            os.waitpid(process, 0)
    assert memory_kb <= MAX_MEMORY_KB
    assert share <= MAX_PROCESSOR_SHARE


def processor_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_memory_kb(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1])
