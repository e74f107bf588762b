"""The settings written for a local collector are those it reads."""

from pathlib import Path

from agent import config
from local.collector_settings import CollectorSettings, write_settings


def test_the_collector_understands_what_is_written(tmp_path: Path) -> None:
    written = CollectorSettings(
        "pbx-01",
        tmp_path / "pbx-01",
        5038,
        "collector",
        "made-up % secret",
        "http://127.0.0.1:8080",
        "made-up token",
        "made-up tenant key",
    )
    path = write_settings(written)
    settings = config.load(str(path), {})

    assert path.stat().st_mode & 0o777 == 0o600
    assert settings.site == "pbx-01"
    assert settings.ami.secret == "made-up % secret"
    assert settings.ingest_url == "http://127.0.0.1:8080"
    assert settings.spool_path == str(tmp_path / "pbx-01" / "spool.db")
    assert settings.numbers == "last4"
