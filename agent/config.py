"""The collector's settings: an INI file, then the environment, checked once and frozen.

Every key can be given as `COLLECTOR_<SECTION>_<KEY>` instead, which wins. Secrets have no default.
Nothing else reads the environment.
"""

import configparser
import os
import re
import ssl
from typing import Dict, List, Mapping, NamedTuple, Optional
from urllib.parse import urlsplit

from agent.errors import ConfigError
from agent.redaction import MODES

DEFAULT_FILE = "/etc/call-centre-collector.ini"
ENVIRONMENT_PREFIX = "COLLECTOR_"
MIN_KEY_CHARACTERS = 16

_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))
_BOOLEANS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_MAX_PORT = 65535
_SITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


class AmiConfig(NamedTuple):
    """Where the manager interface is, and as whom to log in.

    `reads_dialplan`: also ask for the class `dialplan`, where Asterisk says how a visit ended, but
    where callers' names can forge events.
    """

    host: str
    port: int
    user: str
    secret: str
    reads_dialplan: bool


class CollectorConfig(NamedTuple):
    """All settings. An empty `ca_file` means the system's authorities.

    `queue_log_path` and `queues_path` may name files that are not there: then none is read.
    """

    site: str
    ami: AmiConfig
    ingest_url: str
    ingest_token: str
    ca_file: str
    numbers: str
    privacy_key: bytes
    spool_path: str
    spool_max_bytes: int
    queue_log_path: str
    queues_path: str


_KEYS = {
    "site": ("name",),
    "ami": ("host", "port", "user", "secret", "reads_dialplan"),
    "ingest": ("url", "token", "ca_file"),
    "privacy": ("numbers", "key"),
    "spool": ("path", "max_megabytes"),
    "queue_log": ("path",),
    "queues": ("path",),
}


class _Settings(object):
    """The texts of both sources, by section and key."""

    def __init__(self, values: Dict[str, str]) -> None:
        self._values = values

    def text(self, section: str, key: str, default: Optional[str] = None) -> str:
        value = self._values.get(section + "." + key, "").strip()
        if value:
            return value
        if default is None:
            raise _wrong(section, key, "is missing")
        return default

    def choice(self, section: str, key: str, choices: List[str], default: str) -> str:
        value = self.text(section, key, default)
        if value not in choices:
            raise _wrong(section, key, "must be one of " + ", ".join(choices))
        return value

    def number(self, section: str, key: str, default: int, most: int) -> int:
        value = self.text(section, key, str(default))
        if not value.isdigit() or not 1 <= int(value) <= most:
            raise _wrong(section, key, "must be a number from 1 to {}".format(most))
        return int(value)


def load(path: str, environment: Mapping[str, str], is_required: bool = True) -> CollectorConfig:
    """The settings of the file and the environment.

    Raises ConfigError, which names the key that is wrong. A missing file is an error only if
    `is_required`.
    """
    return _checked(_Settings(_read(path, environment, is_required)))


def _read(path: str, environment: Mapping[str, str], is_required: bool) -> Dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    if is_required or os.path.exists(path):
        try:
            with open(path, encoding="utf-8") as file:
                parser.read_file(file)
        except (OSError, UnicodeDecodeError, configparser.Error) as error:
            raise ConfigError("cannot read {}: {}".format(path, error)) from error
    values = {}
    for section in parser.sections():
        for key, value in parser.items(section):
            if key not in _KEYS.get(section, ()):
                raise _wrong(section, key, "is unknown")
            values[section + "." + key] = value
    for section, keys in _KEYS.items():
        for key in keys:
            name = "{}{}_{}".format(ENVIRONMENT_PREFIX, section, key).upper()
            if name in environment:
                values[section + "." + key] = environment[name]
    return values


def _checked(settings: _Settings) -> CollectorConfig:
    numbers = settings.choice("privacy", "numbers", list(MODES), "last4")
    key = settings.text("privacy", "key", "" if numbers == "none" else None)
    if numbers != "none" and len(key) < MIN_KEY_CHARACTERS:
        raise _wrong("privacy", "key", "is shorter than {} characters".format(MIN_KEY_CHARACTERS))
    ca_file = settings.text("ingest", "ca_file", "")
    if ca_file:
        try:
            ssl.create_default_context(cafile=ca_file)
        except OSError as error:
            raise _wrong("ingest", "ca_file", "holds no certificates: {}".format(error)) from error
    return CollectorConfig(
        site=_site(settings),
        ami=AmiConfig(
            host=settings.text("ami", "host", "127.0.0.1"),
            port=settings.number("ami", "port", 5038, _MAX_PORT),
            user=_one_line(settings, "ami", "user"),
            secret=_one_line(settings, "ami", "secret"),
            reads_dialplan=_BOOLEANS[
                settings.choice("ami", "reads_dialplan", list(_BOOLEANS), "no")
            ],
        ),
        ingest_url=_ingest_url(settings.text("ingest", "url")),
        ingest_token=_token(settings),
        ca_file=ca_file,
        numbers=numbers,
        privacy_key=key.encode("utf-8"),
        spool_path=settings.text("spool", "path", "/var/lib/call-centre-collector/spool.db"),
        spool_max_bytes=settings.number("spool", "max_megabytes", 256, 65536) * 1024 * 1024,
        queue_log_path=settings.text("queue_log", "path", "/var/log/asterisk/queue_log"),
        queues_path=settings.text("queues", "path", "/etc/asterisk/queues.conf"),
    )


def _site(settings: _Settings) -> str:
    name = settings.text("site", "name")
    if _SITE.match(name) is None:
        raise _wrong("site", "name", "may have 64 letters, digits, dots, hyphens and underscores")
    return name


def _one_line(settings: _Settings, section: str, key: str) -> str:
    value = settings.text(section, key)
    if len(value.splitlines()) > 1:
        raise _wrong(section, key, "has a line break")
    return value


def _token(settings: _Settings) -> str:
    value = _one_line(settings, "ingest", "token")
    if any(not " " <= character <= "~" for character in value):
        raise _wrong("ingest", "token", "has characters that no token has")
    return value


def _ingest_url(url: str) -> str:
    parts = urlsplit(url)
    try:
        has_place = bool(parts.hostname) and parts.port != 0
    except ValueError:
        has_place = False
    if parts.scheme not in ("https", "http") or not has_place or parts.query or parts.username:
        raise _wrong("ingest", "url", "is no address such as https://ingest.example.com")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise _wrong("ingest", "url", "must be https; plain http is for this machine only")
    return url


def _wrong(section: str, key: str, what: str) -> ConfigError:
    return ConfigError("[{}] {} {}".format(section, key, what))
