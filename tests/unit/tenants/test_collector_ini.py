from pathlib import Path

import pytest

from agent.config import load
from agent.errors import ConfigError
from tenants.collector_ini import CollectorSettings, collector_ini

SETTINGS = CollectorSettings("acme", "pbx-01", "https://ingest.example.com", "t" * 43, "k" * 43)


def test_only_the_secret_of_the_pbx_is_left_to_be_filled_in(tmp_path: Path) -> None:
    file = tmp_path / "collector.ini"
    file.write_text(collector_ini(SETTINGS))
    with pytest.raises(ConfigError, match=r"\[ami\] secret is missing"):
        load(str(file), {})
    config = load(str(file), {"COLLECTOR_AMI_SECRET": "made-up"})
    assert (config.site, config.ingest_token, config.privacy_key) == (
        "pbx-01", "t" * 43, b"k" * 43,
    )  # fmt: skip
    assert (config.ami.user, config.numbers) == ("collector", "last4")


def test_without_the_tenants_key_the_collector_does_not_start(tmp_path: Path) -> None:
    file = tmp_path / "collector.ini"
    file.write_text(collector_ini(SETTINGS._replace(privacy_key="")))
    with pytest.raises(ConfigError, match=r"\[privacy\] key is missing"):
        load(str(file), {"COLLECTOR_AMI_SECRET": "made-up"})
