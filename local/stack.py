"""A running pipeline: its parts, where they are, and how they are looked after and ended."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.addresses import ask_json
from local.grafana import Person
from local.process import Child
from local.restarts import Death, Restarts
from local.usage import UsageMeter
from tenants.config import GrafanaAccess

TENANT = "demo"
CHAT_WORKER = "worker chats"
NEIGHBOUR = "neighbour"
"""The second customer: one small site with the same queues, agents and extensions."""

MOST_WORKERS = 4
"""As many as there are partitions."""

# Collectors first, so that nothing is half delivered; what others write to goes last.
_STOP_ORDER = (
    "grafana",
    "prometheus",
    "collector",
    "pbx",
    "whatsapp",
    "poller",
    "ingest",
    "worker",
    "clickhouse",
    "broker",
)
_PBX_GONE = "what happened in the simulated call centres, and the truth of it, is gone with them"
_IRREPLACEABLE = {"pbx": _PBX_GONE, "whatsapp": _PBX_GONE, f"pbx {NEIGHBOUR}": _PBX_GONE}


@dataclass(frozen=True)
class StackPlan:
    """What to start. An empty address means: a part of our own."""

    state: Path
    sites: int = 1
    workers: int = 1
    seed: int = 3
    speed: float = 1.0
    duration_s: float | None = None
    asterisk: str = "18"
    kafka_bootstrap: str = ""
    clickhouse_url: str = ""


@dataclass
class RunningTenant:
    """A customer of a running pipeline.

    `reader_url` sees its rows alone, `truth_url` tells what truly happened at its sites, of which
    `ami_ports` has one each, and `chat_url` the same of its chat account; empty if it has none.
    """

    reader_url: str = ""
    truth_url: str = ""
    chat_url: str = ""
    ami_ports: dict[str, int] = field(default_factory=dict)

    @property
    def sites(self) -> list[str]:
        """Their names, in order."""
        return sorted(self.ami_ports)

    def ask_truth(self, what: str) -> Any:
        """What truly happened, `truth` or `totals`, of sites and chats. Raises OSError."""
        told = ask_json(f"{self.truth_url}/{what}")
        if self.chat_url:
            told["sites"] += ask_json(f"{self.chat_url}/{what}")["sites"]
        return told


@dataclass
class Stack:
    """A running pipeline. `clickhouse_url` is the admin's, `readers_file` that of the embedded one.

    `worker_metrics_urls` are by the worker's name as a child.

    `grafana` is None if there is none; `people` may log in there.

    A child's name is its kind, and where there may be several a word more: `collector pbx-01`.
    `on_start` holds what is to be done when a child has been started again.
    """

    kafka_bootstrap: str = ""
    clickhouse_url: str = ""
    readers_file: Path | None = None
    ingest_url: str = ""
    worker_metrics_urls: dict[str, str] = field(default_factory=dict)
    tenants: dict[str, RunningTenant] = field(
        default_factory=lambda: {TENANT: RunningTenant(), NEIGHBOUR: RunningTenant()}
    )
    grafana: GrafanaAccess | None = None
    people: list[Person] = field(default_factory=list)
    children: dict[str, Child] = field(default_factory=dict)
    on_start: dict[str, Callable[[], None]] = field(default_factory=dict)
    meter: UsageMeter = field(default_factory=UsageMeter)

    def __post_init__(self) -> None:
        """Looks after the children from the first `look` on."""
        self._restarts = Restarts(self.children, _IRREPLACEABLE, self.on_start)

    def check(self) -> None:
        """Raises ChildFailedError if a child has ended."""
        for child in self.children.values():
            child.check()

    def look(self) -> list[Death]:
        """Start again what has died and note what each uses; what has died since the last look.

        Call it often. Raises ChildFailedError if a child cannot come back.
        """
        self.meter.look(self.children.values())
        return self._restarts.look()

    def stop(self) -> None:
        """Ends every child, each kind before what it writes to."""
        for kind in _STOP_ORDER:
            for name, child in self.children.items():
                if name.split(" ")[0] == kind:
                    child.stop()
