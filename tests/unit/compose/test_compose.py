"""The Compose file by itself: pinned, bounded, closed, without defaults for secrets."""

import re
from typing import Any

import pytest

from local.process import ROOT
from tests.support.compose import (
    COMPOSE,
    COMPOSE_FILE,
    DEPLOY,
    JOBS,
    PROGRAMS,
    SERVICES,
    VARIABLE,
    WORKERS,
    mounts,
    stage,
)

each_service = pytest.mark.parametrize("name", SERVICES)


@each_service
def test_an_image_is_pinned_to_a_whole_version(name: str) -> None:
    assert re.fullmatch(
        r"[a-z/-]+:(v?\d+\.\d+\.\d+[.\w-]*|\$\{VERSION:\?[^}]*\})", SERVICES[name]["image"]
    )


def test_base_images_are_pinned() -> None:
    bases = re.findall(r"^FROM (\S+) AS", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    stages = {"packages", "server"}
    assert {base for base in bases if base not in stages} == {"python:3.11.15-slim-bookworm"}


@each_service
def test_a_service_is_bounded_and_starts_again(name: str) -> None:
    service = SERVICES[name]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert service["logging"]["options"] == {"max-size": "20m", "max-file": "5"}
    assert service["restart"] == ("no" if name in JOBS else "unless-stopped")
    assert "no-new-privileges:true" in service["security_opt"]


@each_service
def test_a_service_that_stays_says_whether_it_is_well(name: str) -> None:
    if name in JOBS:
        return
    target = SERVICES[name].get("build", {}).get("target", "")
    assert "healthcheck" in SERVICES[name] or "HEALTHCHECK" in stage(target)


@each_service
def test_a_service_is_asked_at_an_address_and_not_by_a_name_of_two(name: str) -> None:
    # BusyBox takes ::1 of localhost, and asks nobody else where nobody listens there.
    asked = " ".join(SERVICES[name].get("healthcheck", {}).get("test", ()))
    assert "localhost" not in asked


@pytest.mark.parametrize("name", PROGRAMS)
def test_our_programs_have_no_rights_and_write_nowhere(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "USER callcentre" in (DEPLOY / "Dockerfile").read_text()


def test_only_the_proxy_is_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert all("network_mode" not in service for service in SERVICES.values())


def test_only_who_must_reaches_the_world() -> None:
    assert COMPOSE["networks"] == {"inside": {"internal": True}, "outside": None}
    outside = {name for name, service in SERVICES.items() if "outside" in service["networks"]}
    assert outside == {"proxy", "grafana", "alertmanager", "poll"}
    assert all("inside" in service["networks"] for service in SERVICES.values())


def test_no_variable_has_a_default_and_each_but_mail_is_named_when_missing() -> None:
    for name, rest in VARIABLE.findall(COMPOSE_FILE.read_text()):
        if name.startswith("SMTP_"):
            assert rest in (":-", ":+true"), name
        else:
            assert rest.startswith(f":?{name} is not set"), name


def test_the_example_names_every_variable_and_has_no_value() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    named = [line for line in lines if line and not line.startswith("#")]
    assert all(line.endswith("=") for line in named), "a value in .env.example"
    wanted = {name for name, _ in VARIABLE.findall(COMPOSE_FILE.read_text())}
    assert {line.rstrip("=") for line in named} == wanted


def test_what_is_mounted_is_there_or_is_a_volume() -> None:
    for mount in mounts():
        if mount.source.startswith("."):
            assert (ROOT / mount.source).exists(), mount
        else:
            assert mount.source in COMPOSE["volumes"], mount
    assert set(COMPOSE["volumes"]) == {m.source for m in mounts() if not m.source.startswith(".")}


def test_secrets_are_files_that_are_described_and_never_committed() -> None:
    described = (DEPLOY / "secrets" / "README.md").read_text()
    used = {name for service in SERVICES.values() for name in service.get("secrets", ())}
    assert used == set(COMPOSE["secrets"])
    for secret in COMPOSE["secrets"].values():
        folder, _, file = secret["file"].rpartition("/")
        assert folder == "./deploy/secrets"
        assert f"`{file}`" in described
    assert (DEPLOY / "secrets" / ".gitignore").read_text().startswith("*\n")


def test_who_waits_for_a_job_waits_for_its_success_and_for_others_to_be_well() -> None:
    def wanted(name: str) -> str:
        return "service_completed_successfully" if name in JOBS else "service_healthy"

    for service in SERVICES.values():
        for name, wait in service.get("depends_on", {}).items():
            assert wait["condition"] == wanted(name)


def test_every_job_that_up_runs_is_waited_for() -> None:
    """Else `docker compose up --wait` takes its end for a failure."""
    waited_for = {name for service in SERVICES.values() for name in service.get("depends_on", {})}
    assert set(JOBS) - waited_for == {"tools"}
    assert SERVICES["tools"]["profiles"] == ["tools"]
    # Whatever keeps readers or Grafana from being set keeps no collector out.
    assert SERVICES["proxy"]["depends_on"]["sync"]["required"] is False


def conditions(name: str) -> set[str]:
    """Everything that is there before a service is started."""
    direct: dict[str, Any] = SERVICES[name].get("depends_on", {})
    return set(direct) | {further for each in direct for further in conditions(each)}


def test_events_are_taken_when_there_are_topics_and_tables() -> None:
    for name in ("ingest", *WORKERS):
        assert {"topics", "migrate", "kafka", "clickhouse"} <= conditions(name)
    assert {"migrate", "grafana"} <= conditions("sync")
