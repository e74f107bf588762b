"""What the demo starts a Prometheus with."""

import json
from pathlib import Path
from typing import Any

from local.grafana import write_files
from local.prometheus import PrometheusPlan, command, find, write_settings, write_targets
from tests.unit.local.test_grafana import plan_in, program


def plan_of(tmp_path: Path) -> PrometheusPlan:
    return PrometheusPlan(Path("/usr/bin/prometheus"), tmp_path / "prometheus", 3998)


def told(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_it_is_found_on_the_path_or_not_at_all(tmp_path: Path) -> None:
    assert find(str(tmp_path)) is None
    assert find(str(program(tmp_path / "prometheus").parent)) == tmp_path / "prometheus"


def test_it_listens_on_loopback_and_keeps_its_files_in_the_demos_folder(tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    assert plan.url == "http://127.0.0.1:3998"
    assert "--web.listen-address=127.0.0.1:3998" in command(plan)
    assert f"--storage.tsdb.path={plan.state / 'data'}" in command(plan)


def test_it_takes_the_deployed_rules_and_asks_whom_it_is_told(tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    write_settings(plan)
    settings = told(plan.state / "prometheus.yml")
    (rules,) = settings["rule_files"]
    assert sorted(Path(rules).parent.glob("*.yml"))
    (job,) = settings["scrape_configs"]
    (asked,) = job["file_sd_configs"][0]["files"]
    assert told(Path(asked)) == []
    write_targets(plan, {"ingest": ["http://127.0.0.1:1"], "chats": ["http://127.0.0.1:2/metrics"]})
    assert told(Path(asked)) == [
        {"targets": ["127.0.0.1:1"], "labels": {"job": "ingest"}},
        {"targets": ["127.0.0.1:2"], "labels": {"job": "chats"}},
    ]


def test_grafana_has_it_as_a_data_source_where_it_is(tmp_path: Path) -> None:
    for prometheus, names in ((plan_of(tmp_path), {"ClickHouse", "Prometheus"}), (None, None)):
        plan = plan_in(tmp_path / str(bool(prometheus)), prometheus=prometheus)
        write_files(plan)
        sources = told(plan.state / "provisioning" / "datasources" / "call-centre.yaml")
        found = {each["name"]: each.get("url") for each in sources["datasources"]}
        assert found.keys() == (names or {"ClickHouse"})
        assert found.get("Prometheus") == (prometheus and prometheus.url)
