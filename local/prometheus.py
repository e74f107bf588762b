"""A Prometheus beside the demo's Grafana, if one is on the PATH: what the platform page shows.

It takes the rules that are deployed, for some panels show what they record, and tells nobody.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from local.process import LOOPBACK

_RULES = Path(__file__).parents[1] / "prometheus" / "rules" / "*.yml"
_SETTINGS = "prometheus.yml"
_TARGETS = "targets.json"


class PrometheusPlan(NamedTuple):
    """How it is to be started. `state` is the demo's folder for it."""

    program: Path
    state: Path
    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{LOOPBACK}:{self.port}"


def find(path: str) -> Path | None:
    """The program, on these folders of a PATH; None if it is not there."""
    found = shutil.which("prometheus", path=path)
    return None if found is None else Path(found)


def command(plan: PrometheusPlan) -> list[str]:
    """The command line."""
    return [
        str(plan.program),
        f"--config.file={plan.state / _SETTINGS}",
        f"--storage.tsdb.path={plan.state / 'data'}",
        f"--web.listen-address={LOOPBACK}:{plan.port}",
        "--log.level=warn",
    ]


def write_settings(plan: PrometheusPlan) -> None:
    """The settings, with nobody to be asked yet: the parts come up later than it does."""
    plan.state.mkdir(parents=True, mode=0o700, exist_ok=True)
    settings: dict[str, Any] = {
        "global": {"scrape_interval": "15s", "evaluation_interval": "15s"},
        "rule_files": [str(_RULES)],
        "scrape_configs": [
            {
                "job_name": "demo",
                "file_sd_configs": [{"files": [str(plan.state / _TARGETS)]}],
            }
        ],
    }
    # JSON is YAML, too.
    (plan.state / _SETTINGS).write_text(json.dumps(settings, indent=1), encoding="utf-8")
    write_targets(plan, {})


def write_targets(plan: PrometheusPlan, jobs: Mapping[str, Sequence[str]]) -> None:
    """Whom it asks from now on: addresses by job, named as in prometheus/prometheus.yml."""
    targets = [
        {"targets": [urlsplit(url).netloc for url in urls], "labels": {"job": job}}
        for job, urls in jobs.items()
    ]
    # It watches the file: it must never see half of one.
    new = plan.state / f"{_TARGETS}.new"
    new.write_text(json.dumps(targets, indent=1), encoding="utf-8")
    new.replace(plan.state / _TARGETS)
