"""The collector as it is shipped, a process of its own between a fake PBX and a fake ingest."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.support.captures import scenario
from tests.support.fake_ami import SECRET, USER, FakeAmi
from tests.support.fake_ingest import TOKEN, FakeIngest

_RECORDING = "22.10.1/shift_20261"
_NEW_FILE = os.O_WRONLY | os.O_CREAT
_TICKS = os.sysconf("SC_CLK_TCK")


class RunningCollector(NamedTuple):
    """A collector that runs."""

    pid: int

    def cpu_s(self) -> float:
        """Processor time of all its threads since its start, seconds."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def peak_memory_kb(self) -> int:
        """The most it has held resident so far, KiB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1])


def collector_environment(ami: FakeAmi, ingest: FakeIngest, directory: Path) -> dict[str, str]:
    """Its settings; the spool and whatever else it opens is in the directory."""
    settings = {
        "SITE_NAME": "pbx-01",
        "AMI_PORT": str(ami.port),
        "AMI_USER": USER,
        "AMI_SECRET": SECRET,
        "INGEST_URL": ingest.url,
        "INGEST_TOKEN": TOKEN,
        "PRIVACY_KEY": "made-up tenant key",
        "SPOOL_PATH": str(directory / "spool.db"),
        "QUEUE_LOG_PATH": str(directory / "queue_log"),
        "QUEUES_PATH": str(directory / "queues.conf"),
    }
    return {f"COLLECTOR_{name}": value for name, value in settings.items()}


@contextmanager
def running_collector(
    program: str, ami: FakeAmi, ingest: FakeIngest, directory: Path
) -> Iterator[RunningCollector]:
    """Started from the one file `program`, and connected to both when the block begins."""
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, program, "run"],
        collector_environment(ami, ingest, directory),
        file_actions=[(os.POSIX_SPAWN_OPEN, 2, directory / "collector.err", _NEW_FILE, 0o600)],
    )
    try:
        ami.wait_for("CoreShowChannels")
        ingest.wait_for_event("end", 2)
        yield RunningCollector(pid)
    finally:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


def recorded_packets() -> list[bytes]:
    """The events of a recorded shift, as Asterisk sent them."""
    packets = scenario(_RECORDING).read("capture.ami").split(b"\r\n\r\n")
    return [
        packet + b"\r\n\r\n"
        for packet in packets
        if packet.startswith(b"Event: ") and b"ActionID" not in packet
    ]
