"""The simulated PBXs of a run, in one process that is never killed: they are the world outside."""

import re
import secrets
import sys
from typing import Any

from local.addresses import ask_json
from local.process import Child
from tests.chaos.plan import Plan

_UP_WITHIN_S = 60.0


class Pbxs:
    """AMI servers with their truth."""

    def __init__(self, plan: Plan) -> None:
        """Starts them. Each opens when its collector has logged in."""
        self.secret = secrets.token_urlsafe(16)
        self._log = plan.directory / "pbxs.log"
        command = [
            *(sys.executable, "-m", "local", "pbx", "--port=0", "--truth-port=0"),
            *(f"--seed={plan.seed}", f"--speed={plan.speed}", f"--duration={plan.open_s}"),
            f"--sites={len(plan.live)}",
        ]
        self.child = Child("PBXs", command, self._log, {"PBX_SECRET": self.secret})
        self.child.wait_until(lambda: "truth on" in self._said(), _UP_WITHIN_S)
        self.child.wait_until(lambda: len(self.ports()) == len(plan.live), _UP_WITHIN_S)

    def ports(self) -> dict[str, int]:
        """Site → port of its AMI."""
        found = re.findall(r"^(pbx-\d+) AMI on \S+:(\d+)$", self._said(), re.MULTILINE)
        return {site: int(port) for site, port in found}

    def truth(self) -> Any:
        """What really happened, of every site. Raises OSError if they do not answer."""
        return ask_json(f"{self._truth_url()}/truth")

    def are_over(self) -> bool:
        """Whether every call of every site is over."""
        totals = ask_json(f"{self._truth_url()}/totals")
        return all(site["is_over"] for site in totals["sites"])

    def _truth_url(self) -> str:
        found = re.search(r"^truth on (\S+)$", self._said(), re.MULTILINE)
        assert found is not None
        return found[1]

    def _said(self) -> str:
        return self._log.read_text()


def last_end_ms(truth: Any) -> int:
    """When the last queue call was over, its wrap-up included; milliseconds since the epoch."""
    ends: list[int] = [
        (call["ended_at"] or 0) + call["wrap_up_ms"]
        for site in truth["sites"]
        for call in site["calls"]
    ]
    return max(ends)
