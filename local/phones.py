"""The demo's telephones: a simulated PBX program for each customer, and a collector for each PBX.

The neighbour's is small: one site, in the small hours, when few people call.
"""

import re
import secrets
from collections.abc import Callable, Iterator
from functools import partial

from local.collector_settings import CollectorSettings, write_settings
from local.pbx.dialect import DIALECTS
from local.pbx.plan import default_plan
from local.process import Child
from local.registration import Registered
from local.stack import NEIGHBOUR, TENANT, Stack, StackPlan

AMI_USER = "collector"

_BUSY_HOUR = 10
_QUIET_HOUR = 3
_UP_WITHIN_S = 60.0

Run = Callable[[str, list[str], dict[str, str]], Child]
"""Starts a child of the stack: its name, its module with arguments, what it is told."""


class PhoneParts:
    """The parts of all customers, in the order in which they can be started."""

    def __init__(self, plan: StackPlan, stack: Stack, run: Run) -> None:
        """Nothing is started yet."""
        self._plan = plan
        self._stack = stack
        self._run = run
        self._ami_secret = secrets.token_urlsafe(16)
        self._sites = {TENANT: plan.sites, NEIGHBOUR: 1}

    def start(self) -> None:
        """The PBXs; they play from their collector's login on."""
        self._start_pbx(TENANT, self._plan.seed, _BUSY_HOUR)
        self._start_pbx(NEIGHBOUR, self._plan.seed + 1, _QUIET_HOUR)

    def await_up(self) -> Iterator[tuple[str, str]]:
        """Each site when it is up, with where it is; the stack knows it from then on."""
        for tenant, running in self._stack.tenants.items():
            child = self._stack.children[_named("pbx", tenant)]
            sites = self._sites[tenant]
            # The truth has an address beside those of the sites.
            child.wait_until(partial(_are_announced, child, sites + 1), _UP_WITHIN_S)
            addresses = _addresses(child)
            running.truth_url = f"http://{addresses.pop('truth')}"
            running.ami_ports = {site: int(at.rpartition(":")[2]) for site, at in addresses.items()}
            for site in running.sites:
                where = f"AMI on {addresses[site]} (simulated, speed {self._plan.speed:g})"
                yield _named(site, tenant), where

    def start_collectors(self, tenant: str, registered: Registered) -> None:
        """One for each site of the customer, with the settings that `tenants add` has shown."""
        running = self._stack.tenants[tenant]
        folder = self._plan.state.absolute() / "collectors" / tenant
        for site in running.sites:
            settings = CollectorSettings(
                site,
                folder / site,
                running.ami_ports[site],
                AMI_USER,
                self._ami_secret,
                self._stack.ingest_url,
                registered.tokens[site],
                registered.privacy_key,
            )
            path = write_settings(settings)
            name = f"collector {_named(site, tenant)}"
            self._run(name, ["agent", "run", f"--config={path}"], {})

    def agents(self) -> dict[str, list[str]]:
        """The keys of the first customer's agents, by site."""
        technology = DIALECTS[self._plan.asterisk].technology
        return {
            site: [f"{site}/{technology}/{agent.number}" for agent in default_plan(number).agents]
            for number, site in enumerate(self._stack.tenants[TENANT].sites, start=1)
        }

    def _start_pbx(self, tenant: str, seed: int, hour: int) -> None:
        plan = self._plan
        command = [
            "local",
            "pbx",
            "--port=0",
            "--truth-port=0",
            f"--truth-file={plan.state.absolute() / f'truth-{tenant}.jsonl'}",
            f"--user={AMI_USER}",
            f"--seed={seed}",
            f"--speed={plan.speed}",
            f"--sites={self._sites[tenant]}",
            f"--hour={hour}",
            f"--asterisk={plan.asterisk}",
        ]
        if plan.duration_s is not None:
            command.append(f"--duration={plan.duration_s}")
        self._run(_named("pbx", tenant), command, {"PBX_SECRET": self._ami_secret})


def _named(what: str, tenant: str) -> str:
    """The name of a part of a customer; the first one's have no customer in them."""
    return what if tenant == TENANT else f"{what} {tenant}"


def _are_announced(pbx: Child, number: int) -> bool:
    return len(_addresses(pbx)) == number


def _addresses(pbx: Child) -> dict[str, str]:
    """What the PBX has announced: site → address, and `truth`."""
    text = pbx.log.read_text()
    found = dict(re.findall(r"^(\S+) AMI on (\S+)$", text, re.MULTILINE))
    found |= dict(re.findall(r"^(truth) on http://(\S+)$", text, re.MULTILINE))
    return found
