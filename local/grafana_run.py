"""Starts the demo's Grafana and tells it of the demo's customers, if there is one to start."""

import os
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path

from local import grafana, prometheus, registration
from local.addresses import answers
from local.process import Child, free_port
from local.stack import CHAT_WORKER, Stack
from tenants.grafana_api import connected

# It makes its own database first.
_UP_WITHIN_S = 180.0

Progress = Callable[[str, str], None]


def start(stack: Stack, state: Path, log: Path, progress: Progress) -> grafana.GrafanaPlan | None:
    """Starts it as a child of the stack; None if there is none, and one line says what to do."""
    try:
        installation = grafana.find(os.environ)
    except grafana.GrafanaMissingError as missing:
        progress("Grafana", str(missing))
        return None
    beside = _start_prometheus(stack, state, log, progress)
    plan = grafana.GrafanaPlan(
        installation=installation,
        state=state,
        port=free_port(),
        admin_password=secrets.token_urlsafe(16),
        clickhouse_url=stack.clickhouse_url,
        prometheus=beside,
    )
    grafana.write_files(plan)
    child = Child("grafana", grafana.command(plan), log, grafana.environment(plan))
    stack.children[child.name] = child
    return plan


def fill(stack: Stack, plan: grafana.GrafanaPlan, progress: Progress) -> None:
    """Waits until it is up, and makes the customers' organisations, boards and people.

    Raises ChildFailedError if it does not come up, or does not take them.
    """
    if plan.prometheus is not None:
        urls = stack.worker_metrics_urls
        of_sites = [url for name, url in urls.items() if name != CHAT_WORKER]
        jobs = {"ingest": [stack.ingest_url], "streams": of_sites, "chats": [urls[CHAT_WORKER]]}
        prometheus.write_targets(plan.prometheus, jobs)
    up = partial(answers, f"{plan.url}/api/health")
    stack.children["grafana"].wait_until(up, _UP_WITHIN_S)
    stack.grafana = plan.access
    with registration.operator_of(stack) as operator:
        operator.run("sync")
        organisations = operator.organisations()
        with connected(plan.access) as api:
            stack.people = grafana.add_people(api, organisations)
    progress("Grafana", f"{plan.url}, boards of {len(organisations)} customers")


def _start_prometheus(
    stack: Stack, state: Path, log: Path, progress: Progress
) -> prometheus.PrometheusPlan | None:
    program = prometheus.find(os.environ.get("PATH", os.defpath))
    if program is None:
        progress("Prometheus", "none is on the PATH: the page Plataforma stays empty")
        return None
    plan = prometheus.PrometheusPlan(program, state.with_name("prometheus"), free_port())
    prometheus.write_settings(plan)
    child = Child("prometheus", prometheus.command(plan), log.with_name("prometheus.log"))
    stack.children[child.name] = child
    progress("Prometheus", plan.url)
    return plan
