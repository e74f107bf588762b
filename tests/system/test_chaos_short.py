"""A short one of the runs of `make chaos`: half a minute in which every part is killed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.system, pytest.mark.timeout(420)]

ROOT = Path(__file__).parents[2]


def test_every_table_is_as_in_a_run_without_faults(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.chaos", "--short", "--json", "--seed=7"]
    environment = {
        k: v for k, v in os.environ.items() if k not in ("KAFKA_BOOTSTRAP", "CLICKHOUSE_URL")
    }
    run = subprocess.run(
        [*command, f"--keep={tmp_path / 'chaos'}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )

    assert run.stdout, run.stderr
    verdict = json.loads(run.stdout)
    assert verdict["is_exact"], run.stdout
    assert run.returncode == 0
    assert set(verdict["kills"]) == {
        *("collector", "ingest", "worker", "second worker", "clickhouse")
    }
    assert sum(verdict["kills"].values()) == 8
    assert verdict["tables"]["events"]["rows"] > 6_000
