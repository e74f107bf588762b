"""How much memory and processor time the children of a local run take, from Linux's /proc."""

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from local.process import Child

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_KIB = 1024


class Usage(NamedTuple):
    """Of one process up to now: resident memory now and at its highest, processor time."""

    rss_mib: float
    peak_rss_mib: float
    cpu_s: float


def usage_of(pid: int) -> Usage | None:
    """Of a running process; None where there is no /proc, or no such process any more."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        # The command's name, in brackets, may hold spaces.
        times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    sizes = dict(line.split(":", 1) for line in status.splitlines())
    if "VmRSS" not in sizes:
        return None  # it has ended, and its parent has not heard of it yet
    return Usage(
        int(sizes["VmRSS"].split()[0]) / _KIB,
        int(sizes["VmHWM"].split()[0]) / _KIB,
        (int(times[11]) + int(times[12])) / _TICKS_PER_S,
    )


class UsageMeter:
    """Keeps what children used, also of those that ended; as of the last look at them."""

    def __init__(self) -> None:
        """Nothing was looked at yet."""
        self._latest: dict[tuple[str, int], Usage] = {}

    def look(self, children: Iterable[Child]) -> None:
        """Note what each uses now."""
        for child in children:
            usage = usage_of(child.pid)
            if usage is not None:
                self._latest[child.name, child.pid] = usage

    def total(self) -> dict[str, Usage]:
        """Per name over all its processes: memory of the last, the highest peak, summed time."""
        lives: defaultdict[str, list[Usage]] = defaultdict(list)
        for (name, _), usage in self._latest.items():
            lives[name].append(usage)
        return {
            name: Usage(
                usages[-1].rss_mib,
                max(usage.peak_rss_mib for usage in usages),
                sum(usage.cpu_s for usage in usages),
            )
            for name, usages in lives.items()
        }
