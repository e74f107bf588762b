from pathlib import Path

import pytest

from agent import config
from agent.errors import ConfigError

MINIMUM = {
    "COLLECTOR_SITE_NAME": "pbx-01",
    "COLLECTOR_AMI_USER": "collector",
    "COLLECTOR_AMI_SECRET": "made-up secret",
    "COLLECTOR_INGEST_URL": "https://ingest.example.com",
    "COLLECTOR_INGEST_TOKEN": "made-up token",
    "COLLECTOR_PRIVACY_KEY": "made-up tenant key",
}


def loaded(**changes: str) -> config.CollectorConfig:
    environment = {**MINIMUM, **{f"COLLECTOR_{name}": value for name, value in changes.items()}}
    return config.load("/nowhere.ini", environment, is_required=False)


def test_environment_alone_is_enough() -> None:
    settings = loaded()
    assert settings.ami == config.AmiConfig(
        "127.0.0.1", 5038, "collector", "made-up secret", reads_dialplan=False
    )
    assert settings.numbers == "last4"
    assert settings.spool_max_bytes == 256 * 1024 * 1024


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "collector.ini"
    file.write_text("[site]\nname = other\n[ami]\nport = 5039\n")
    settings = config.load(str(file), MINIMUM)
    assert (settings.site, settings.ami.port) == ("pbx-01", 5039)


@pytest.mark.parametrize("missing", sorted(MINIMUM))
def test_what_is_missing_is_named_as_in_the_file(missing: str) -> None:
    section, key = missing.removeprefix("COLLECTOR_").lower().rsplit("_", 1)
    environment = {name: value for name, value in MINIMUM.items() if name != missing}
    with pytest.raises(ConfigError, match=rf"\[{section}\] {key} is missing"):
        config.load("/nowhere.ini", environment, is_required=False)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SITE_NAME", "São Paulo/1", r"\[site\] name may have 64 letters"),
        ("AMI_PORT", "none", r"\[ami\] port must be a number from 1 to 65535"),
        ("AMI_PORT", "65536", r"\[ami\] port must be"),
        ("AMI_SECRET", "a\r\nAction: Originate", r"\[ami\] secret has a line break"),
        ("AMI_READS_DIALPLAN", "maybe", r"\[ami\] reads_dialplan must be one of"),
        ("INGEST_URL", "ingest.example.com", r"\[ingest\] url is no address"),
        ("INGEST_URL", "https://:443", r"\[ingest\] url is no address"),
        ("INGEST_URL", "https://x:port", r"\[ingest\] url is no address"),
        ("INGEST_URL", "http://ingest.example.com", r"\[ingest\] url must be https"),
        ("INGEST_TOKEN", "a\nb", r"\[ingest\] token has a line break"),
        ("INGEST_TOKEN", "naïve", r"\[ingest\] token has characters that no token has"),
        ("INGEST_CA_FILE", "/nowhere.pem", r"\[ingest\] ca_file holds no certificates"),
        ("PRIVACY_NUMBERS", "all", r"\[privacy\] numbers must be one of last4, full, none"),
        ("PRIVACY_KEY", "short", r"\[privacy\] key is shorter than 16 characters"),
        ("SPOOL_MAX_MEGABYTES", "0", r"\[spool\] max_megabytes must be"),
    ],
)
def test_what_is_wrong_is_named(name: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        loaded(**{name: value})


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_plain_http_is_for_this_machine_only(host: str) -> None:
    assert loaded(INGEST_URL=f"http://{host}:8080").ingest_url == f"http://{host}:8080"


def test_without_numbers_no_key_is_needed() -> None:
    environment = {name: value for name, value in MINIMUM.items() if "KEY" not in name}
    environment["COLLECTOR_PRIVACY_NUMBERS"] = "none"
    assert config.load("/nowhere.ini", environment, is_required=False).privacy_key == b""


@pytest.mark.parametrize("text", ["[ami]\nprot = 5039\n", "[amii]\nport = 5039\n"])
def test_unknown_key_of_the_file_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "collector.ini"
    file.write_text(text)
    with pytest.raises(ConfigError, match="is unknown"):
        config.load(str(file), MINIMUM)


@pytest.mark.parametrize("text", ["no ini file", "[ami]\nport = 1\nport = 2\n"])
def test_unreadable_file_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "collector.ini"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"cannot read .*collector\.ini"):
        config.load(str(file), MINIMUM)


def test_sample_settings_need_only_their_secrets() -> None:
    sample = Path(config.__file__).parent / "packaging" / "collector.ini"
    secrets = {
        name: value for name, value in MINIMUM.items() if name.endswith(("SECRET", "TOKEN", "KEY"))
    }
    assert config.load(str(sample), secrets) == loaded()
    with pytest.raises(ConfigError, match="is missing"):
        config.load(str(sample), {})
