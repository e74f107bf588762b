"""Worker processes over the embedded broker, to be started, killed and frozen; and their feed."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kafka import KafkaProducer

from ingest_api.contract.topics import PBX_EVENTS
from tests.integration.recorded_rows import Rows, written_rows
from tests.integration.shift_of_sites import SourceMessage

PARTITIONS = 2
_POLL_S = 0.1


class Workers:
    """Recording workers of one group; `rows` is what they write to."""

    def __init__(self, bootstrap: str, directory: Path, *options: str, **environment: str) -> None:
        """`options` are those of the recording worker, `environment` is added to its settings."""
        self.rows = directory / "rows.db"
        self._log = directory / "workers.log"
        self.options = list(options)
        self._environment = {
            **os.environ,
            "KAFKA_BOOTSTRAP": bootstrap,
            "CLICKHOUSE_URL": "http://127.0.0.1:1",
            "STREAMS_PARTITIONS": str(PARTITIONS),
            # A Kafka that nobody told otherwise allows no less than 6.
            "STREAMS_SESSION_TIMEOUT_S": "6" if "KAFKA_BOOTSTRAP" in os.environ else "3",
            **environment,
        }
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.integration.recording_worker", str(self.rows)]
        with self._log.open("ab") as log:
            worker = subprocess.Popen(
                [*command, *self.options],
                env=self._environment,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        self.running.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        worker.kill()
        worker.wait()
        self.running.remove(worker)

    def leave(self, worker: subprocess.Popen[bytes]) -> None:
        """End it in order."""
        worker.terminate()
        try:
            worker.wait(15)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
        self.running.remove(worker)

    def freeze(self, worker: subprocess.Popen[bytes], seconds: float) -> None:
        """Let it stand still, longer than its session lasts, and go on."""
        worker.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        worker.send_signal(signal.SIGCONT)

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def log_tail(self) -> str:
        return self.log()[-4_000:]

    def stop(self) -> None:
        for worker in list(self.running):
            worker.send_signal(signal.SIGCONT)
            self.kill(worker)

    def wait_for(self, expected: Rows, within_s: float) -> list[str]:
        """Wait until the rows are as expected; the keys that differ in the end."""
        deadline = time.monotonic() + within_s
        while True:
            rows = written_rows(self.rows)
            wrong = [key for key in expected | rows if rows.get(key) != expected.get(key)]
            if not wrong or time.monotonic() > deadline:
                return wrong
            time.sleep(_POLL_S)

    def wait_for_more(self, within_s: float) -> None:
        """Wait until something new is written."""
        before = self._written()
        deadline = time.monotonic() + within_s
        while self._written() == before and time.monotonic() < deadline:
            time.sleep(_POLL_S)

    def _written(self) -> int:
        wal = self.rows.with_name(self.rows.name + "-wal")
        return wal.stat().st_mtime_ns if wal.exists() else 0


@contextmanager
def workers(
    bootstrap: str, directory: Path, *options: str, **environment: str
) -> Iterator[Workers]:
    group = Workers(bootstrap, directory, *options, **environment)
    try:
        yield group
    finally:
        group.stop()


def feed(
    bootstrap: str, messages: Sequence[SourceMessage], seconds: float = 0.0
) -> threading.Thread:
    """Produce the messages in order, spread over `seconds`, in a thread that is returned."""

    def produce() -> None:
        producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=5)
        begin = time.monotonic()
        for number, message in enumerate(messages):
            producer.send(PBX_EVENTS, key=message.key, value=message.value)
            ahead = begin + seconds * number / len(messages) - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
        producer.flush()
        producer.close()

    thread = threading.Thread(target=produce)
    thread.start()
    return thread


def trouble(group: Workers, seed: int, until: threading.Thread, rounds: int) -> dict[str, int]:
    """Kill, freeze, join and leave at random until the feed has ended and `rounds` are done."""
    chance = random.Random(seed)
    done = {"kills": 0, "freezes": 0, "joins": 0, "leaves": 0}
    number = 0
    while until.is_alive() or number < rounds:
        number += 1
        while len(group.running) < 2:
            if len(group.running) == 0 or chance.random() < 0.7:
                group.start()
                done["joins"] += 1
            else:
                break
        group.wait_for_more(12)
        time.sleep(chance.uniform(0, 1.5))
        worker = chance.choice(group.running)
        what = chance.random()
        if what < 0.6:
            group.kill(worker)
            done["kills"] += 1
        elif what < 0.8:
            group.leave(worker)
            done["leaves"] += 1
        else:
            group.freeze(worker, 4.5)
            done["freezes"] += 1
    return done
