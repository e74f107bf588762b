import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.__main__ import main
from agent.check import Finding, check, is_ok
from agent.config import AmiConfig, CollectorConfig
from tests.support.fake_ami import SECRET, USER, FakeAmi
from tests.support.fake_ingest import TOKEN, FakeIngest, fake_ingest


@pytest.fixture
def ami() -> Iterator[FakeAmi]:
    with FakeAmi() as running:
        running.queue_items = [["Event: QueueParams", "Queue: support"]]
        yield running


@pytest.fixture
def ingest() -> Iterator[FakeIngest]:
    with fake_ingest() as running:
        yield running


@pytest.fixture
def config(ami: FakeAmi, ingest: FakeIngest, tmp_path: Path) -> CollectorConfig:
    (tmp_path / "queue_log").touch()
    return CollectorConfig(
        site="pbx-01",
        ami=AmiConfig("127.0.0.1", ami.port, USER, SECRET, reads_dialplan=False),
        ingest_url=ingest.url,
        ingest_token=TOKEN,
        ca_file="",
        numbers="last4",
        privacy_key=b"made-up tenant key",
        spool_path=str(tmp_path / "spool.db"),
        spool_max_bytes=1024 * 1024,
        queue_log_path=str(tmp_path / "queue_log"),
        queues_path=str(tmp_path / "queues.conf"),
    )


def found(config: CollectorConfig) -> dict[str, Finding]:
    return {finding.name: finding for finding in check(config, listen_s=0.0)}


def test_all_is_well(config: CollectorConfig, ingest: FakeIngest) -> None:
    findings = found(config)
    assert [name for name, finding in findings.items() if finding.status == "wrong"] == []
    assert findings["ami"].sentence.endswith("answers as Asterisk Call Manager/7.0.3.")
    assert findings["queues"].sentence == "The PBX has 1 queues."
    assert findings["clock"].status == "ok"
    assert ingest.events == []


def test_class_of_which_nothing_came_is_not_called_wrong(config: CollectorConfig) -> None:
    assert found(config)["class_agent"].status == "unknown"


def test_user_without_the_class_system_is_told_where_to_add_it(
    config: CollectorConfig, ami: FakeAmi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.ami.session.SNAPSHOT_DELAY_S", 0.0)
    ami.fully_booted = False
    assert found(config)["class_system"] == Finding(
        "class_system",
        "wrong",
        "The AMI user lacks the class system: add it to `read` in manager.conf.",
    )


def test_user_who_may_not_list_channels_is_told_where_to_allow_it(
    config: CollectorConfig, ami: FakeAmi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.check.LISTS_WITHIN_S", 0.0)
    ami.refuses_channels = True
    findings = list(check(config, listen_s=0.4))
    channels = next(finding for finding in findings if finding.name == "channels")
    assert channels.sentence == (
        "CoreShowChannels is refused: add reporting to `write` in manager.conf."
    )
    assert not is_ok(findings)


def test_wrong_secret(config: CollectorConfig) -> None:
    wrong = config._replace(ami=config.ami._replace(secret="another secret"))
    finding = found(wrong)["ami_login"]
    assert finding.sentence == "AMI refuses the user 'collector': Authentication failed."
    assert finding.status == "wrong"


@pytest.mark.parametrize(
    ("changes", "name", "sentence"),
    [
        ({"ingest_token": "short"}, "ingest_token", "[ingest] token has fewer than 12 characters"),
        ({"privacy_key": b"a" * 20}, "privacy_key", "[privacy] key looks like an example"),
        ({"privacy_key": b"changeme-changeme"}, "privacy_key", "[privacy] key looks like an"),
    ],
)
def test_weak_secrets_are_refused_and_not_repeated(
    config: CollectorConfig, changes: dict[str, Any], name: str, sentence: str
) -> None:
    finding = found(config._replace(**changes))[name]
    assert finding.status == "wrong"
    assert finding.sentence.startswith(sentence)
    assert str(*changes.values()).strip("b'") not in finding.sentence


def test_the_secret_that_a_pbx_is_delivered_with_is_weak(
    config: CollectorConfig,
) -> None:
    weak = config._replace(ami=config.ami._replace(secret="amp111"))
    finding = found(weak)["ami_secret"]
    assert finding.status == "wrong"
    assert finding.sentence.endswith("set another in manager.conf.")


def test_without_numbers_there_is_no_key_to_be_weak(config: CollectorConfig) -> None:
    assert "privacy_key" not in found(config._replace(numbers="none", privacy_key=b""))


def test_ami_that_is_not_there(config: CollectorConfig, ami: FakeAmi) -> None:
    ami.__exit__(None, None, None)
    finding = found(config)["ami"]
    assert finding.status == "wrong"
    assert finding.sentence.startswith("AMI cannot be reached: cannot connect to 127.0.0.1:")


def test_token_that_is_refused(config: CollectorConfig) -> None:
    finding = found(config._replace(ingest_token="another"))["ingest"]
    assert finding.status == "wrong"
    assert finding.sentence == f"{config.ingest_url} refuses the token or the site."


def test_ingest_that_is_not_there(config: CollectorConfig) -> None:
    with fake_ingest() as gone:
        pass
    assert found(config._replace(ingest_url=gone.url))["ingest"].status == "wrong"


def test_clock_that_is_off(config: CollectorConfig, ingest: FakeIngest) -> None:
    ingest.plan(202, Date="Tue, 10 Mar 2026 13:00:00 GMT")
    finding = found(config)["clock"]
    assert finding.status == "wrong"
    assert finding.sentence.endswith("set up NTP.")


def test_log_that_cannot_be_read_is_no_error(config: CollectorConfig) -> None:
    assert found(config._replace(queue_log_path="/nowhere"))["queue_log"].status == "unknown"


def test_command_prints_json_and_exits_by_what_it_found(
    config: CollectorConfig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {
        "SITE_NAME": "pbx-01",
        "AMI_PORT": str(config.ami.port),
        "AMI_USER": USER,
        "AMI_SECRET": SECRET,
        "INGEST_URL": config.ingest_url,
        "INGEST_TOKEN": TOKEN,
        "PRIVACY_KEY": "made-up tenant key",
    }.items():
        monkeypatch.setenv(f"COLLECTOR_{name}", value)
    assert main(["check", "--json", "--listen", "0"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    monkeypatch.setenv("COLLECTOR_INGEST_TOKEN", "another")
    assert main(["check", "--listen", "0"]) == 1
    assert "wrong   " in capsys.readouterr().out
    monkeypatch.setenv("COLLECTOR_INGEST_URL", "nowhere")
    assert main(["check"]) == 2
    assert "[ingest] url is no address" in capsys.readouterr().err
