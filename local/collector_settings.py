"""The settings file of a collector in a local run."""

import configparser
from pathlib import Path
from typing import NamedTuple

from local.process import LOOPBACK


class CollectorSettings(NamedTuple):
    """What differs from one local collector to the next. `directory` gets file and spool."""

    site: str
    directory: Path
    ami_port: int
    ami_user: str
    ami_secret: str
    ingest_url: str
    token: str
    privacy_key: str


def write_settings(settings: CollectorSettings) -> Path:
    """Writes `collector.ini`, readable by its owner alone; the file's path."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_dict(
        {
            "site": {"name": settings.site},
            "ami": {
                "host": LOOPBACK,
                "port": str(settings.ami_port),
                "user": settings.ami_user,
                "secret": settings.ami_secret,
            },
            "ingest": {"url": settings.ingest_url, "token": settings.token},
            "privacy": {"numbers": "last4", "key": settings.privacy_key},
            "spool": {"path": str(settings.directory / "spool.db"), "max_megabytes": "64"},
            "queue_log": {"path": str(settings.directory / "queue_log")},
        }
    )
    settings.directory.mkdir(parents=True, exist_ok=True)
    path = settings.directory / "collector.ini"
    path.touch(mode=0o600)
    with path.open("w") as file:
        parser.write(file)
    return path
